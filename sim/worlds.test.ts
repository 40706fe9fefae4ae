/** Worlds from a seed: whatever happens in one, when it is quiet again all is as it should be. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../tools/runs.ts";
import { knownWorlds } from "./known-worlds.ts";
import { worlds } from "./operations.ts";
import type { WorldDraft } from "./operations.ts";
import { playWorld } from "./random-world.ts";

const RUNS = 15;
/** A check plays the same worlds each time; others are for who fuzzes. */
const SEED = 8;
const MOST_MS = 15_000;

test("whatever happens to a plane and its hosts, quiet means right", async () => {
  const property = fc.asyncProperty(worlds, async (world) => (await playWorld(world)).length === 0);
  const {
    counterexample,
    seed,
    counterexamplePath: path,
  } = await fc.check(property, {
    seed: SEED,
    ...runs(RUNS),
    // What is left of a test's time is for making a world small that was wrong.
    interruptAfterTimeLimit: MOST_MS * (runs(RUNS).numRuns / RUNS),
  });
  const [world] = counterexample ?? [];
  const report = world === undefined ? "" : await printWorld(world);
  const replay = `to play it again put it into sim/known-worlds.ts (fast-check: seed ${seed}, path ${path})`;
  expect(report === "" ? "" : `${report}\n${replay}`).toBe("");
});

test.each(Object.entries(knownWorlds))("once wrong: %s", async (_, world) => {
  expect(await playWorld(world)).toEqual([]);
});

/** What happened in it, and what was wrong in the end. */
async function printWorld(world: WorldDraft): Promise<string> {
  const operations = world.operations.map((each) => JSON.stringify(each));
  const faults = await playWorld(world);
  const { seed, more = 0 } = world;
  return [`seed ${seed}, more ${more}`, ...operations, "in the end:", ...faults].join("\n");
}
