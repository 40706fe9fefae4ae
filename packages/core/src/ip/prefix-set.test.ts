/** Tests of prefix sets against plain membership, and of their covers against cidr-tools. */
import { excludeCidr, mergeCidr } from "cidr-tools";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runs } from "../../../../tools/runs.ts";
import type { Address, Family } from "./address.ts";
import { parsePrefix, printPrefix } from "./prefix.ts";
import type { Prefix } from "./prefix.ts";
import {
  cover,
  intersect,
  isEmptySet,
  isMember,
  isSubset,
  prefixSet,
  subtract,
  union,
} from "./prefix-set.ts";
import type { PrefixSet } from "./prefix-set.ts";
import {
  addresses,
  anyAddress,
  anyPrefix,
  begins,
  binary,
  borders,
  prefixes,
  smallPrefixes,
  smallUniverse,
} from "./samples.contract.ts";

const families: readonly Family[] = [4, 6];

function parse(text: string): Prefix[] {
  if (text === "") return [];
  return text.split(",").map((each) => parsePrefix(each) as Prefix);
}

function print(list: readonly Prefix[]): string {
  return list.map(printPrefix).join(",");
}

function has(list: readonly Prefix[], address: Address): boolean {
  return list.some((prefix) => begins(prefix, address));
}

/** Several prefixes, some of them inside one another or side by side. */
function lists(): fc.Arbitrary<Prefix[]> {
  const each = fc.oneof(anyPrefix(), prefixes(4, 20), prefixes(6, 100), smallPrefixes(4));
  return fc.array(each, { maxLength: 24 });
}

/** With several networks to keep, `excludeCidr` forgets to look at some of them. */
function excludeOneByOne(kept: readonly string[], removed: readonly string[]): string[] {
  let rest = [...kept];
  for (const one of removed) rest = rest.flatMap((each) => excludeCidr(each, one));
  return mergeCidr(rest);
}

/** The beginning that all addresses of the prefix share, with the family in front. */
function startOf(prefix: Prefix): string {
  return `${prefix.family}:${binary(prefix).slice(0, prefix.length)}`;
}

/** Whether no prefix is inside another, and no two halves stand for a whole. */
function isMinimal(list: readonly Prefix[]): boolean {
  const starts = new Set(list.map(startOf));
  const isNeeded = (start: string) => {
    const sibling = start.replace(/[01]$/, (bit) => (bit === "0" ? "1" : "0"));
    const shorter = Array.from(start, (_, length) => start.slice(0, length));
    return (sibling === start || !starts.has(sibling)) && !shorter.some((each) => starts.has(each));
  };
  return starts.size === list.length && [...starts].every(isNeeded);
}

/** The beginnings of those that are in no other. */
function outermost(list: readonly Prefix[]): string[] {
  const kept: string[] = [];
  for (const start of list.map(startOf).sort()) {
    if (!start.startsWith(kept.at(-1) ?? "none")) kept.push(start);
  }
  return kept;
}

/**
 * The same pattern of 32 bits within IPv6, `shift` bits from the right. It lets cidr-tools be the
 * oracle there too: of IPv6 it sorts the texts instead of the numbers, and merges wrongly.
 */
function within(base: bigint, shift: number): (prefix: Prefix) => Prefix {
  const above = base >> BigInt(shift + 32);
  return ({ bits, length }) => ({
    family: 6,
    bits: ((above << 32n) | bits) << BigInt(shift),
    length: 96 - shift + length,
  });
}

describe.each(families)("in a block of 256 IPv%d addresses", (family) => {
  const universe = smallUniverse(family);
  const small = fc.array(smallPrefixes(family), { maxLength: 12 });

  function members(set: PrefixSet): number[] {
    return universe.flatMap((address, i) => (isMember(set, address) ? [i] : []));
  }

  test("union(), intersect(), subtract() and cover() hold what plain membership says", () => {
    fc.assert(
      fc.property(small, small, (listA, listB) => {
        const [a, b] = [prefixSet(listA), prefixSet(listB)];
        const inA = universe.map((address) => has(listA, address));
        const inB = universe.map((address) => has(listB, address));
        const where = (keep: (a: boolean, b: boolean) => boolean) =>
          universe.flatMap((_, i) => (keep(inA[i] === true, inB[i] === true) ? [i] : []));
        expect(members(a)).toEqual(where((a) => a));
        expect(members(union(a, b))).toEqual(where((a, b) => a || b));
        expect(members(intersect(a, b))).toEqual(where((a, b) => a && b));
        expect(members(subtract(a, b))).toEqual(where((a, b) => a && !b));
        expect(isSubset(a, b)).toBe(where((a, b) => a && !b).length === 0);
        expect(isEmptySet(a)).toBe(where((a) => a).length === 0);
        const covered = cover(subtract(a, b));
        expect(universe.flatMap((each, i) => (has(covered, each) ? [i] : []))).toEqual(
          where((a, b) => a && !b),
        );
      }),
      runs(25),
    );
  });

  test("cover() is minimal, and a set of it is the same data", () => {
    fc.assert(
      fc.property(small, small, (listA, listB) => {
        const set = subtract(prefixSet(listA), prefixSet(listB));
        expect(isMinimal(cover(set))).toBe(true);
        expect(prefixSet(cover(set).toReversed())).toEqual(set);
      }),
      runs(100),
    );
  });
});

test("isMember() tells the borders of every prefix, in both families at once", () => {
  fc.assert(
    fc.property(lists(), lists(), fc.array(anyAddress()), (listA, listB, others) => {
      const [a, b] = [prefixSet(listA), prefixSet(listB)];
      for (const address of [...listA.flatMap(borders), ...listB.flatMap(borders), ...others]) {
        const [inA, inB] = [has(listA, address), has(listB, address)];
        expect(isMember(a, address)).toBe(inA);
        expect(isMember(union(a, b), address)).toBe(inA || inB);
        expect(isMember(intersect(a, b), address)).toBe(inA && inB);
        expect(isMember(subtract(a, b), address)).toBe(inA && !inB);
      }
    }),
    runs(60),
  );
});

test("cover() is what cidr-tools merges and excludes to, wherever in IPv6 the same bits stand", () => {
  const small = fc.array(fc.oneof(prefixes(4), prefixes(4, 20), smallPrefixes(4)), {
    maxLength: 16,
  });
  const place = fc.tuple(addresses(6), fc.nat(96)).map(([{ bits }, shift]) => within(bits, shift));
  fc.assert(
    fc.property(small, small, place, (listA, listB, place) => {
      const textA = listA.map(printPrefix);
      const textB = listB.map(printPrefix);
      const merged = mergeCidr([...textA, ...textB]).join(",");
      const excluded = excludeOneByOne(textA, textB).join(",");
      const [a, b] = [prefixSet(listA), prefixSet(listB)];
      expect(print(cover(union(a, b)))).toBe(merged);
      expect(print(cover(subtract(a, b)))).toBe(excluded);
      const [a6, b6] = [prefixSet(listA.map(place)), prefixSet(listB.map(place))];
      expect(cover(union(a6, b6))).toEqual(parse(merged).map(place));
      expect(cover(subtract(a6, b6))).toEqual(parse(excluded).map(place));
    }),
    runs(60),
  );
});

test("cover() of any set is minimal, sorted, and the set again", () => {
  fc.assert(
    fc.property(lists(), lists(), (listA, listB) => {
      const set = subtract(prefixSet(listA), prefixSet(listB));
      const covered = cover(set);
      expect(isMinimal(covered)).toBe(true);
      expect(covered.map(startOf)).toEqual(covered.map(startOf).sort());
      expect(prefixSet(covered)).toEqual(set);
    }),
    runs(60),
  );
});

test("cover() leaves out one network from a private range", () => {
  const rest = subtract(prefixSet(parse("172.16.0.0/12")), prefixSet(parse("172.16.0.0/24")));
  expect(print(cover(rest))).toBe(
    "172.16.1.0/24,172.16.2.0/23,172.16.4.0/22,172.16.8.0/21,172.16.16.0/20,172.16.32.0/19," +
      "172.16.64.0/18,172.16.128.0/17,172.17.0.0/16,172.18.0.0/15,172.20.0.0/14,172.24.0.0/13",
  );
});

test("cover() keeps the end of IPv4 and the start of IPv6 apart", () => {
  const all = prefixSet(parse("::/0,0.0.0.0/0"));
  const borderText = "255.255.255.255/32,::/128";
  expect(print(cover(all))).toBe("0.0.0.0/0,::/0");
  expect(print(cover(prefixSet(parse(borderText))))).toBe(borderText);
  expect(isMember(prefixSet(parse("0.0.0.0/0")), { family: 6, bits: 0n })).toBe(false);
  expect(isMember(prefixSet(parse("::/0")), { family: 4, bits: 0n })).toBe(false);
  expect(isEmptySet(subtract(all, all))).toBe(true);
});

test("prefixSet() of the same addresses is the same data, whatever the order", () => {
  fc.assert(
    fc.property(lists(), (list) => {
      expect(prefixSet([...list, ...list].toReversed())).toEqual(prefixSet(list));
      expect(prefixSet(cover(prefixSet(list)))).toEqual(prefixSet(list));
      expect(isSubset(prefixSet(list.slice(1)), prefixSet(list))).toBe(true);
    }),
    runs(100),
  );
});

test.each([
  ["0.0.0.0/0", 4, 20],
  ["::/0", 6, 48],
] as const)(
  "subtract() and cover() take 1,000 prefixes from %s and leave exactly the rest",
  (all, family, shortest) => {
    const removed = fc
      .sample(prefixes(family, shortest), { numRuns: 2000, seed: 1 })
      .filter(({ length }) => length <= 64)
      .slice(0, 1000);
    const rest = cover(subtract(prefixSet(parse(all)), prefixSet(removed)));
    const taken = outermost(removed);
    const tiles = outermost([...rest, ...removed]);
    const sizes = tiles.map((start) => 1n << BigInt(128 - start.replace(/.*:/, "").length));
    // Together with what was taken the rest fills everything, and nothing twice.
    expect(tiles.length).toBe(rest.length + taken.length);
    expect(sizes.reduce((sum, size) => sum + size, 0n)).toBe(1n << 128n);
    expect(isMinimal(rest)).toBe(true);
  },
);
