/** Tests of the rule of purity. */
import { expect, test } from "vitest";
import { purity } from "./purity.ts";
import { check, checkText } from "./sample.ts";

test.each([
  "const a = Date.now();",
  "const a = new Date();",
  "const a = { Date };",
  "function f(a = performance.now()) {}",
  "function f() { fetch('x'); } function g(fetch) {}",
  "const a = Math.random();",
  'const a = Math["random"]();',
  "const { random } = Math;",
  "const a = crypto.randomUUID();",
  "console.log(1);",
  "const a = process.env;",
  "const a = Buffer.from('');",
  "setTimeout(() => {}, 1);",
  "queueMicrotask(() => {});",
  "const a = globalThis;",
  "const a = window as unknown;",
  "const a = import.meta.url;",
  'import { a } from "node:path";',
  'import { a } from "yaml";',
  'import { a } from "@warren/api";',
])("purity() finds the world in: %s", (text) => {
  expect(checkText(purity, text)).toHaveLength(1);
});

test.each([
  "const a = Math.max(1, 2);",
  "const a = b.process.env; const c = { process: 1, crypto: 2 };",
  "function f(document, { window: { fetch: navigator } }) { return document + navigator; }",
  "function f() { const process = 1; return () => process; }",
  "let a: Date; type B = typeof process; interface C { fetch(console: Buffer): void }",
  "class A { process = 1; crypto() {} }",
  "try {} catch (process) { a(process); }",
  "function f() { return new.target; }",
  "console: for (;;) { break console; }",
  '// process.exit()\nconst a = "process";',
  'import { a } from "./b.ts"; import { process } from "./c.ts"; process();',
])("purity() finds no world in: %s", (text) => {
  expect(checkText(purity, text)).toEqual([]);
});

test("purity() says what it found, and where", () => {
  expect(checkText(purity, "// Größe 🐇\n\nexport const a = Date.now();")).toEqual([
    '3: pure code uses the global "Date"',
  ]);
});

test("purity() reaches to the pure parts of the apps, and no further", () => {
  const text =
    'import { a } from "@warren/core";\nimport type { b } from "../kernel/c.ts";\nDate.now();';
  const files = {
    "packages/agent/src/path/a.ts": text,
    "packages/agent/src/path/a.test.ts": text,
    "packages/agent/src/loop/a.ts": text,
    "packages/server/src/commands/a.ts": 'import { a } from "../store/b.ts";',
  };
  expect(check(purity, files)).toEqual([
    'packages/server/src/commands/a.ts:1: pure code imports "../store/b.ts"',
    'packages/agent/src/path/a.ts:3: pure code uses the global "Date"',
  ]);
});
