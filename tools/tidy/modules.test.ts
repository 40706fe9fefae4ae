/** Tests of cycles and public lists. */
import { expect, test } from "vitest";
import { cycles, publicLists } from "./modules.ts";
import { check, checkText } from "./sample.ts";

test("cycles() names the files of a cycle, once", () => {
  const files = {
    "packages/core/src/a.ts": 'import type { b } from "./ip/b.ts";',
    "packages/core/src/ip/b.ts": 'import { c } from "../c.ts";',
    "packages/core/src/c.ts": 'import { b } from "./ip/b.ts";',
  };
  expect(check(cycles, files)).toEqual([
    "packages/core/src/ip/b.ts:1: import cycle packages/core/src/ip/b.ts → packages/core/src/c.ts → packages/core/src/ip/b.ts",
  ]);
});

test("cycles() lets two files import a third", () => {
  const files = {
    "packages/core/src/a.ts": 'import "./b.ts"; import "./c.ts";',
    "packages/core/src/b.ts": 'import "./c.ts";',
    "packages/core/src/c.ts": 'import "yaml";',
  };
  expect(check(cycles, files)).toEqual([]);
});

test("publicLists() keeps mod.ts to passing on", () => {
  const path = "packages/core/src/mod.ts";
  const good = 'export { a } from "./a.ts";\nexport type * from "./b.ts";\nexport {};';
  expect(checkText(publicLists, good, path)).toEqual([]);
  const bad = 'import { a } from "./a.ts";\nexport const b = 1;\nexport function f() {}';
  expect(checkText(publicLists, bad, path)).toHaveLength(3);
});

test.each([
  'export { a } from "./b.ts";',
  'export * from "./b.ts";',
  'import { a } from "./b.ts"; export { a };',
  'import * as a from "./b.ts"; export { a as c };',
])("publicLists() finds a second list in: %s", (text) => {
  expect(checkText(publicLists, text)).toEqual([
    "1: only a package's mod.ts passes on what it imports",
  ]);
});

test("publicLists() lets a file export its own by a list", () => {
  expect(checkText(publicLists, 'import { a } from "./b.ts"; const c = a; export { c };')).toEqual(
    [],
  );
});

test("publicLists() finds a mod.ts in a folder of a package", () => {
  expect(checkText(publicLists, "", "packages/core/src/ip/mod.ts")).toEqual(["1: a second mod.ts"]);
});
