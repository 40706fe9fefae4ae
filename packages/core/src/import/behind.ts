/** What lies behind the nodes of somebody else's mesh, and who passes on what is for others. */
import type { Place } from "../finding.ts";
import {
  comparePrefixes,
  hasPrefix,
  hostPrefix,
  isOverlapping,
  printPrefix,
  isWithin,
} from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { cover, isEmptySet, prefixSet, subtract, union } from "../ip/prefix-set.ts";
import { blocksOf, readCarriers } from "./carriers.ts";
import type { Carriers } from "./carriers.ts";
import type { ForeignClient } from "./clients.ts";
import { siteOf } from "./dialling.ts";
import type { Dialling, ForeignSite } from "./dialling.ts";
import type { Facts, Listing } from "./facts.ts";
import { wholesOf } from "./parties.ts";
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
  const draft: Draft = { dialling, gateways, offers: [], exits: new Map(), reaching: new Set() };
  for (const listing of [...facts.listings.values()].flat()) {
    if (!clients.has(listing.to)) readListing(facts, draft, listing, clients.get(listing.from));
  }
  const blocks = blocksOf(facts);
  return {
    subnets: settle(draft.offers),
    exits: draft.exits,
    gateways,
    relays,
    reach: reachOf(facts, draft),
    blocks: new Map(
      [...gateways].map(([site, gateway]) => {
        const own = blocks.filter(({ holder }) => holder === gateway);
        return [site, cover(prefixSet(own.map(({ prefix }) => prefix)))];
      }),
    ),
  };
}

/** All that a site's nodes send to their gateway: shorter than to say what nobody else has of it. */
function reachOf(facts: Facts, { reaching, gateways }: Draft): Behind["reach"] {
  const sent = [...reaching].map((site) => {
    const gateway = gateways.get(site);
    const listings = gateway === undefined ? [] : (facts.listings.get(gateway) ?? []);
    const near = listings.filter(({ from }) => site.members.has(from));
    const far = subtract(prefixSet(boundedOf(near)), prefixSet(facts.ranges));
    return [site, cover(far)] as const;
  });
  return new Map(sent);
}

/** All that is sent by these, but for a /0. */
function boundedOf(listings: readonly Listing[]): readonly Prefix[] {
  return listings.flatMap(({ entry }) => entry.allowedIps.filter(({ length }) => length > 0));
}

/** What has been read so far. */
interface Draft {
  readonly dialling: Dialling;
  readonly gateways: Carriers["gateways"];
  readonly offers: Offer[];
  readonly exits: Map<Party, Party>;
  /** Sites whose nodes send their gateway more than others do. */
  readonly reaching: Set<ForeignSite>;
}

function readListing(
  facts: Facts,
  draft: Draft,
  listing: Listing,
  client: ForeignClient | undefined,
): void {
  const { from, to, entry } = listing;
  const { ranges } = facts;
  const wholes = wholesOf(entry.allowedIps, ranges);
  const isFar = client?.access.some((each) => each === "exit" || each === "all-but-lan") === true;
  const [first] = entry.peer.allowedIps;
  if (first !== undefined) {
    for (const prefix of isFar && wholes.length === 0 ? familiesIn(entry, ranges) : wholes) {
      draft.offers.push({ owner: to, sender: from, prefix, place: first.place });
    }
  }
  if (client === undefined && wholes.length > 0) draft.exits.set(from, to);
  if (isFar) return;
  for (const { value: prefix, place } of entry.peer.allowedIps) {
    if (prefix.length === 0 || !entry.allowedIps.includes(prefix)) continue;
    if (!isWithin(ranges, prefix)) readRange(facts, draft, listing, { prefix, place });
  }
}

function readRange(
  facts: Facts,
  { dialling, gateways, offers, reaching }: Draft,
  listing: Listing,
  { prefix, place }: Pick<Offered, "prefix" | "place">,
): void {
  const { from, to } = listing;
  const rest = ownRest(facts, listing, prefix);
  const site = siteOf(dialling, to);
  const isMate = site?.members.has(from) === true && gateways.get(site) === to;
  if (site !== undefined && isMate && hasReachedOnly(facts, site, to, rest)) reaching.add(site);
  else for (const each of rest) offers.push({ owner: to, sender: from, prefix: each, place });
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

/** Whether only its own site sends a gateway any of it: nobody outside does, though somebody there lists it. */
function hasReachedOnly(
  facts: Facts,
  site: ForeignSite,
  gateway: Party,
  rest: readonly Prefix[],
): boolean {
  const outside = (facts.listings.get(gateway) ?? []).filter(({ from }) => !site.members.has(from));
  if (outside.length === 0) return false;
  return !isEmptySet(subtract(prefixSet(rest), prefixSet(boundedOf(outside))));
}

/** Somebody sends a range to one who is to have it. */
interface Offer extends Pick<Offered, "prefix" | "place"> {
  readonly owner: Party;
  readonly sender: Party;
}

interface Claim extends Offered {
  readonly owner: Party;
}

/** Ranges by their owners; of two owners the one whom more send it to. */
function settle(offers: readonly Offer[]): ReadonlyMap<Party, readonly Offered[]> {
  const byPrefix = Map.groupBy(offers, ({ prefix }) => printPrefix(prefix));
  const ranked = [...byPrefix.values()].flatMap((alike) => {
    const owners = [...Map.groupBy(alike, ({ owner }) => owner).values()];
    const claims = owners.flatMap((own): Claim[] => {
      const senders = new Set(own.map(({ sender }) => sender));
      return own.slice(0, 1).map(({ owner, prefix, place }) => ({ owner, prefix, place, senders }));
    });
    claims.sort((one, other) => other.senders.size - one.senders.size);
    // An exit is used by whoever names it, and there may be several.
    return claims[0]?.prefix.length === 0 ? claims : claims.slice(0, 1);
  });
  ranked.sort((one, other) => comparePrefixes(one.prefix, other.prefix));
  const bounded = ranked.filter(({ prefix }) => prefix.length > 0);
  const parts = ranked.flatMap((claim) => {
    const prefixes = claim.prefix.length === 0 ? [claim.prefix] : partsOf(claim, bounded);
    return prefixes.map((prefix): Claim => ({ ...claim, prefix }));
  });
  return Map.groupBy(parts, ({ owner }) => owner);
}

/** To WireGuard the longest prefix counts: a range is what others have not of it. */
function partsOf({ owner, prefix }: Claim, claims: readonly Claim[]): readonly Prefix[] {
  const near = claims.filter(
    (other) => other.prefix !== prefix && isOverlapping(other.prefix, prefix),
  );
  if (near.length === 0) return [prefix];
  const isInOwn = near.some((other) => other.owner === owner && hasPrefix(other.prefix, prefix));
  if (isInOwn) return [];
  const inner = near.filter((other) => other.owner !== owner && hasPrefix(prefix, other.prefix));
  return cover(subtract(prefixSet([prefix]), prefixSet(inner.map((other) => other.prefix))));
}
