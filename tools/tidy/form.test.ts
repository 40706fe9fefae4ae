/** Tests of what a file looks like. */
import { expect, test } from "vitest";
import { headers, importWork, surroundings, testPlaces, topLevel } from "./form.ts";
import { check, checkText } from "./sample.ts";

test.each(["const a = 1;", "// What it owns\n", "/* What it owns */", "/** */", "\n/** Late */"])(
  "headers() finds none in: %j",
  (text) => {
    expect(checkText(headers, text)).toEqual(["1: no header"]);
  },
);

test.each([
  "/** What it owns. */",
  "/**\n * What it owns.\n */",
  "#!/usr/bin/env node\n/** What. */",
])("headers() accepts: %j", (text) => {
  expect(checkText(headers, text)).toEqual([]);
});

test("testPlaces() wants a test beside what it tests", () => {
  const files = {
    "packages/core/src/a.ts": "",
    "packages/core/src/a.test.ts": "",
    "packages/core/src/b.test.ts": "",
    "packages/core/src/ip.test.ts": "",
    "packages/core/src/ip/c.ts": "",
    "packages/core/src/ip/ip.test.ts": "",
    "packages/web/src/d.tsx": "",
    "packages/web/src/d.test.ts": "",
    "e2e/e.test.ts": "",
  };
  expect(check(testPlaces, files)).toEqual([
    "packages/core/src/b.test.ts:1: nothing beside it has this name",
  ]);
});

test.each([
  "export let a = 1;",
  "var a = 1;",
  "const f = () => 1;",
  "export const f = function () {};",
  "const f = (() => 1) as () => number;",
])("topLevel() refuses: %s", (text) => {
  expect(checkText(topLevel, text)).toHaveLength(1);
});

test.each([
  "const a = 1; const list = [() => 1];",
  "function f() { let a = 1; const g = () => a; }",
  "const a = f(() => 1);",
])("topLevel() accepts: %s", (text) => {
  expect(checkText(topLevel, text)).toEqual([]);
});

test("topLevel() lets a slow test keep what its hooks set up", () => {
  expect(checkText(topLevel, "let a = 1;", "e2e/a.test.ts")).toEqual([]);
  expect(checkText(topLevel, "let a = 1;", "e2e/a.ts")).toHaveLength(1);
  expect(checkText(topLevel, "var a = 1;", "e2e/a.test.ts")).toHaveLength(1);
});

test.each(["start();", "for (const a of b) {}", "if (a) {}", "const a = await f();", "throw 1;"])(
  "importWork() refuses: %s",
  (text) => {
    expect(checkText(importWork, text)).toEqual(["1: work at import"]);
    expect(checkText(importWork, text, "packages/cli/src/main.ts")).toEqual([]);
    expect(checkText(importWork, text, "packages/server/src/page/main.ts")).toEqual([]);
    expect(checkText(importWork, text, "packages/cli/src/a.test.ts")).toEqual([]);
    expect(checkText(importWork, text, "tools/check.ts")).toEqual([]);
    const both = { "tools/a.ts": text, "tools/b.ts": 'import "./a.ts";' };
    expect(check(importWork, both)).toEqual(["tools/a.ts:1: work at import"]);
  },
);

test("importWork() accepts declarations", () => {
  const text =
    "import a from 'b'; const c = new Map(); function f() {} class A {} type B = 1; export { c };";
  expect(checkText(importWork, text)).toEqual([]);
});

test.each([
  ["const a = process.env.HOME;", "env"],
  ['process["exit"](1);', "exit"],
  ['import { argv } from "node:process";', "argv"],
])("surroundings() leaves to main.ts: %s", (text, name) => {
  expect(checkText(surroundings, text)).toEqual([`1: process.${name} outside main.ts`]);
  expect(checkText(surroundings, text, "packages/cli/src/main.ts")).toEqual([]);
  expect(checkText(surroundings, text, "packages/cli/src/a.test.ts")).toEqual([]);
  const both = {
    "lab/a.ts": text,
    "tools/a.ts": text,
    "lab/b.ts": 'import "./a.ts"; import "../tools/a.ts";',
  };
  expect(check(surroundings, both)).toEqual([`lab/a.ts:1: process.${name} outside main.ts`]);
});

test("surroundings() accepts the rest of the process", () => {
  const text =
    'import { hrtime } from "node:process"; process.stdout.write("a"); options.process.pid;';
  expect(checkText(surroundings, text)).toEqual([]);
});
