/** Tests of pairs as groups: nothing lost, nothing invented, and few lines where there is a pattern. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../../../tools/runs.ts";
import { groupPairs } from "./pair-groups.ts";
import type { PairGroup } from "./pair-groups.ts";

type Pairs = readonly (readonly [string, string])[];

/** The pairs that groups speak of, each as often as it is spoken of. */
function pairsIn(groups: readonly PairGroup[]): readonly string[] {
  return groups
    .flatMap(({ from, to, isMutual }) =>
      from.flatMap((one) =>
        to
          .filter((other) => other !== one)
          .flatMap((other) => {
            const isBoth = isMutual && from.join() !== to.join();
            return isBoth ? [`${one} ${other}`, `${other} ${one}`] : [`${one} ${other}`];
          }),
      ),
    )
    .sort();
}

function all(names: readonly string[]): Pairs {
  return names.flatMap((one) =>
    names.filter((other) => other !== one).map((other) => [one, other] as const),
  );
}

test("groupPairs() names every pair once, and no other", () => {
  const names = fc.constantFrom("a", "b", "c", "d", "e", "f", "g");
  const pairs = fc.uniqueArray(
    fc.tuple(names, names).filter(([one, other]) => one !== other),
    { maxLength: 42, selector: (pair) => pair.join(" ") },
  );
  fc.assert(
    fc.property(pairs, (list) => {
      expect(pairsIn(groupPairs(list))).toEqual(list.map((pair) => pair.join(" ")).sort());
    }),
    runs(300),
  );
});

test("groupPairs() says in a line what is the same for all", () => {
  expect(groupPairs(all(["a", "b", "c"]))).toEqual([
    { from: ["a", "b", "c"], to: ["a", "b", "c"], isMutual: true },
  ]);
  const old = new Set(all(["a", "b", "c"]).map((pair) => pair.join()));
  const come = all(["a", "b", "c", "x", "y"]).filter((pair) => !old.has(pair.join()));
  expect(groupPairs(come)).toEqual([
    { from: ["x", "y"], to: ["a", "b", "c"], isMutual: true },
    { from: ["x", "y"], to: ["x", "y"], isMutual: true },
  ]);
});
