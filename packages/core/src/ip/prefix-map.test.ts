/** Tests of longest-prefix match against reading the whole list. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../../../tools/runs.ts";
import type { Address } from "./address.ts";
import { createPrefixMap, match } from "./prefix-map.ts";
import { parsePrefix } from "./prefix.ts";
import type { Prefix } from "./prefix.ts";
import { anyAddress, anyPrefix, begins, borders, smallPrefixes } from "./samples.contract.ts";

type Entry = readonly [Prefix, number];

/** Reads all entries; of equally long ones the later wins. */
function scan(entries: readonly Entry[], address: Address): unknown {
  let best: Entry | undefined;
  for (const entry of entries) {
    if (begins(entry[0], address) && entry[0].length >= (best?.[0].length ?? 0)) best = entry;
  }
  return best && { prefix: best[0], value: best[1] };
}

test("match() finds what a scan of the list finds", () => {
  const prefix = fc.oneof(anyPrefix(), smallPrefixes(4), smallPrefixes(6));
  fc.assert(
    fc.property(fc.array(prefix), fc.array(anyAddress()), (list, others) => {
      const entries = list.map((each, i) => [each, i] as const);
      const map = createPrefixMap(entries);
      for (const address of [...list.flatMap(borders), ...others]) {
        expect(match(map, address)).toEqual(scan(entries, address));
      }
    }),
    runs(150),
  );
});

test("createPrefixMap() lets the later of two entries with the same prefix win", () => {
  const prefix = parsePrefix("10.0.0.0/8") as Prefix;
  const map = createPrefixMap([
    [prefix, "a"],
    [prefix, "b"],
  ]);
  expect(match(map, { family: 4, bits: 0x0a000001n })).toEqual({ prefix, value: "b" });
});

test("createPrefixMap() keeps 20,000 /64 networks apart without a scan", () => {
  const networks = Array.from({ length: 20_000 }, (_, i): Entry => {
    return [{ family: 6, bits: (0xfd00n << 112n) | (BigInt(i) << 64n), length: 64 }, i];
  });
  const startedAt = performance.now();
  const map = createPrefixMap(networks);
  expect(match(map, { family: 6, bits: (0xfd00n << 112n) | (7n << 64n) | 1n })?.value).toBe(7);
  // About 10 ms; 1,500 ms when all keys fall into one bucket.
  expect(performance.now() - startedAt).toBeLessThan(500);
});
