/** A thousand nodes in full mesh, by the command that people run, as whole processes. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median } from "./measurement.ts";
import type { Measurement } from "./measurement.ts";

const NODES = 1000;
const RUNS = 5;
const WARREN = fileURLToPath(new URL("../warren", import.meta.url));
const PROBE = fileURLToPath(new URL("probe.ts", import.meta.url));

interface Run {
  readonly seconds: number;
  readonly peakMb: number;
}

export function measureMesh(): readonly Measurement[] {
  const folder = mkdtempSync(join(tmpdir(), "warren-bench-"));
  try {
    writeMesh(folder, NODES);
    // Keys are made once in a mesh's life: this run is not counted.
    const first = warren(folder, "render");
    const runs = Array.from({ length: RUNS }, (_, at) =>
      warren(folder, "render", "-o", `fresh-${at}`),
    );
    const before = readOutput(folder);
    const again = warren(folder, "render");
    const changedFiles = countChanges(before, readOutput(folder));
    writeMesh(folder, NODES + 1);
    warren(folder, "render");
    const blocks = blocksPerFile(before, readOutput(folder));
    const peakMb = Math.max(first.peakMb, again.peakMb, ...runs.map((run) => run.peakMb));
    return [
      {
        what: "1,000 nodes, all files, checks and keys",
        target: 3,
        measured: median(runs.map(({ seconds }) => seconds)),
        unit: "s",
      },
      { what: "the same again, nothing to write", target: 3, measured: again.seconds, unit: "s" },
      { what: "peak memory of any of these runs", target: 200, measured: peakMb, unit: "MB" },
      { what: "files that a second render changes", target: 0, measured: changedFiles, unit: "" },
      { what: "blocks a file that one more node changes", target: 1, measured: blocks, unit: "" },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function writeMesh(folder: string, count: number): void {
  const nodes = Array.from({ length: count }, (_, at) => {
    return `  n${String(at).padStart(4, "0")}: { endpoint: 198.51.${at >> 8}.${at & 255} }\n`;
  });
  const text = `network: { name: large, addresses: [10.66.0.0/16] }\nnodes:\n${nodes.join("")}`;
  writeFileSync(join(folder, "warren.yaml"), text);
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
  const entries = readdirSync(output, { withFileTypes: true });
  const names = entries.filter((each) => each.isDirectory()).map(({ name }) => name);
  return new Map(
    names.map((name) => [name, readFileSync(join(output, name, "warren0.conf"), "utf8")]),
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
