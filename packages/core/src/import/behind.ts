/** What lies behind the nodes of somebody else's mesh, and who passes on what is for others. */
import type { Place } from "../finding.ts";
import {
  comparePrefixes,
  hasPrefix,
  hostPrefix,
  isOverlapping,
  printPrefix,
} from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { cover, isEmptySet, prefixSet, subtract, union } from "../ip/prefix-set.ts";
import { blocksOf, readCarriers } from "./carriers.ts";
import type { Carriers } from "./carriers.ts";
import type { ForeignClient } from "./clients.ts";
import { siteOf } from "./dialling.ts";
import type { Dialling, ForeignSite } from "./dialling.ts";
import type { Facts, Listing } from "./facts.ts";
import { isWithin, wholesOf } from "./parties.ts";
import type { Party } from "./parties.ts";

export interface Behind extends Carriers {
  readonly subnets: ReadonlyMap<Party, readonly Offered[]>;
  /** Through whom a node reaches the whole internet. */
  readonly exits: ReadonlyMap<Party, Party>;
  readonly reach: ReadonlyMap<ForeignSite, readonly Prefix[]>;
  readonly blocks: ReadonlyMap<ForeignSite, readonly Prefix[]>;
}

export interface Offered {
  readonly prefix: Prefix;
  readonly place: Place;
  /** Who sends it there. */
  readonly senders: ReadonlySet<Party>;
}

export function readBehind(
  facts: Facts,
  dialling: Dialling,
  clients: ReadonlyMap<Party, ForeignClient>,
): Behind {
  const { gateways, relays } = readCarriers(facts, dialling, clients);
  const reader = new BehindReader(facts, dialling, gateways);
  for (const listing of [...facts.listings.values()].flat()) {
    if (clients.has(listing.to)) continue;
    const client = clients.get(listing.from);
    reader.read(listing, client);
  }
  const blocks = new Map<ForeignSite, Prefix[]>();
  for (const { holder, prefix } of blocksOf(facts)) {
    const site = siteOf(dialling, holder);
    if (site !== undefined && gateways.get(site) === holder) {
      blocks.set(site, [...(blocks.get(site) ?? []), prefix]);
    }
  }
  const { exits, reach } = reader;
  const subnets = reader.offers.settle();
  return {
    subnets,
    exits,
    gateways,
    relays,
    reach: widened(facts, reach, gateways),
    blocks: covered(blocks),
  };
}

/** All that a site's nodes send to their gateway: shorter than to say what nobody else has of it. */
function widened(
  facts: Facts,
  reach: ReadonlyMap<ForeignSite, unknown>,
  gateways: Carriers["gateways"],
): Behind["reach"] {
  const sent = [...reach.keys()].map((site) => {
    const gateway = gateways.get(site);
    const listings = gateway === undefined ? [] : (facts.listings.get(gateway) ?? []);
    const near = listings.filter(({ from }) => site.members.has(from));
    const prefixes = near.flatMap(({ entry }) =>
      entry.allowedIps.filter(({ length }) => length > 0),
    );
    const far = subtract(prefixSet(prefixes), prefixSet(facts.ranges));
    return [site, cover(far)] as const;
  });
  return new Map(sent);
}

function covered(
  map: ReadonlyMap<ForeignSite, readonly Prefix[]>,
): ReadonlyMap<ForeignSite, readonly Prefix[]> {
  return new Map([...map].map(([site, prefixes]) => [site, cover(prefixSet(prefixes))] as const));
}

class BehindReader {
  readonly offers = new Offers();
  readonly exits = new Map<Party, Party>();
  readonly reach = new Map<ForeignSite, readonly Prefix[]>();
  readonly #facts: Facts;
  readonly #dialling: Dialling;
  readonly #gateways: Carriers["gateways"];

  constructor(facts: Facts, dialling: Dialling, gateways: Carriers["gateways"]) {
    this.#facts = facts;
    this.#dialling = dialling;
    this.#gateways = gateways;
  }

  read(listing: Listing, client: ForeignClient | undefined): void {
    const { from, to, entry } = listing;
    const { ranges } = this.#facts;
    const wholes = wholesOf(entry.allowedIps, ranges);
    const isFar = client?.access.some((each) => each === "exit" || each === "all-but-lan") === true;
    const [first] = entry.peer.allowedIps;
    if (first !== undefined) {
      for (const prefix of isFar && wholes.length === 0 ? familiesIn(entry, ranges) : wholes) {
        this.offers.add(to, from, { prefix, place: first.place });
      }
    }
    if (client === undefined && wholes.length > 0) this.exits.set(from, to);
    if (isFar) return;
    for (const { value: prefix, place } of entry.peer.allowedIps) {
      if (prefix.length === 0 || !entry.allowedIps.includes(prefix)) continue;
      if (!isWithin(ranges, prefix)) this.#readRange(listing, { prefix, place });
    }
  }

  #readRange(listing: Listing, { prefix, place }: Listed): void {
    const { from, to } = listing;
    const rest = ownRest(this.#facts, listing, prefix);
    const site = siteOf(this.#dialling, to);
    const isMate = site?.members.has(from) === true && this.#gateways.get(site) === to;
    const reached = isMate ? reachedOnly(this.#facts, site, to, rest) : [];
    if (site !== undefined && reached.length > 0) {
      this.reach.set(site, [...(this.reach.get(site) ?? []), ...reached]);
    } else {
      for (const each of rest) this.offers.add(to, from, { prefix: each, place });
    }
  }
}

/** A client that reaches all but its own neighbourhood names no /0. */
function familiesIn(
  { allowedIps }: Listing["entry"],
  ranges: readonly Prefix[],
): readonly Prefix[] {
  const families = new Set(allowedIps.map(({ family }) => family));
  const wholes = [...families].map((family) => ({ family, bits: 0n, length: 0 }));
  return wholesOf(wholes, ranges);
}

/** What a peer keeps of a prefix: neither passed on, nor an address of its own. */
function ownRest(facts: Facts, listing: Listing, prefix: Prefix): readonly Prefix[] {
  const own = (facts.addresses.get(listing.to) ?? []).map(hostPrefix);
  const known = union(prefixSet(facts.ranges), prefixSet(own));
  const rest = subtract(facts.rests.restOf(listing, prefix), known);
  return isEmptySet(subtract(prefixSet([prefix]), rest)) ? [prefix] : cover(rest);
}

/** What only its own site sends a gateway: nobody outside does, though somebody there lists it. */
function reachedOnly(
  facts: Facts,
  site: ForeignSite,
  gateway: Party,
  rest: readonly Prefix[],
): readonly Prefix[] {
  const outside = (facts.listings.get(gateway) ?? []).filter(({ from }) => !site.members.has(from));
  if (outside.length === 0) return [];
  const sent = outside.flatMap(({ entry }) => entry.allowedIps.filter(({ length }) => length > 0));
  return cover(subtract(prefixSet(rest), prefixSet(sent)));
}

type Listed = Pick<Offered, "prefix" | "place">;

interface Offer extends Offered {
  readonly owner: Party;
  readonly senders: Set<Party>;
}

/** Ranges by their owners; of two owners the one whom more send it to. */
class Offers {
  readonly #known = new Map<string, Map<Party, Offer>>();

  add(owner: Party, sender: Party, { prefix, place }: Listed): void {
    const printed = printPrefix(prefix);
    const owners = this.#known.get(printed) ?? new Map<Party, Offer>();
    this.#known.set(printed, owners);
    const offer = owners.get(owner) ?? { owner, prefix, place, senders: new Set<Party>() };
    offer.senders.add(sender);
    owners.set(owner, offer);
  }

  settle(): ReadonlyMap<Party, readonly Offered[]> {
    const ranked = [...this.#known.values()].flatMap((owners) => {
      const list = [...owners.values()];
      list.sort((one, other) => other.senders.size - one.senders.size);
      // An exit is used by whoever names it, and there may be several.
      return list[0]?.prefix.length === 0 ? list : list.slice(0, 1);
    });
    ranked.sort((one, other) => comparePrefixes(one.prefix, other.prefix));
    const bounded = ranked.filter(({ prefix }) => prefix.length > 0);
    const settled = new Map<Party, Offered[]>();
    for (const offer of ranked) {
      const list = settled.get(offer.owner) ?? [];
      settled.set(offer.owner, list);
      for (const prefix of offer.prefix.length === 0 ? [offer.prefix] : partsOf(offer, bounded)) {
        list.push({ prefix, place: offer.place, senders: offer.senders });
      }
    }
    return settled;
  }
}

/** To WireGuard the longest prefix counts: a range is what others have not of it. */
function partsOf({ owner, prefix }: Offer, offers: readonly Offer[]): readonly Prefix[] {
  const near = offers.filter(
    (other) => other.prefix !== prefix && isOverlapping(other.prefix, prefix),
  );
  if (near.length === 0) return [prefix];
  const isInOwn = near.some((other) => other.owner === owner && hasPrefix(other.prefix, prefix));
  if (isInOwn) return [];
  const inner = near.filter((other) => other.owner !== owner && hasPrefix(prefix, other.prefix));
  return cover(subtract(prefixSet([prefix]), prefixSet(inner.map((other) => other.prefix))));
}
