/** Who has told a key that is another's. */
import type { EntryId, Name, PublicKey } from "@warren/core";
import { expect, test } from "vitest";
import { findClones } from "./clones.ts";

function keyed<T>(...pairs: readonly (readonly [string, string])[]): ReadonlyMap<T, PublicKey> {
  return new Map(pairs.map(([name, key]) => [name as T, key as PublicKey]));
}

test("findClones() accuses the later of two, and whoever tells what is known to be another's", () => {
  const known = {
    publicKeys: keyed<Name>(["a", "A"], ["b", "B"], ["c", "C"], ["d", "D"], ["e", "E"]),
    entryKeys: keyed<EntryId>(["phone a", "P"]),
    // Placeholders are nobody's keys.
    missing: new Set(["c", "d", "e"] as Name[]),
  };
  const told = keyed<Name>(["c", "X"], ["d", "X"], ["e", "P"]);
  expect([...findClones(told, known)]).toEqual([
    ["d", "c"],
    ["e", "phone"],
  ]);
  expect([...findClones(keyed(["c", "A"], ["d", "C"]), known)]).toEqual([["c", "a"]]);
  // One that told its own again.
  expect([...findClones(keyed(["b", "B"], ["e", "Y"]), known)]).toEqual([]);
});
