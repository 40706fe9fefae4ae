/** The judge against bugs: each is put into a copy of the compiler, and is seen in what that compiles. */
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import fc from "fast-check";
import type { compile, index } from "@warren/core";
import { root } from "../children.ts";
import { topologyDocuments } from "../random-topology.ts";
import { bugs } from "./bugs.ts";
import type { Bug } from "./bugs.ts";
import { judge } from "./judge.ts";
import { readTopology } from "./plans.contract.ts";

/** How many topologies a bug may hide in, and how many are drawn at a time. */
const MOST = 1000;
const BATCH = 25;

const CORE = join(root, "packages/core/src");

type Topology = NonNullable<ReturnType<typeof readTopology>>;

const drawn = new Map<number, readonly Topology[]>();
const folder = mkdtempSync(join(tmpdir(), "warren-bugs-"));

afterAll(() => rmSync(folder, { recursive: true }));

test.each(bugs)("judge() catches that $name", (bug) => {
  const compiler = loadCompiler(bug);
  expect(findCatch(compiler)).toBeLessThan(MOST);
});

interface Compiler {
  readonly index: typeof index;
  readonly compile: typeof compile;
}

/** The compiler with the bug in it. */
function loadCompiler(bug: Bug): Compiler {
  const copy = mkdtempSync(join(folder, "core-"));
  // Where links lead is loaded once for all bugs: none of it imports what is copied, but its neighbours.
  const copied = new Set(["plan", dirname(bug.file)]);
  for (const name of readdirSync(CORE)) {
    const [source, target] = [join(CORE, name), join(copy, name)];
    if (copied.has(name)) cpSync(source, target, { recursive: true });
    else symlinkSync(source, target);
  }
  const file = join(copy, bug.file);
  const text = readFileSync(file, "utf8").split(bug.find);
  expect(text, `"${bug.find}" stands once in ${bug.file}`).toHaveLength(2);
  writeFileSync(file, text.join(bug.replace));
  // Node loads these itself, in half the time that it takes to have them transformed for a test.
  const load = createRequire(join(copy, "plan/compile.ts"));
  return { ...load("./members.ts"), ...load("./compile.ts") };
}

/** The place of the first topology in which the bug shows; Infinity when it shows in none. */
function findCatch(compiler: Compiler): number {
  for (let seed = 0; seed < MOST / BATCH; seed += 1) {
    const at = drawTopologies(seed).findIndex(({ mesh, lock }) => {
      const devices = [...compiler.compile(compiler.index(mesh, lock))];
      return judge(mesh, lock, devices).length > 0;
    });
    if (at !== -1) return seed * BATCH + at;
  }
  return Infinity;
}

/** The same for every bug, and drawn once. */
function drawTopologies(seed: number): readonly Topology[] {
  const known = drawn.get(seed);
  if (known !== undefined) return known;
  const documents = fc.sample(topologyDocuments(9), { numRuns: BATCH, seed });
  const topologies = documents.flatMap((document) => readTopology(document) ?? []);
  drawn.set(seed, topologies);
  return topologies;
}
