/** Tests of the tree's rule. */
import { expect, test } from "vitest";
import { layout } from "./layout.ts";
import { check } from "./sample.ts";

const core = {
  "packages/core/package.json": "{}",
  "packages/core/src/mod.ts": "",
  "packages/core/src/a.ts": "",
};

test("layout() accepts the folders of the tree", () => {
  expect(check(layout, { ...core, "README.md": "", "docs/guide/a.md": "", ".ci/run": "" })).toEqual(
    [],
  );
});

test("layout() names a folder and a package that nobody planned", () => {
  const files = { "src/a.ts": "", "packages/extra/package.json": "{}" };
  expect(check(layout, files)).toEqual(
    expect.arrayContaining([
      'src/a.ts:1: "src" is no known top-level folder',
      'packages/extra/package.json:1: "extra" is no known package',
    ]),
  );
});

test("layout() names a package without code", () => {
  const files = {
    "packages/api/package.json": "{}",
    "packages/api/src/mod.ts": "",
    "packages/api/src/a.test.ts": "",
  };
  expect(check(layout, files)).toEqual([
    'packages/api/package.json:1: the package "api" has no code',
  ]);
});

test("layout() names a package without a public list", () => {
  const files = { "packages/api/package.json": "{}", "packages/api/src/a.ts": "" };
  expect(check(layout, files)).toEqual([
    'packages/api/package.json:1: "packages/api/src/mod.ts" is missing',
  ]);
});

test("layout() wants every place in ARCHITECTURE.md, by its own name", () => {
  const text = "packages/ holds packages/core-extra and the collab/";
  expect(check(layout, { ...core, "lab/main.ts": "", "ARCHITECTURE.md": text })).toEqual([
    'ARCHITECTURE.md:1: "lab/" is not mentioned',
    'ARCHITECTURE.md:1: "packages/core" is not mentioned',
  ]);
  const better = "packages/ holds `packages/core/`; lab/ is for trying";
  expect(check(layout, { ...core, "lab/main.ts": "", "ARCHITECTURE.md": better })).toEqual([]);
});
