/** What files say of a mesh whatever it will be written as: its ranges, everybody's address, who lists whom. */
import type { Finding } from "../finding.ts";
import type { Address } from "../ip/address.ts";
import { linkOf } from "../ip/interface-address.ts";
import {
  firstAddress,
  hostPrefix,
  isHost,
  isOverlapping,
  lastAddress,
  parsePrefix,
  isWithin,
} from "../ip/prefix.ts";
import { prefixOf, printPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { isEmptySet, outermost, prefixSet, subtract } from "../ip/prefix-set.ts";
import type { PrefixSet } from "../ip/prefix-set.ts";
import { UNUSABLE_RANGES } from "../ip/special-ranges.ts";
import * as messages from "../messages/import.ts";
import type { PublicKey } from "../model/keys.ts";
import { Problem } from "../problem.ts";
import { remember } from "../remember.ts";
import { listed } from "./address-differences.ts";
import type { Party, PartyEntry } from "./parties.ts";
import { findSwallowed } from "./swallowed.ts";

export interface Facts {
  readonly parties: readonly Party[];
  readonly byKey: ReadonlyMap<PublicKey, Party>;
  readonly ranges: readonly Prefix[];
  /** One of each family at most. */
  readonly addresses: ReadonlyMap<Party, readonly Address[]>;
  readonly listings: ReadonlyMap<Party, readonly Listing[]>;
  readonly rests: Rests;
  /** Who is dialled inside the tunnel itself. */
  readonly swallowed: ReadonlySet<PartyEntry>;
}

/** What one says of another. */
export interface Listing {
  readonly from: Party;
  readonly to: Party;
  readonly entry: PartyEntry;
}

export function readFacts(parties: readonly Party[], findings: Finding[]): Facts {
  const byKey = new Map(parties.map((party) => [party.publicKey, party]));
  const all = parties.flatMap((from) =>
    from.entries.flatMap((entry): Listing[] => {
      const to = byKey.get(entry.publicKey);
      return to === undefined ? [] : [{ from, to, entry }];
    }),
  );
  const listings = new Map(parties.map((party) => [party, [] as Listing[]]));
  for (const listing of all) listings.get(listing.to)?.push(listing);
  const masked = outermost([...parties.flatMap(masksOf), ...parties.flatMap(routedRanges)]);
  const rests = new Rests();
  const hosts = new Map(
    parties.map((party) => [party, hostsOf(party, listings.get(party) ?? [], rests)]),
  );
  const guessed = rangesAround([...hosts.values()].flat(), masked);
  const ranges = outermost([...masked, ...guessed]).filter(isUsable);
  const addresses = new Map(
    [...hosts].map(([party, known]) => {
      return [party, firstOfEach(known.filter((each) => isWithin(ranges, each)))] as const;
    }),
  );
  for (const [{ name, place }, known] of addresses) {
    if (known.length === 0) findings.push(messages.addressUnknown(place, name));
  }
  findings.push(...sayRunning(parties, byKey, masked.length > 0 ? [] : ranges));
  return {
    parties,
    byKey,
    ranges: ranges.length > 0 ? ranges : [LAST_RANGE],
    addresses,
    listings,
    rests,
    swallowed: findSwallowed(parties, ranges),
  };
}

/** What was seen and not written may be another tomorrow. */
function sayRunning(
  parties: readonly Party[],
  byKey: Facts["byKey"],
  guessed: readonly Prefix[],
): readonly Finding[] {
  const running = parties.filter(({ device }) => device?.isRunning === true);
  const [first] = running;
  if (first === undefined) return [];
  const dialled = running.flatMap(({ entries }) =>
    entries.filter(({ peer }) => peer.endpoint !== undefined),
  );
  const place = dialled[0]?.peer.endpoint?.place ?? first.place;
  const names = dialled.flatMap(({ publicKey }) => byKey.get(publicKey)?.name ?? []);
  return [
    ...(names.length === 0 ? [] : [messages.endpointsSeen(place, listed([...new Set(names)]))]),
    ...(guessed.length === 0
      ? []
      : [messages.rangesSeen(first.place, listed(guessed.map(printPrefix)))]),
  ];
}

/** Where nobody's address is known. */
export const LAST_RANGE: Prefix = prefixOf({ family: 4, bits: 0x0a42_0000n }, 16);

/** Whether addresses can be given out of it. */
function isUsable(range: Prefix): boolean {
  return range.length > 0 && !UNUSABLE_RANGES.some((each) => isOverlapping(each, range));
}

/** What parties keep of what they are sent. Many send the same, and it is worked out once. */
export class Rests {
  readonly #known = new Map<Party, Map<string, PrefixSet>>();

  /** Of a prefix, what the one who is sent it does not pass on to others than the sender. */
  restOf({ from, to }: Pick<Listing, "from" | "to">, prefix: Prefix): PrefixSet {
    const own = to.byKey.get(from.publicKey)?.allowedIps ?? [];
    if (own.some((each) => isOverlapping(each, prefix))) {
      const others = to.entries.filter(({ publicKey }) => publicKey !== from.publicKey);
      return without(prefix, others);
    }
    const known = remember(this.#known, to, () => new Map<string, PrefixSet>());
    return remember(known, printPrefix(prefix), () => without(prefix, to.entries));
  }
}

function without(prefix: Prefix, entries: readonly PartyEntry[]): PrefixSet {
  const lists = entries.flatMap(({ allowedIps }) => allowedIps);
  const near = lists.filter((each) => isOverlapping(each, prefix));
  return subtract(prefixSet([prefix]), prefixSet(near));
}

/** Ranges that addresses put on the link, of the first address of each family. */
function masksOf({ device }: Party): readonly Prefix[] {
  const links = (device?.addresses ?? []).map(({ value }) => linkOf(value));
  return firstOfEach(links).filter((range) => !isHost(range));
}

/** Ranges of a mesh that a device has no address in: Warren's files route them by a hook. */
function routedRanges({ device, entries }: Party): readonly Prefix[] {
  const lists = entries.flatMap(({ allowedIps }) => allowedIps);
  return (device?.hooks.postUp ?? []).flatMap(({ value }): Prefix[] => {
    const text = /^ip -[46] route add (\S+) dev %i(?: table \d+)?$/.exec(value)?.[1];
    const range = text === undefined ? undefined : parsePrefix(text);
    if (range === undefined || range instanceof Problem) return [];
    // What is in a list has a route already.
    return lists.some((prefix) => prefix.length <= range.length && isOverlapping(prefix, range))
      ? []
      : [range];
  });
}

/** Its own word, or else that of those who list it. */
function hostsOf(party: Party, listings: readonly Listing[], rests: Rests): readonly Address[] {
  const own = party.device?.addresses ?? [];
  if (own.length > 0) return firstOfEach(own.map(({ value }) => value.address));
  const listed = listings.flatMap((listing) => {
    const hosts = listing.entry.allowedIps.filter(isHost);
    return hosts.filter((host) => !isEmptySet(rests.restOf(listing, host)));
  });
  return outermost(listed).map(firstAddress);
}

/** A node has one of each family. */
function firstOfEach<T extends Address>(known: readonly T[]): readonly T[] {
  return ([4, 6] as const).flatMap((family) => {
    const first = known.find((each) => each.family === family);
    return first === undefined ? [] : [first];
  });
}

/** Addresses that differ further up are hardly of one mesh range. */
const WIDEST = { 4: 16, 6: 48 } as const;
/** A range of one host would have the same route as the host's own prefix. */
const NARROWEST = { 4: 29, 6: 120 } as const;

/** For addresses that no range holds: few ranges, as narrow as can be. */
function rangesAround(addresses: readonly Address[], known: readonly Prefix[]): readonly Prefix[] {
  const ranges: Prefix[] = [];
  const bare = addresses.filter((address) => !isWithin(known, address));
  for (const { family, bits } of outermost(bare.map(hostPrefix))) {
    const address: Address = { family, bits };
    const last = ranges.at(-1);
    const joined = last?.family === family ? joinedWith(last, address) : undefined;
    if (joined !== undefined && joined.length >= WIDEST[family]) ranges[ranges.length - 1] = joined;
    else ranges.push(widened(prefixOf(address, NARROWEST[family]), address));
  }
  return ranges;
}

function joinedWith(range: Prefix, address: Address): Prefix {
  let { length } = range;
  while (!isWithin([prefixOf(range, length)], address)) length -= 1;
  return widened(prefixOf(range, length), address);
}

/** A range's first and last address are nobody's. */
function widened(range: Prefix, address: Address): Prefix {
  const ends = [firstAddress(range), lastAddress(range)];
  if (ends.every(({ bits }) => bits !== address.bits)) return range;
  return widened(prefixOf(range, range.length - 1), address);
}
