/** Owns longest-prefix match, as routers and WireGuard choose; it must not know what is chosen. */
import { type Address, type Family, addressWidth } from "./address.ts";
import type { Prefix } from "./prefix.ts";

/** A value for each prefix, found by address. The content is opaque to callers. */
export interface PrefixMap<V> {
  /** For each family the prefix lengths that occur, longest first. */
  readonly levels: Readonly<Record<Family, readonly Level<V>[]>>;
}

interface Level<V> {
  readonly hostBits: bigint;
  /**
   * By the prefix's bits without its host bits. Shifted out, not masked: V8 hashes a bigint by its
   * low 64 bits, which are zero in every IPv6 /64, and a lookup would become a scan.
   */
  readonly matches: Map<bigint, Match<V>>;
}

interface Match<V> {
  readonly prefix: Prefix;
  readonly value: V;
}

/** Of two entries with the same prefix the later wins, as with WireGuard's AllowedIPs. */
export function createPrefixMap<V>(entries: Iterable<readonly [Prefix, V]>): PrefixMap<V> {
  const byLength = { 4: new Map<number, Level<V>>(), 6: new Map<number, Level<V>>() };
  for (const [prefix, value] of entries) {
    const lengths = byLength[prefix.family];
    const level = lengths.get(prefix.length) ?? {
      hostBits: BigInt(addressWidth(prefix.family) - prefix.length),
      matches: new Map<bigint, Match<V>>(),
    };
    lengths.set(prefix.length, level);
    level.matches.set(prefix.bits >> level.hostBits, { prefix, value });
  }
  return { levels: { 4: longestFirst(byLength[4]), 6: longestFirst(byLength[6]) } };
}

/** The longest prefix that has the address, with its value: one lookup for each length in the map. */
export function match<V>(map: PrefixMap<V>, address: Address): Match<V> | undefined {
  for (const level of map.levels[address.family]) {
    const found = level.matches.get(address.bits >> level.hostBits);
    if (found !== undefined) return found;
  }
  return undefined;
}

function longestFirst<V>(levels: ReadonlyMap<number, Level<V>>): Level<V>[] {
  return [...levels.values()].sort((a, b) => Number(a.hostBits - b.hostBits));
}
