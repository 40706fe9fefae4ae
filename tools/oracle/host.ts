/**
 * One host of the oracle's world: where Linux routes a packet, to which peer WireGuard gives it, from
 * which peer it takes one. Knows its device and what the document says of the host, nothing of others.
 */
import type { Address, Device, Peer } from "@warren/core";
import type { Span } from "./spans.ts";
import { cutSpan, isIn, isInAny, spanOf } from "./spans.ts";

/** What a document says of a host and no device does. */
export interface Surroundings {
  /** Addresses of its own besides those in the mesh. */
  readonly addresses: readonly Address[];
  /** Ranges it reaches without a tunnel: its site's, and those in use on it. */
  readonly near: readonly Span[];
  /** Where others dial it. */
  readonly doors: readonly Door[];
  /** Its encrypted packets never enter its tunnel: so do the apps for phones. */
  readonly isPhone: boolean;
}

/** `from` names the site inside which alone it is open. */
export interface Door {
  readonly printed: string;
  readonly from?: string;
}

/** `default`: where the host's own internet is. */
export type Road = "self" | "tunnel" | "outside" | "default";

/** One prefix of one peer. */
type Entry = readonly [Span, Peer];

export class Host {
  readonly device: Device;
  readonly surroundings: Surroundings;
  readonly site: string | undefined;
  /** Ranges behind it, without exits. */
  readonly subnets: readonly Span[];
  /** Families of its 0.0.0.0/0 and ::/0. */
  readonly exits: ReadonlySet<number>;
  readonly #forwarded: ReadonlySet<number>;
  readonly #tunnels: readonly Span[];
  readonly #entries: readonly Entry[];
  readonly #roads = new Map<Address, Road>();
  readonly #matches = new Map<Address, Entry | undefined>();

  constructor(device: Device, surroundings: Surroundings, site?: string) {
    this.device = device;
    this.surroundings = surroundings;
    this.site = site;
    const behind = device.subnets.map(({ prefix }) => spanOf(prefix));
    this.subnets = behind.filter(({ length }) => length > 0);
    this.exits = new Set(behind.filter(({ length }) => length === 0).map(({ family }) => family));
    const onLink = device.addresses.map(({ address, length }) => networkOf(address, length));
    this.#tunnels = [...onLink, ...[...device.offLinkRanges, ...device.routes].map(spanOf)];
    // A prefix that two peers have is the later one's: the kernel moves it there without a word.
    this.#entries = device.peers
      .flatMap((peer) => peer.allowedIps.map((prefix) => [spanOf(prefix), peer] as const))
      .toReversed();
    const { carries, clients } = device.filter;
    const own = device.addresses.map(({ address }) => address.family);
    this.#forwarded = new Set([
      ...behind.map(({ family }) => family),
      ...(carries || clients.length > 0 ? own : []),
    ]);
  }

  /** Longest match, but that a 0.0.0.0/0 of the tunnel comes after everything that is no default route. */
  route(to: Address): Road {
    const known = this.#roads.get(to);
    if (known !== undefined) return known;
    const road = this.#findRoad(to);
    this.#roads.set(to, road);
    return road;
  }

  /** WireGuard's table, which answers both who is sent a packet and who may have sent one. */
  peerOf(address: Address): Peer | undefined {
    return this.#match(address)?.[1];
  }

  /** The same without the prefixes of an exit. */
  boundedPeerOf(address: Address): Peer | undefined {
    const [span, peer] = this.#match(address) ?? [];
    return span?.length === 0 ? undefined : peer;
  }

  isForwarding({ family }: Address): boolean {
    return this.#forwarded.has(family);
  }

  /** Whether all of a range goes into the tunnel, as wg-quick has it for whatever a list names. */
  isRouting(span: Span): boolean {
    return cutSpan(span, this.#tunnels, (address) => address).every((address) =>
      isInAny(this.#tunnels, address),
    );
  }

  /** Whether the host takes the address for its own or its neighbourhood's, whoever else has it. */
  isAtHome(address: Address): boolean {
    const road = this.#findLonger(address);
    return road === "self" || road === "outside";
  }

  /** Whether its packets to an endpoint would go into its own tunnel; a mark keeps them out of a /0. */
  isSwallowing(endpoint: Address): boolean {
    return !this.surroundings.isPhone && this.#findLonger(endpoint) === "tunnel";
  }

  #match(address: Address): Entry | undefined {
    if (this.#matches.has(address)) return this.#matches.get(address);
    let best: Entry | undefined;
    for (const entry of this.#entries) {
      const isLonger = best === undefined || entry[0].length > best[0].length;
      if (isLonger && isIn(entry[0], address)) best = entry;
    }
    this.#matches.set(address, best);
    return best;
  }

  #findRoad(to: Address): Road {
    const road = this.#findLonger(to);
    if (road !== "default") return road;
    const isExit = this.#tunnels.some((span) => span.length === 0 && isIn(span, to));
    return isExit ? "tunnel" : "default";
  }

  /** The way without default routes. */
  #findLonger(to: Address): Road {
    const { addresses, near } = this.surroundings;
    const own = [...this.device.addresses.map(({ address }) => address), ...addresses];
    if (own.some(({ family, bits }) => family === to.family && bits === to.bits)) return "self";
    const outside = Math.max(longest(near, to), longest(this.subnets, to));
    const tunnel = longest(this.#tunnels, to);
    if (tunnel > outside) return "tunnel";
    return outside > 0 ? "outside" : "default";
  }
}

/** The length of the narrowest span that has the address; 0 when none is narrower than everything. */
function longest(spans: readonly Span[], address: Address): number {
  let length = 0;
  for (const span of spans) if (span.length > length && isIn(span, address)) length = span.length;
  return length;
}

function networkOf({ family, bits }: Address, length: number): Span {
  const rest = BigInt((family === 4 ? 32 : 128) - length);
  return spanOf({ family, bits: (bits >> rest) << rest, length });
}
