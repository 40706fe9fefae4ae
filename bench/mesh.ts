/** A thousand nodes in full mesh, by the command that people run, as whole processes. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median } from "./measurement.ts";
import type { Measurement } from "./measurement.ts";

const NODES = 1000;
const MEMORY = "/dev/shm";
const TAGS = 50;
const RUNS = 5;
const WARREN = fileURLToPath(new URL("../warren", import.meta.url));
const PROBE = fileURLToPath(new URL("probe.ts", import.meta.url));

interface Run {
  readonly seconds: number;
  readonly peakMb: number;
}

export function measureMesh(): readonly Measurement[] {
  // In memory where that can be: a disk that makes two thousand files takes as long as it likes.
  const place = existsSync(MEMORY) ? MEMORY : tmpdir();
  const folder = mkdtempSync(join(place, "warren-bench-"));
  try {
    writeMesh(folder, NODES);
    // Keys are made once in a mesh's life: this run is not counted.
    const first = warren(folder, "render");
    const runs = Array.from({ length: RUNS }, () => renderFresh(folder));
    const before = readOutput(folder);
    const again = warren(folder, "render");
    const changedFiles = countChanges(before, readOutput(folder));
    writeMesh(folder, NODES + 1);
    warren(folder, "render");
    const blocks = blocksPerFile(before, readOutput(folder));
    writeMesh(folder, NODES, policy());
    renderFresh(folder);
    const ruled = Array.from({ length: RUNS }, () => renderFresh(folder));
    const all = [first, again, ...runs, ...ruled];
    const peakMb = Math.max(...all.map((run) => run.peakMb));
    return [
      {
        what: "1,000 nodes, all files, checks and keys",
        target: 3,
        measured: median(runs.map(({ seconds }) => seconds)),
        unit: "s",
      },
      { what: "the same again, nothing to write", target: 3, measured: again.seconds, unit: "s" },
      {
        what: "1,000 nodes with a policy of 100 rules",
        target: 3,
        measured: median(ruled.map(({ seconds }) => seconds)),
        unit: "s",
      },
      { what: "peak memory of any of these runs", target: 200, measured: peakMb, unit: "MB" },
      { what: "files that a second render changes", target: 0, measured: changedFiles, unit: "" },
      { what: "blocks a file that one more node changes", target: 1, measured: blocks, unit: "" },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function writeMesh(folder: string, count: number, policy = ""): void {
  const nodes = Array.from({ length: count }, (_, at) => {
    const name = `n${String(at).padStart(4, "0")}`;
    // A tag that no rule names says nothing.
    const tags = policy === "" ? "" : `, tags: [t${at % TAGS}]`;
    return `  ${name}: { endpoint: 198.51.${at >> 8}.${at & 255}${tags} }\n`;
  });
  const text = `network: { name: large, addresses: [10.66.0.0/16] }\nnodes:\n${nodes.join("")}`;
  writeFileSync(join(folder, "warren.yaml"), `${text}${policy}`);
}

/** A hundred rules: twenty nodes to twenty others each, and one by which all pairs have tunnels. */
function policy(): string {
  const rules = Array.from({ length: 99 }, (_, at) => {
    const [from, to] = [at % TAGS, (at * 7 + 3) % TAGS];
    return `  - { from: "tag:t${from}", to: "tag:t${to}", ports: [tcp/${1000 + at}, udp/53] }\n`;
  });
  return `policy:\n  - { from: 10.66.0.0/16, to: 10.66.0.0/16, ports: icmp }\n${rules.join("")}`;
}

/** Into a folder that is not there, and gone before the next: memory is not without end. */
function renderFresh(folder: string): Run {
  const run = warren(folder, "render", "-o", "fresh");
  rmSync(join(folder, "fresh"), { recursive: true });
  return run;
}

/** Time of the whole process from outside; peak memory as the process itself reports it at its end. */
function warren(folder: string, ...words: readonly string[]): Run {
  const report = join(folder, "peak");
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(WARREN, words, {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: `--import=${PROBE}`, WARREN_PEAK_FILE: report },
    encoding: "utf8",
  });
  const seconds = (performance.now() - startedAt) / 1000;
  if (status !== 0) throw new Error(`warren ${words.join(" ")} exited with ${status}\n${stderr}`);
  return { seconds, peakMb: Number(readFileSync(report, "utf8")) / 1024 };
}

function readOutput(folder: string): ReadonlyMap<string, string> {
  const output = join(folder, "out");
  const folders = readdirSync(output, { withFileTypes: true }).filter((each) => each.isDirectory());
  return new Map(
    folders.map(({ name }) => [name, readFileSync(join(output, name, "warren0.conf"), "utf8")]),
  );
}

function countChanges(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): number {
  return [...before].filter(([name, text]) => after.get(name) !== text).length;
}

/** The most blocks that differ in any file that was there before. */
function blocksPerFile(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): number {
  const counts = [...before].map(([name, text]) => {
    const old = new Set(text.trimEnd().split("\n\n"));
    const now = (after.get(name) ?? "").trimEnd().split("\n\n");
    return now.filter((block) => !old.has(block)).length;
  });
  return Math.max(...counts);
}
