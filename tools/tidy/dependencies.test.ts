/** Tests of the declared dependencies. */
import { expect, test } from "vitest";
import { dependencies } from "./dependencies.ts";
import { check } from "./sample.ts";

const root = JSON.stringify({ devDependencies: { vitest: "1" } });
const testing = { "tools/a.test.ts": 'import { test } from "vitest";' };

test("dependencies() accepts what is declared and used", () => {
  const files = {
    ...testing,
    "package.json": root,
    "packages/cli/package.json": '{ "dependencies": { "yaml": "1", "@warren/core": "1" } }',
    "packages/cli/src/a.ts":
      'import "node:fs"; import "yaml/sub"; import "./b.ts"; import "@warren/core";',
    "packages/cli/src/a.test.ts": 'import { test } from "vitest";',
    "lab/a.ts": 'import "@warren/cli";',
  };
  expect(check(dependencies, files)).toEqual([]);
});

test("dependencies() names what is imported and not declared", () => {
  const files = {
    ...testing,
    "package.json": root,
    "packages/cli/package.json": "{}",
    "packages/cli/src/a.ts": 'import "vitest";\nimport "@warren/core";\nimport "yaml/sub";',
    "tools/b.ts": 'import "left-pad";\nconst name = "a"; await import(name);',
  };
  expect(check(dependencies, files)).toEqual([
    'packages/cli/src/a.ts:1: "vitest" is not declared',
    'packages/cli/src/a.ts:2: "@warren/core" is not declared',
    'packages/cli/src/a.ts:3: "yaml" is not declared',
    'tools/b.ts:1: "left-pad" is not declared',
  ]);
});

test("dependencies() names what is declared and not imported", () => {
  const files = {
    "package.json": '{\n"devDependencies": {\n"vitest": "1",\n"oxlint": "1" } }',
    "packages/cli/package.json": '{ "dependencies": {\n"yaml": "1" } }',
    "packages/cli/src/a.ts": 'import "vitest";',
    "packages/cli/src/a.test.ts": 'import "yaml";',
  };
  expect(check(dependencies, files)).toEqual([
    'packages/cli/src/a.ts:1: "vitest" is not declared',
    'packages/cli/package.json:2: nothing imports "yaml"',
    'package.json:3: nothing imports "vitest"',
  ]);
});
