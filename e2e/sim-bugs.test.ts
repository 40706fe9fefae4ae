/** Random worlds against bugs of the protocol: each is put into a copy of server or agent, and is found. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { loadBugged } from "../sim/bugged-parts.ts";
import { protocolBugs } from "../sim/bugs.ts";
import { worlds } from "../sim/operations.ts";
import { playWorld } from "../sim/random-world.ts";
import { runs } from "../tools/runs.ts";

/** In so many worlds, the same ones each time, none may hide. */
const MOST = 500;
const SEED = 1;

const folder = mkdtempSync(join(tmpdir(), "warren-bugs-"));

afterAll(() => rmSync(folder, { recursive: true }));

/** All of them while fuzzing. */
const bugs = protocolBugs.slice(0, runs(10, protocolBugs.length).numRuns);

test.each(bugs)("random worlds find that $name", async (bug) => {
  const parts = await loadBugged(folder, bug);
  const property = fc.asyncProperty(
    worlds,
    async (world) => (await playWorld(world, parts)).length === 0,
  );
  const { failed } = await fc.check(property, { numRuns: MOST, seed: SEED, endOnFailure: true });
  expect(failed).toBe(true);
});
