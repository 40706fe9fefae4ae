/** Tests of the parts of the language left alone, and of the shell. */
import { expect, test } from "vitest";
import { language, noShell } from "./language.ts";
import { checkText } from "./sample.ts";

test.each([
  ["enum A { b }", "an enum"],
  ["namespace A {}", "a namespace"],
  ["class A { @b c = 1; }", "a decorator"],
  ["class A { constructor(readonly b: string) {} }", "a parameter property"],
  ["export default 1;", "a default export"],
  ["let a: any;", "any"],
  ["a!.b;", "a non-null !"],
  ["let a!: string;", "a non-null !"],
  ["class A { b!: string; }", "a non-null !"],
  ["class A { private b = 1; }", "the keyword private"],
  ["class A { protected b() {} }", "the keyword protected"],
  ["class A extends Map {}", "inheritance"],
  ["const a = class extends B {};", "inheritance"],
])("language() refuses: %s", (text, what) => {
  expect(checkText(language, text)).toEqual([`1: ${what}`]);
});

test.each([
  'declare module "*.css" {}',
  "declare global {}",
  "class A extends Error { #b = 1; private constructor() { super(); } }",
  "const any = !a; const enumeration = { default: 1 };",
  "if (a != b) {}",
  "const a: unknown = null;",
])("language() accepts: %s", (text) => {
  expect(checkText(language, text)).toEqual([]);
});

test("language() lets a configuration be a default export", () => {
  expect(checkText(language, "export default {};", "vitest.config.ts")).toEqual([]);
  expect(checkText(language, "export default {} as any;", "vitest.config.ts")).toEqual(["1: any"]);
});

test.each([
  'spawn("ls", { shell: true });',
  "const options = { shell: true };",
  'spawn("ls", [], { shell: "/bin/bash" });',
  'spawn("sh", ["-c", "ls | wc"]);',
  'children.spawnSync("/bin/bash", ["-euc", "ls"]);',
  'import { exec } from "node:child_process";',
  'import { execSync as run } from "child_process";',
  'import * as child from "node:child_process";',
  'const { exec } = await import("node:child_process");',
])("noShell() refuses: %s", (text) => {
  expect(checkText(noShell, text)).toHaveLength(1);
});

test.each([
  'spawn("ls", ["-c"], { shell: false });',
  'spawn("sh", ["tools/bootstrap.sh", "ls"]);',
  'import { execFile, spawn } from "node:child_process";',
  "pattern.exec(text); user.shell = true;",
  'complete({ shell: "bash" });',
  "const options = { detached: true };",
  'run("sh", ["-c", "ls"], { shell: "sh" });',
])("noShell() accepts: %s", (text) => {
  expect(checkText(noShell, text)).toEqual([]);
});
