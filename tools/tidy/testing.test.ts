/** Tests of the rules for tests. */
import { expect, test } from "vitest";
import { checkText } from "./sample.ts";
import { honestTests, noSleeps, recordedSnapshots } from "./testing.ts";

const path = "packages/core/src/a.test.ts";

test.each([
  'test.only("a", f);',
  'describe.concurrent.only("a", f);',
  'test.skip("a", f);',
  'it.todo("a");',
  'test.skipIf(isRoot)("a", f);',
  'test("a", (context) => { context.skip(); });',
  'test("a", ({ skip }) => { skip(!isRoot); });',
  'test("a", (context) => { context.skip(""); });',
  'test("a", { only: true }, f);',
  'kernelTest.skip("a", () => {});',
])("honestTests() refuses: %s", (text) => {
  expect(checkText(honestTests, text, path)).toHaveLength(1);
});

test.each([
  'test("a", (context) => { context.skip("needs root"); });',
  'test("a", (context) => { context.skip(!isRoot, "needs root"); });',
  'test("a", (context) => { context.skip(reason); });',
  'test("only skip", { timeout: 1 }, f); const only = options.only;',
  'test.each([1])("a", f);',
])("honestTests() accepts: %s", (text) => {
  expect(checkText(honestTests, text, path)).toEqual([]);
});

test.each([
  "setTimeout(f, 10);",
  "await new Promise((resolve) => setTimeout(resolve, 10));",
  'import { scheduler } from "node:timers/promises";',
])("noSleeps() refuses: %s", (text) => {
  expect(checkText(noSleeps, text, path)).toHaveLength(1);
  expect(checkText(noSleeps, text, "e2e/a.test.ts")).toEqual([]);
});

test("noSleeps() accepts a clock of the test's own", () => {
  expect(checkText(noSleeps, 'clock.advance(10); const text = "setTimeout";', path)).toEqual([]);
});

test.each([
  "expect(text).toMatchInlineSnapshot();",
  "expect(f).toThrowErrorMatchingInlineSnapshot();",
  "await expect(f()).rejects.toThrowErrorMatchingInlineSnapshot();",
  "expect(found).toMatchInlineSnapshot({ at: expect.any(Number) });",
])("recordedSnapshots() refuses: %s", (text) => {
  expect(checkText(recordedSnapshots, text, path)).toHaveLength(1);
  expect(checkText(recordedSnapshots, text, "e2e/a.test.ts")).toHaveLength(1);
});

test.each(["expect(text).toMatchInlineSnapshot(`1`);", "expect(text).toEqual();"])(
  "recordedSnapshots() accepts: %s",
  (text) => {
    expect(checkText(recordedSnapshots, text, path)).toEqual([]);
  },
);
