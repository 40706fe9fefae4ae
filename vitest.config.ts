/** How the tests run: which files, how side by side, how long. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { TallyReporter } from "./tools/reporter.ts";
import { runs } from "./tools/runs.ts";

// A property that is tried more often may take longer by as much.
const factor = runs(1).numRuns;

export default defineConfig({
  test: {
    // To start a program takes a process the longer, the larger it is: threads are all one large one.
    pool: "forks",
    // On two cores the usual number, one less than there are, would leave one idle half of the time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    isolate: false,
    testTimeout: 30_000 * factor,
    hookTimeout: 30_000 * factor,
    reporters: ["default", new TallyReporter()],
    projects: [
      {
        extends: true,
        test: {
          name: "check",
          include: ["packages/**/*.test.ts", "sim/**/*.test.ts", "tools/**/*.test.ts"],
          // Node loads our TypeScript as it is, and calls between modules are calls.
          experimental: { viteModuleRunner: false },
          // What properties make is gone at once: young garbage is the cheaper, the more of it may pile up.
          execArgv: ["--max-semi-space-size=32"],
        },
      },
      // These wait more than they work: three at a time, each in namespaces of its own.
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["e2e/**/*.test.ts"],
          maxWorkers: 3,
          // What they start is mostly Node: what was compiled once starts in half the time.
          env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/compile") },
          sequence: { groupOrder: 1 },
          // Machines boot, and what is lost is waited for.
          testTimeout: 240_000 * factor,
          hookTimeout: 240_000 * factor,
        },
      },
    ],
  },
});
