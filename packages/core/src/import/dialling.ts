/** Where everybody is dialled, and who shares a private network: read out of who dials whom where. */
import { hostAddressOf, isSameEndpoint, printEndpoint } from "../ip/endpoint.ts";
import type { Endpoint } from "../ip/endpoint.ts";
import type { Address } from "../ip/address.ts";
import { isWithin } from "../ip/prefix.ts";
import { PRIVATE_RANGES } from "../ip/special-ranges.ts";
import { findMostCommon } from "../majority.ts";
import type { Facts } from "./facts.ts";
import type { Party } from "./parties.ts";

export interface Dialling {
  readonly endpoints: ReadonlyMap<Party, Endpoint>;
  /** The port that each listens on, where its own file or the endpoints of others say so. */
  readonly ports: ReadonlyMap<Party, number>;
  /** Nodes of one private network, and where they dial each other there. */
  readonly sites: readonly ForeignSite[];
}

export interface ForeignSite {
  readonly name: string;
  readonly members: ReadonlySet<Party>;
  readonly lans: ReadonlyMap<Party, Address>;
}

/** With `hasSites`, private addresses are taken for those of a network that both ends are in. */
export function readDialling(facts: Facts, hasSites: boolean): Dialling {
  const ports = readPorts(facts);
  const lans = new Map<Party, Address>();
  const circles = new Circles();
  const endpoints = new Map<Party, Endpoint>();
  for (const party of facts.parties) {
    const dials = dialsOf(facts, party);
    const near = dials.filter(({ endpoint }) => hasSites && isLan(endpoint, ports.get(party)));
    const host = hostAddressOf(mostCommon(near.map(({ endpoint }) => endpoint)));
    if (host !== undefined) lans.set(party, host);
    for (const { from } of near) circles.join(from, party);
    const far = dials.filter((dial) => !near.includes(dial)).map(({ endpoint }) => endpoint);
    const own = ownEndpoint(facts, party);
    const open = far.filter(({ host }) => !isPrivate(host));
    const endpoint = own ?? mostCommon(open) ?? mostCommon(far);
    if (endpoint !== undefined) endpoints.set(party, endpoint);
  }
  const sites = circles.list(facts.parties).map((members, at): ForeignSite => {
    const own = [...lans].filter(([party]) => members.has(party));
    return { name: `site-${at + 1}`, members, lans: new Map(own) };
  });
  return { endpoints, ports, sites };
}

/** The site that a party is in. */
export function siteOf({ sites }: Dialling, party: Party): ForeignSite | undefined {
  return sites.find(({ members }) => members.has(party));
}

interface Dial {
  readonly from: Party;
  readonly endpoint: Endpoint;
}

function dialsOf({ listings, swallowed }: Facts, party: Party): readonly Dial[] {
  return (listings.get(party) ?? []).flatMap(({ from, entry }): Dial[] => {
    const endpoint = entry.peer.endpoint?.value;
    return endpoint === undefined || swallowed.has(entry) ? [] : [{ from, endpoint }];
  });
}

/** What a table says of it, and others repeat. */
function ownEndpoint({ listings, swallowed }: Facts, party: Party): Endpoint | undefined {
  const own = party.device?.endpoint?.value;
  const isSwallowed = (listings.get(party) ?? []).some(({ entry }) => {
    const same = entry.peer.endpoint?.value;
    return own && same && swallowed.has(entry) && isSameEndpoint(own, same);
  });
  return isSwallowed ? undefined : own;
}

function readPorts(facts: Facts): ReadonlyMap<Party, number> {
  return new Map(
    facts.parties.flatMap((party) => {
      const own = party.device?.listenPort?.value ?? party.device?.endpoint?.value.port;
      const dials = own === undefined ? dialsOf(facts, party) : [];
      // The port of a NAT is none that anybody listens on.
      const dialled = dials.filter(({ from }) => from.device?.isRunning !== true);
      const port = own ?? mostCommon(dialled.map(({ endpoint }) => endpoint))?.port;
      return port === undefined ? [] : [[party, port] as const];
    }),
  );
}

function isLan({ host, port }: Endpoint, listenPort: number | undefined): boolean {
  return (listenPort === undefined || port === listenPort) && isPrivate(host);
}

/** Not everybody can dial it. */
function isPrivate(host: Endpoint["host"]): boolean {
  return typeof host !== "string" && isWithin(PRIVATE_RANGES, host);
}

/** Of as many the one that sorts first. */
function mostCommon(endpoints: readonly Endpoint[]): Endpoint | undefined {
  const most = findMostCommon(endpoints.map(printEndpoint).toSorted());
  return endpoints.find((endpoint) => printEndpoint(endpoint) === most);
}

/** Groups that grow together. */
class Circles {
  readonly #of = new Map<Party, Set<Party>>();

  join(one: Party, other: Party): void {
    const first = this.#of.get(one) ?? new Set([one]);
    const second = this.#of.get(other) ?? new Set([other]);
    const joined = new Set([...first, ...second]);
    for (const party of joined) this.#of.set(party, joined);
  }

  list(order: readonly Party[]): readonly ReadonlySet<Party>[] {
    return [...new Set(order.flatMap((party) => this.#of.get(party) ?? []))];
  }
}
