/** Owns sets of addresses, as large as the whole internet; it must not know who the addresses belong to. */
import { type Address, type Family, addressWidth } from "./address.ts";
import { comparePrefixes, hasPrefix } from "./prefix.ts";
import type { Prefix } from "./prefix.ts";

/**
 * Any set of IPv4 and IPv6 addresses. The content is opaque to callers, but two sets of the same
 * addresses are equal as data.
 *
 * `edges` are the places, in ascending order, where membership changes along one line on which
 * IPv4 and IPv6 lie apart (`familyStart`): in from the first, out from the second, and so on.
 * So a place is in the set exactly when an odd number of edges lie at or before it.
 */
export interface PrefixSet {
  readonly edges: readonly bigint[];
}

/** Where a family begins on the line: IPv6 at 2^128, so that it is aligned and far from IPv4's end at 2^32. */
const familyStart: Readonly<Record<Family, bigint>> = { 4: 0n, 6: 1n << 128n };

/** The addresses of all the prefixes, which may overlap and come in any order. */
export function prefixSet(prefixes: Iterable<Prefix>): PrefixSet {
  const ranges = Array.from(prefixes, rangeOf).sort((a, b) => compareBits(a.start, b.start));
  const edges: bigint[] = [];
  let reached = -1n;
  for (const { start, end } of ranges) {
    if (start > reached) {
      edges.push(start, end);
      reached = end;
    } else if (end > reached) {
      edges[edges.length - 1] = end;
      reached = end;
    }
  }
  return { edges };
}

export function union(a: PrefixSet, b: PrefixSet): PrefixSet {
  return combine(a, b, (inA, inB) => inA || inB);
}

export function intersect(a: PrefixSet, b: PrefixSet): PrefixSet {
  return combine(a, b, (inA, inB) => inA && inB);
}

/** What is in `a` and not in `b`. */
export function subtract(a: PrefixSet, b: PrefixSet): PrefixSet {
  return combine(a, b, (inA, inB) => inA && !inB);
}

/** The fewest prefixes that are exactly the set, in the order of `comparePrefixes`. */
export function cover(set: PrefixSet): Prefix[] {
  const prefixes: Prefix[] = [];
  let start = 0n;
  for (const [i, edge] of set.edges.entries()) {
    if (i % 2 === 0) start = edge;
    else coverRange(start, edge, prefixes);
  }
  return prefixes;
}

/**
 * Those of the prefixes that lie in no other, each once, in the order of `comparePrefixes`: the same
 * set, sorted and disjoint, but nothing merged, so that each is still one that somebody wrote.
 */
export function outermost(prefixes: Iterable<Prefix>): Prefix[] {
  const kept: Prefix[] = [];
  for (const prefix of [...prefixes].sort(comparePrefixes)) {
    const last = kept.at(-1);
    if (last === undefined || !hasPrefix(last, prefix)) kept.push(prefix);
  }
  return kept;
}

export function isMember(set: PrefixSet, address: Address): boolean {
  const place = familyStart[address.family] + address.bits;
  let low = 0;
  let high = set.edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const edge = set.edges[middle];
    if (edge !== undefined && edge <= place) low = middle + 1;
    else high = middle;
  }
  return low % 2 === 1;
}

export function isEmptySet(set: PrefixSet): boolean {
  return set.edges.length === 0;
}

/** Whether all of `a` is in `b`; the empty set is in every set. */
export function isSubset(a: PrefixSet, b: PrefixSet): boolean {
  return isEmptySet(subtract(a, b));
}

/** The half-open range of places that the prefix takes on the line. */
function rangeOf(prefix: Prefix): { start: bigint; end: bigint } {
  const start = familyStart[prefix.family] + prefix.bits;
  return { start, end: start + (1n << BigInt(addressWidth(prefix.family) - prefix.length)) };
}

function compareBits(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Walks both lists of edges at once and keeps the places where the answer of `keep` changes. */
function combine(
  a: PrefixSet,
  b: PrefixSet,
  keep: (inA: boolean, inB: boolean) => boolean,
): PrefixSet {
  const edges: bigint[] = [];
  let passedA = 0;
  let passedB = 0;
  let inside = false;
  for (;;) {
    const place = lower(a.edges[passedA], b.edges[passedB]);
    if (place === undefined) return { edges };
    if (a.edges[passedA] === place) passedA += 1;
    if (b.edges[passedB] === place) passedB += 1;
    if (keep(passedA % 2 === 1, passedB % 2 === 1) === inside) continue;
    edges.push(place);
    inside = !inside;
  }
}

function lower(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a < b ? a : b;
}

/**
 * Appends the fewest prefixes that fill the range from `start` up to `end`, not included.
 * The summit is the place in between with the most zero bits at its end. Up to it blocks grow, one
 * for each bit set in the distance; behind it they shrink, again one for each bit. Reading
 * the distances as binary text costs two bigint operations a range instead of several a bit.
 */
function coverRange(start: bigint, end: bigint, into: Prefix[]): void {
  const family = start < familyStart[6] ? 4 : 6;
  const width = addressWidth(family);
  const shared = BigInt((start ^ end).toString(2).length - 1);
  const summit = (end >> shared) << shared;
  let bits = start - familyStart[family];
  const add = (exponent: number) => {
    into.push({ family, bits, length: width - exponent });
    bits += 1n << BigInt(exponent);
  };
  const climb = (summit - start).toString(2);
  for (let i = climb.length - 1; i >= 0; i -= 1) {
    if (climb[i] === "1") add(climb.length - 1 - i);
  }
  const descent = (end - summit).toString(2);
  for (let i = 0; i < descent.length; i += 1) {
    if (descent[i] === "1") add(descent.length - 1 - i);
  }
}
