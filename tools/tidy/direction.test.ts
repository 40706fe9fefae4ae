/** Tests of the arrows between packages. */
import { expect, test } from "vitest";
import { direction } from "./direction.ts";
import { check, checkText } from "./sample.ts";

test.each([
  ["packages/core/src/a.ts", "@warren/api", "core may not import api"],
  ["packages/api/src/a.ts", "@warren/relay", "api may not import relay"],
  ["packages/relay/src/a.ts", "@warren/api", "relay may not import api"],
  ["packages/server/src/a.ts", "@warren/agent", "server may not import agent"],
  ["packages/web/src/a.ts", "@warren/server", "web may not import server"],
  ["packages/cli/src/a.ts", "@warren/relay", "cli may not import relay"],
  ["packages/cli/src/a.ts", "@warren/cli", '"@warren/cli" is the package itself'],
  ["packages/cli/src/a.ts", "@warren/core/src/b.ts", '"@warren/core/src/b.ts" reaches into core'],
  ["packages/cli/src/a.ts", "../../core/src/b.ts", '"../../core/src/b.ts" leaves the package'],
  [
    "packages/core/src/a.ts",
    "../../../tools/runs.ts",
    '"../../../tools/runs.ts" leaves the package',
  ],
  ["packages/core/src/a.test.ts", "../../../lab/b.ts", '"../../../lab/b.ts" leaves the package'],
  ["packages/core/src/a.test.ts", "@warren/cli", "core may not import cli"],
])("direction() stops %s from importing %s", (path, specifier, what) => {
  expect(checkText(direction, `import type { b } from "${specifier}";`, path)).toEqual([
    `1: ${what}`,
  ]);
});

test.each([
  ["packages/api/src/a.ts", "@warren/core"],
  ["packages/agent/src/a.ts", "@warren/relay"],
  ["packages/cli/src/a.ts", "@warren/operator"],
  ["packages/web/src/demo.ts", "@warren/server"],
  ["packages/core/src/plan/a.ts", "../ip/b.ts"],
  ["packages/core/src/a.test.ts", "../../../tools/runs.ts"],
  ["packages/core/src/a.contract.ts", "../../../tools/runs.ts"],
  ["lab/main.ts", "../packages/cli/src/main.ts"],
  ["tools/a.ts", "@warren/core"],
])("direction() lets %s import %s", (path, specifier) => {
  expect(checkText(direction, `import { b } from "${specifier}";`, path)).toEqual([]);
});

test("direction() sees every way to import", () => {
  const text = [
    'export { b } from "@warren/api";',
    'export * from "@warren/api";',
    'export async function f(): Promise<unknown> { return import("@warren/api"); }',
    'export type T = import("@warren/api").T;',
    '// import { b } from "@warren/api";',
    "export const text = 'import { b } from \"@warren/api\"';",
  ].join("\n");
  const found = [1, 2, 3, 4].map(
    (line) => `packages/core/src/a.ts:${line}: core may not import api`,
  );
  expect(check(direction, { "packages/core/src/a.ts": text })).toEqual(found);
});
