/** Who passes on what is for others, and which blocks of addresses are sent to one as a whole. */
import { match } from "../ip/prefix-map.ts";
import { hasAddress, hostPrefix, isHost, isWithin } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { intersect, isEmptySet, prefixSet, subtract } from "../ip/prefix-set.ts";
import type { ForeignClient } from "./clients.ts";
import { siteOf } from "./dialling.ts";
import type { Dialling, ForeignSite } from "./dialling.ts";
import type { Facts, Listing } from "./facts.ts";
import { routesOf } from "./parties.ts";
import type { Party } from "./parties.ts";

export interface Carriers {
  readonly gateways: ReadonlyMap<ForeignSite, Party>;
  readonly relays: ReadonlySet<Party>;
}

type Clients = ReadonlyMap<Party, ForeignClient>;

/** One of a site speaks for it, and the others carry for all. */
export function readCarriers(facts: Facts, dialling: Dialling, clients: Clients): Carriers {
  const blocks = new Set(blocksOf(facts).map(({ holder }) => holder));
  const busy = countUses(facts, clients);
  const reached = facts.parties.filter((party) => isReachedThrough(facts, dialling, party));
  const gateways = new Map<ForeignSite, Party>();
  const relays = new Set<Party>();
  const turned = facts.parties.filter((party) => party.device !== undefined && isForwarding(party));
  for (const party of new Set([...blocks, ...busy, ...reached])) {
    const site = clients.has(party) ? undefined : siteOf(dialling, party);
    if (site !== undefined && !gateways.has(site)) gateways.set(site, party);
    else if (busy.includes(party)) relays.add(party);
  }
  const known = new Set([...gateways.values(), ...[...clients.values()].map(({ via }) => via)]);
  for (const party of turned) {
    if (!known.has(party) && !hasOwnRanges(facts, party)) relays.add(party);
  }
  return { gateways, relays };
}

export interface Block {
  readonly holder: Party;
  readonly prefix: Prefix;
}

/** Parts of the mesh's ranges that somebody sends to one as a whole, with addresses that nobody has. */
export function blocksOf(facts: Facts): readonly Block[] {
  const isWhole = (prefix: Prefix): boolean =>
    facts.ranges.some(({ family, length }) => family === prefix.family && length === prefix.length);
  return [...facts.listings.values()].flat().flatMap((listing) =>
    listing.entry.allowedIps
      // First what says no to nearly all.
      .filter((prefix) => !isHost(prefix))
      .filter((prefix) => isWithin(facts.ranges, prefix) && !isWhole(prefix))
      .filter((prefix) => isBlock(facts, listing, prefix))
      .map((prefix) => ({ holder: listing.to, prefix })),
  );
}

function isBlock(facts: Facts, listing: Listing, prefix: Prefix): boolean {
  // The sender's own block in the place of the other's is a mistake, and no word about the other.
  const [isHere, isThere] = [listing.from, listing.to].map((party) =>
    (facts.addresses.get(party) ?? []).some((address) => hasAddress(prefix, address)),
  );
  if (isHere === true && isThere === false) return false;
  const own = (facts.addresses.get(listing.to) ?? []).map(hostPrefix);
  return !isEmptySet(subtract(facts.rests.restOf(listing, prefix), prefixSet(own)));
}

/** Through whom addresses of third parties are reached, the busiest first. */
function countUses(facts: Facts, clients: Clients): readonly Party[] {
  const uses = new Map<Party, number>();
  for (const from of facts.parties.filter((party) => !clients.has(party))) {
    const routes = routesOf(from.entries);
    for (const to of facts.parties) {
      const [address] = facts.addresses.get(to) ?? [];
      const key = address === undefined ? undefined : match(routes, address)?.value;
      const next = key === undefined ? undefined : facts.byKey.get(key);
      if (next === undefined || next === to || to === from) continue;
      if (clients.get(to)?.via === next || clients.has(next)) continue;
      uses.set(next, (uses.get(next) ?? 0) + 1);
    }
  }
  return [...uses].sort(([, one], [, other]) => other - one).map(([party]) => party);
}

/** Nodes of its site send it what those outside do not, though somebody outside lists it. */
function isReachedThrough(facts: Facts, dialling: Dialling, party: Party): boolean {
  const site = siteOf(dialling, party);
  if (site === undefined) return false;
  const [near, far]: [Prefix[], Prefix[]] = [[], []];
  let isListed = false;
  for (const listing of facts.listings.get(party) ?? []) {
    const isMate = site.members.has(listing.from);
    isListed ||= !isMate;
    (isMate ? near : far).push(...listing.entry.allowedIps.filter((each) => each.length > 0));
  }
  const outside = near.filter((prefix) => !isWithin(facts.ranges, prefix));
  const onlyNear = outside.filter((prefix) =>
    isEmptySet(intersect(prefixSet([prefix]), prefixSet(far))),
  );
  return isListed && onlyNear.length > 0;
}

/** Warren's own file for a node that forwards. */
function isForwarding({ device }: Party): boolean {
  const lines = (device?.hooks.postUp ?? []).map(({ value }) => value);
  const hasRules = lines.some((line) =>
    /^(?:nft -f|sh) \/etc\/wireguard\/%i\.(?:nft|iptables)/.test(line),
  );
  return hasRules && lines.some((line) => line.startsWith("echo 1 > /proc/sys/net/"));
}

/** Somebody sends it what is no address of the mesh. */
function hasOwnRanges(facts: Facts, party: Party): boolean {
  return (facts.listings.get(party) ?? []).some(({ entry }) =>
    entry.allowedIps.some((prefix) => !isWithin(facts.ranges, prefix)),
  );
}
