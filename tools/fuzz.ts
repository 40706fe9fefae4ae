/** Tries the properties far more often than a check does, each round with another seed, until one fails. */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import type { End } from "./children.ts";
import { Children, root } from "./children.ts";
import type { Tally } from "./reporter.ts";
import { readFiles } from "./tidy.ts";
import { isTest, parseRepository, resolveImport } from "./tidy/repository.ts";

const usage = `npm run fuzz -- [--rounds N] [--factor N] [--seed N] [-t NAME] [PATH …]
  --rounds N  stop after N rounds (without: never)
  --factor N  how many times the runs of a check (40)
  --seed N    the seed of the first round, the next ones count up (without: chance)
  -t NAME     only tests whose name holds it
  PATH        only files whose path holds one of these`;

interface Options {
  readonly rounds: number;
  readonly factor: number;
  readonly seed: number | undefined;
  readonly name: string | undefined;
  readonly paths: readonly string[];
}

await main();

async function main(): Promise<void> {
  const options = parseOptions();
  const files = options === undefined ? [] : findProperties(options.paths);
  if (options === undefined || files.length === 0) {
    console.error(`${options === undefined ? "" : "no such test imports tools/runs.ts\n"}${usage}`);
    process.exitCode = 2;
    return;
  }
  const children = new Children();
  for (let round = 1; round <= options.rounds; round += 1) {
    const seed = options.seed === undefined ? randomInt(2 ** 31) : options.seed + round - 1;
    const begin = performance.now();
    const end = await runRound(children, files, { ...options, seed });
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    const [isGood, result] = judge(end);
    console.log(`round ${round}: seed ${seed}, ${seconds} s, ${result}`);
    if (!isGood) {
      console.log(`${end.output}\nreplay: ${printReplay({ ...options, seed })}`);
      process.exitCode = 1;
      return;
    }
  }
}

/** Undefined when the arguments make no sense: the reader is told how they would. */
function parseOptions(): Options | undefined {
  try {
    const text = { type: "string" } as const;
    const options = {
      rounds: text,
      factor: text,
      seed: text,
      name: { ...text, short: "t" },
    } as const;
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    return {
      rounds: values.rounds === undefined ? Infinity : parseCount(values.rounds),
      factor: parseCount(values.factor ?? "40"),
      seed: values.seed === undefined ? undefined : parseCount(values.seed),
      name: values.name,
      paths: positionals,
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n`);
    return undefined;
  }
}

function parseCount(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new Error(`not a number: "${text}"`);
  return Number(text);
}

/** The test files that say by tools/runs.ts how often they try. */
function findProperties(parts: readonly string[]): readonly string[] {
  const { sources } = parseRepository(readFiles(root));
  return sources
    .filter((source) => isTest(source))
    .filter((source) =>
      source.imports.some(({ specifier }) => resolveImport(source, specifier) === "tools/runs.ts"),
    )
    .map(({ path }) => path)
    .filter((path) => parts.length === 0 || parts.some((part) => path.includes(part)));
}

async function runRound(
  children: Children,
  files: readonly string[],
  { seed, factor, name }: Options,
): Promise<End> {
  const pattern = name === undefined ? [] : ["-t", name];
  return children.run({
    command: "vitest",
    list: ["run", "--update=none", ...pattern, ...files],
    environment: { WARREN_FUZZ_FACTOR: String(factor), WARREN_FUZZ_SEED: String(seed) },
  });
}

/** A round without a test tried nothing: that is a failure, too. */
function judge({ isGood, how, message }: End): readonly [isGood: boolean, result: string] {
  const tally = message as Tally | undefined;
  if (tally === undefined) return [false, `vitest ${how}, no result`];
  const result = `${tally.passed} passed, ${tally.failed} failed`;
  return [isGood && tally.passed > 0, result];
}

function printReplay({ factor, seed, name, paths }: Options): string {
  const pattern = name === undefined ? [] : ["-t", JSON.stringify(name)];
  const list = ["--rounds", 1, "--factor", factor, "--seed", seed, ...pattern, ...paths];
  return `npm run fuzz -- ${list.join(" ")}`;
}
