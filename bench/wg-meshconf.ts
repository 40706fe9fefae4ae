/**
 * Side by side with wg-meshconf, which a user would take instead: the files of a full mesh from what
 * is on the disk already, by both, turn by turn. Its work is less: no proof, no preshared keys.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median } from "./measurement.ts";
import type { Measurement } from "./measurement.ts";

const MEMORY = "/dev/shm";
const WARREN = fileURLToPath(new URL("../warren", import.meta.url));
/** Kept from run to run; git does not see it there. */
const TOOLS = fileURLToPath(new URL("../node_modules/.cache/warren-bench", import.meta.url));
const RELEASE = "wg-meshconf==2.5.1";

/** How often at each size: what takes long is measured less often. */
const SIZES: readonly { readonly nodes: number; readonly runs: number; readonly least: number }[] =
  [
    { nodes: 100, runs: 5, least: 1 },
    { nodes: 300, runs: 5, least: 5 },
    { nodes: 1000, runs: 3, least: 10 },
  ];

/** What one process took, its children included. */
interface Cost {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

export interface Comparison {
  readonly nodes: number;
  readonly ours: Cost;
  readonly theirs: Cost;
}

/** Runs a command and says what it took, by the kernel's own account. */
const STOPWATCH = `
import json, resource, subprocess, sys, time
started = time.monotonic()
status = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
seconds = time.monotonic() - started
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"status": status, "seconds": seconds,
                  "cpuSeconds": used.ru_utime + used.ru_stime, "peakMb": used.ru_maxrss / 1024}))
`;

/** Undefined, with the reason said, where Python or its packages cannot be had. */
export function compareWithMeshconf(): readonly Comparison[] | undefined {
  const why = installMeshconf();
  if (why === undefined) return SIZES.map(compare);
  console.error(`not compared with wg-meshconf: ${why}`);
  return undefined;
}

export function printComparisons(comparisons: readonly Comparison[]): void {
  const heads = ["nodes", "", "time", "CPU", "memory"].map(wideCell).join("");
  console.log(`\n${heads}`);
  for (const { nodes, ours, theirs } of comparisons) {
    const rows: readonly (readonly [string, Cost])[] = [
      ["warren", ours],
      ["wg-meshconf", theirs],
    ];
    for (const [name, { seconds, cpuSeconds, peakMb }] of rows) {
      const figures = [`${seconds.toFixed(2)} s`, `${cpuSeconds.toFixed(2)} s`];
      const cells = [String(nodes), name, ...figures, `${peakMb.toFixed(0)} MB`];
      console.log(cells.map(wideCell).join(""));
    }
    const ratios = [theirs.seconds / ours.seconds, theirs.cpuSeconds / ours.cpuSeconds];
    const cells = [...ratios, theirs.peakMb / ours.peakMb].map((ratio) => `× ${ratio.toFixed(1)}`);
    console.log(["", "ratio", ...cells].map(wideCell).join(""));
  }
}

function wideCell(text: string): string {
  return text.padStart(13);
}

export function judgeComparisons(comparisons: readonly Comparison[]): readonly Measurement[] {
  return comparisons.map(({ nodes, ours, theirs }) => ({
    what: `times as fast as wg-meshconf, ${nodes.toLocaleString("en")} nodes`,
    target: SIZES.find((size) => size.nodes === nodes)?.least ?? NaN,
    measured: theirs.seconds / ours.seconds,
    unit: "×",
    isLeast: true,
  }));
}

/** Into an environment of its own; the reason why not. */
function installMeshconf(): string | undefined {
  if (existsSync(join(TOOLS, RELEASE, "bin", "wg-meshconf"))) return undefined;
  mkdirSync(TOOLS, { recursive: true });
  const environment = join(TOOLS, RELEASE);
  const steps = [
    ["python3", "-m", "venv", "--clear", environment],
    [join(environment, "bin", "pip"), "install", "--quiet", RELEASE, "--upgrade", "cryptography"],
  ];
  for (const [command = "", ...words] of steps) {
    const { status, error, stderr } = spawnSync(command, words, { encoding: "utf8" });
    if (status === 0) continue;
    rmSync(environment, { recursive: true, force: true });
    return `${command} ${words.join(" ")}: ${error?.message ?? stderr.trim()} (Debian: apt-get install python3-venv)`;
  }
  return undefined;
}

function compare({ nodes, runs }: (typeof SIZES)[number]): Comparison {
  const folder = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "warren-bench-"));
  try {
    writeMesh(folder, nodes);
    // Both have made their keys before: that is done once in a mesh's life.
    measure(folder, [WARREN, "render", "-o", "ours"]);
    const meshconf = join(TOOLS, RELEASE, "bin", "wg-meshconf");
    const pairs = Array.from({ length: runs }, () => {
      rmSync(join(folder, "ours"), { recursive: true });
      const ours = measure(folder, [WARREN, "render", "-o", "ours"]);
      rmSync(join(folder, "theirs"), { recursive: true, force: true });
      const theirs = measure(folder, [meshconf, "genconfig", "-o", "theirs"]);
      return { ours, theirs };
    });
    expectFiles(folder, nodes);
    return {
      nodes,
      ours: middle(pairs.map(({ ours }) => ours)),
      theirs: middle(pairs.map(({ theirs }) => theirs)),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The same mesh for both: names, addresses, endpoints. Keys are each one's own. */
function writeMesh(folder: string, count: number): void {
  const nodes = Array.from({ length: count }, (_, at) => ({
    name: `n${String(at).padStart(4, "0")}`,
    address: `10.66.${(at + 1) >> 8}.${(at + 1) & 255}`,
    endpoint: `198.51.${at >> 8}.${at & 255}`,
  }));
  const lines = nodes.map(({ name, address, endpoint }) => {
    return `  ${name}: { address: ${address}, endpoint: ${endpoint} }\n`;
  });
  const network = "network: { name: large, addresses: [10.66.0.0/16] }\n";
  writeFileSync(join(folder, "warren.yaml"), `${network}nodes:\n${lines.join("")}`);
  const rows = nodes.map(({ name, address, endpoint }) => {
    const key = Buffer.from(name.repeat(7).slice(0, 32)).toString("base64");
    const cells = [name, `${address}/32`, endpoint, "", "51820", "", "", key];
    return [...cells, ...Array<string>(8).fill("")].map((cell) => `"${cell}"`).join(",");
  });
  const heads =
    "Name,Address,Endpoint,AllowedIPs,ListenPort,PersistentKeepalive,FwMark,PrivateKey,DNS,MTU,Table,PreUp,PostUp,PreDown,PostDown,SaveConfig";
  const head = heads.split(",").map((cell) => `"${cell}"`);
  writeFileSync(join(folder, "database.csv"), [head.join(","), ...rows, ""].join("\r\n"));
}

function measure(folder: string, command: readonly string[]): Cost {
  const python = join(TOOLS, RELEASE, "bin", "python");
  const options = { cwd: folder, encoding: "utf8" } as const;
  const { stdout, stderr } = spawnSync(python, ["-c", STOPWATCH, ...command], options);
  const { status, ...cost } = JSON.parse(stdout) as Cost & { readonly status: number };
  if (status !== 0) throw new Error(`${command.join(" ")} exited with ${status}\n${stderr}`);
  return cost;
}

/** Whoever was fast because he did nothing is not faster. */
function expectFiles(folder: string, nodes: number): void {
  const ours = readdirSync(join(folder, "ours"), { withFileTypes: true });
  const theirs = readdirSync(join(folder, "theirs"));
  const counts = [ours.filter((each) => each.isDirectory()).length, theirs.length];
  if (counts.some((count) => count !== nodes)) throw new Error(`files: ${counts.join(" and ")}`);
}

function middle(costs: readonly Cost[]): Cost {
  return {
    seconds: median(costs.map(({ seconds }) => seconds)),
    cpuSeconds: median(costs.map(({ cpuSeconds }) => cpuSeconds)),
    peakMb: median(costs.map(({ peakMb }) => peakMb)),
  };
}
