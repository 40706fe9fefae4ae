/** Tests of the caps: that they are set, and that the lint really fails beyond each. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { budget, caps, lintCaps, lintSwitches } from "./caps.ts";
import { check, checkText } from "./sample.ts";

const root = join(import.meta.dirname, "../..");

const config = {
  rules: Object.fromEntries(Object.entries(caps).map(([name, max]) => [name, ["error", { max }]])),
  overrides: [
    { files: ["**/*.test.ts"], rules: { "max-lines-per-function": "off", eqeqeq: "off" } },
  ],
};

function checkConfig(value: unknown): readonly string[] {
  return checkText(lintCaps, JSON.stringify(value), ".oxlintrc.json");
}

test("lintCaps() accepts the caps, and long functions in tests", () => {
  expect(checkConfig(config)).toEqual([]);
});

test.each([
  ["max-lines", "off"],
  ["max-lines", ["warn", { max: 400 }]],
  ["max-params", ["error", { max: 5 }]],
  ["max-depth", ["error"]],
])("lintCaps() refuses %s at %j", (name, value) => {
  expect(checkConfig({ ...config, rules: { ...config.rules, [name]: value } })).toEqual([
    `1: ${name} is not an error at ${caps[name]}`,
  ]);
});

test("lintCaps() refuses a cap lifted for some files", () => {
  const lifted = { files: ["lab/**"], rules: { "max-lines-per-function": "off" } };
  const tests = { files: ["**/*.test.ts"], rules: { "max-lines": "off" } };
  expect(checkConfig({ ...config, overrides: [lifted, tests] })).toEqual([
    "1: max-lines-per-function is lifted for some files",
    "1: max-lines is lifted for some files",
  ]);
});

test("lintSwitches() wants a reason, and takes none for a cap", () => {
  const off = "oxlint-disable-next-line";
  const text = [
    `// ${off} no-console -- the reader asked for it`,
    `const a = "// ${off}";`,
    `a(); // ${off} no-console`,
    `/* eslint-disable max-lines -- long */`,
  ].join("\n");
  expect(checkText(lintSwitches, text)).toEqual([
    "3: a rule switched off without a reason",
    "4: max-lines switched off",
  ]);
});

test("budget() counts the lines of packages without their tests, messages and comments", () => {
  const most = `${"a();\n".repeat(5)}\n// why\n/** Why,\n * at length. */\n`;
  const fits = {
    "packages/core/src/a.ts": most,
    "packages/core/src/a.test.ts": most,
    "packages/core/src/messages/a.ts": most,
    "lab/a.ts": most,
  };
  const judge: typeof budget = (repository) => budget(repository, { packages: 5, console: 8 });
  expect(check(judge, fits)).toEqual([]);
  expect(check(judge, { ...fits, "packages/cli/src/a.sh": "# why\na\n" })).toEqual([
    "packages:1: 6 lines of code, of 5",
  ]);
  expect(check(judge, { "packages/web/src/a.ts": "a();\n".repeat(9) })).toEqual([
    "packages/web:1: 9 lines of code, of 8",
  ]);
});

test("the lint fails on a file beyond each cap, and on none within", () => {
  const folder = mkdtempSync(join(tmpdir(), "warren-caps-"));
  try {
    for (const [name, max] of Object.entries(caps)) {
      writeFileSync(join(folder, `${name}-within.ts`), sampleOf(name, max));
      writeFileSync(join(folder, `${name}-beyond.ts`), sampleOf(name, max + 1));
    }
    const list = ["-c", join(root, ".oxlintrc.json"), "-f", "unix", folder];
    const lint = spawnSync(join(root, "node_modules/.bin/oxlint"), list, { encoding: "utf8" });
    const found = [...lint.stdout.matchAll(/([\w-]+)\.ts:.*?\[Error\/eslint\(([\w-]+)\)\]/g)];
    expect(found.map(([, file, rule]) => `${file}: ${rule}`).toSorted()).toEqual(
      Object.keys(caps)
        .map((name) => `${name}-beyond: ${name}`)
        .toSorted(),
    );
    expect(lint.status).toBe(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** A file that reaches a cap exactly. */
function sampleOf(name: string, size: number): string {
  switch (name) {
    case "max-lines":
      return "export const a = 1;\n" + "// A line.\n".repeat(size - 1);
    case "max-lines-per-function":
      return `export function f(): void {\n${"  // A line.\n".repeat(size - 2)}}\n`;
    case "max-params": {
      const names = Array.from({ length: size }, (_, index) => `a${index}`);
      const list = names.map((parameter) => `${parameter}: number`).join(", ");
      return `export function f(${list}): number {\n  return ${names.join(" + ")};\n}\n`;
    }
    default:
      return `export function f(a: number): number {\n${"if (a > 1) {\n".repeat(size)}return a;\n${"}\n".repeat(size)}return 1;\n}\n`;
  }
}
