/** Runs every check there is and ends with one line of counts: types, lint and format beside the tests. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Start } from "./children.ts";
import { Children, root } from "./children.ts";
import type { Tally } from "./reporter.ts";

/** A tally, and what the reader must see of it at the end. */
interface Result extends Tally {
  readonly report: string;
}

/** What has not changed since the last check is not read again. */
const TYPES_CACHE = "node_modules/.cache/types.tsbuildinfo";

const steps: Readonly<Record<string, Start>> = {
  types: { command: "tsc", list: ["--incremental", "--tsBuildInfoFile", TYPES_CACHE] },
  // What runs in a browser has a browser's globals, and nothing else has.
  pageTypes: { command: "tsc", list: ["-p", "packages/server/src/page"] },
  lint: { command: "oxlint", list: [] },
  format: { command: "oxfmt", list: ["--check"] },
};

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { all: { type: "boolean", default: false } } });
  const children = new Children();
  const results = await Promise.all([
    runTests(children, "check"),
    ...Object.keys(steps).map((name) => runStep(children, name)),
  ]);
  // These measure and count processes: they have the machine for themselves.
  if (values.all && existsSync(join(root, "e2e"))) results.push(await runTests(children, "e2e"));
  const failed = sum(results.map((result) => result.failed));
  print(results, failed);
  process.exitCode = failed === 0 ? 0 : 1;
}

async function runStep(children: Children, name: string): Promise<Result> {
  const start = steps[name];
  if (start === undefined) return failure(`no step "${name}"`);
  const end = await children.run(start);
  if (end.isGood) return { passed: 1, failed: 0, skipped: [], report: "" };
  return failure(`\n${name}: ${start.command} ${end.how}\n${end.output.trimEnd()}`);
}

async function runTests(children: Children, project: string): Promise<Result> {
  // No snapshot is written and no test runs alone: a check changes nothing, and checks all.
  const list = ["run", "--project", project, "--update=none", "--allowOnly=false"];
  const end = await children.run({ command: "vitest", list, isLive: true });
  const tally = end.message as Tally | undefined;
  if (tally === undefined) return failure(`\ntests of ${project}: vitest ${end.how}, no result`);
  const count = tally.passed + tally.failed + tally.skipped.length;
  if (count === 0) return failure(`\ntests of ${project}: no test found`);
  if (end.isGood || tally.failed > 0) return { ...tally, report: "" };
  const report = `\ntests of ${project}: vitest ${end.how} after the last test`;
  return { ...tally, failed: 1, report };
}

function failure(report: string): Result {
  return { passed: 0, failed: 1, skipped: [], report };
}

function print(results: readonly Result[], failed: number): void {
  for (const { report } of results) if (report !== "") console.log(report);
  const skipped = results.flatMap((result) => result.skipped);
  for (const line of skipped) console.log(`skipped: ${line}`);
  const passed = sum(results.map((result) => result.passed));
  console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
