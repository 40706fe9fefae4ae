/** Worlds from a seed: whatever happens in one, when it is quiet again all is as it should be. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../tools/runs.ts";
import { worlds } from "./operations.ts";
import type { WorldDraft } from "./operations.ts";
import { playWorld } from "./random-world.ts";

test("whatever happens to a plane and its hosts, quiet means right", async () => {
  const property = fc.asyncProperty(worlds, async (world) => (await playWorld(world)).length === 0);
  const { counterexample, seed, counterexamplePath: path } = await fc.check(property, runs(20));
  const [world] = counterexample ?? [];
  const report = world === undefined ? "" : await printWorld(world);
  expect(report, `fast-check's { seed: ${seed}, path: "${path}" }`).toBe("");
});

/** What happened in it, and what was wrong in the end. */
async function printWorld(world: WorldDraft): Promise<string> {
  const operations = world.operations.map((each) => JSON.stringify(each));
  const faults = await playWorld(world);
  return [`seed ${world.seed}`, ...operations, "in the end:", ...faults].join("\n");
}
