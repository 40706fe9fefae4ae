/** Tests of the counting, on a real run of tests that go wrong in every way. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Children, root } from "./children.ts";

const imports = 'import { afterAll, beforeAll, describe, expect, test } from "vitest";\n';

const samples = {
  "passes.test.ts": 'test("a", () => {}); test("b", () => {});',
  "fails.test.ts": 'test("a", () => { expect(1).toBe(2); });',
  "skips.test.ts": 'test("a", (context) => { context.skip("needs root"); }); test.todo("b");',
  "loads-not.test.ts": 'throw new Error("at import");',
  "holds-nothing.test.ts": "",
  "begins-not.test.ts":
    'describe("d", () => { beforeAll(() => { throw new Error("at first"); }); test("a", () => {}); });',
  "ends-not.test.ts":
    'describe("d", () => { afterAll(() => { throw new Error("at last"); }); test("a", () => {}); });',
  "rejects.test.ts": 'test("a", () => { void Promise.reject(new Error("unhandled")); });',
};

test("TallyReporter counts what failed outside a test, and says why one was skipped", async () => {
  const tally = await runSamples();
  expect(tally).toEqual({
    passed: 4,
    // fails, loads-not, holds-nothing, begins-not, ends-not, rejects
    failed: 6,
    skipped: expect.arrayContaining([
      "skips.test.ts > a: needs root",
      "skips.test.ts > b: no reason given",
      "begins-not.test.ts > d > a: no reason given",
    ]),
  });
});

async function runSamples(): Promise<unknown> {
  // Inside the checkout, for the samples import vitest.
  mkdirSync(join(root, "out"), { recursive: true });
  const folder = mkdtempSync(join(root, "out", "tally-"));
  try {
    for (const [name, text] of Object.entries(samples)) {
      writeFileSync(join(folder, name), imports + text);
    }
    const reporter = JSON.stringify(join(import.meta.dirname, "reporter.ts"));
    const config = `import { TallyReporter } from ${reporter};
      export default { test: { pool: "threads", isolate: false, reporters: [new TallyReporter()] } };`;
    writeFileSync(join(folder, "vitest.config.ts"), config);
    const end = await new Children().run({ command: "vitest", list: ["run", "--root", folder] });
    expect(end.isGood).toBe(false);
    return end.message;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
