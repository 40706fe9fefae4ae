/**
 * What a machine of a test looks like to who wants to find it as it was: files, network, firewall,
 * settings, services. Two equal snapshots: nothing was left behind. Shares no code with what is tested.
 */
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { join } from "node:path";
import { readBytes } from "./system-search.ts";
import type { Runner, System } from "./system.ts";
import { FRESH, rootOf, upperOf } from "./system-disk.ts";

export type Snapshot = Readonly<Record<string, readonly string[]>>;

/** What a machine writes whoever uses it: logs, what its services keep, who was lectured by sudo, what a stop seeds. */
const RESTLESS = new Set([
  "etc/.updated",
  "run/log",
  "run/motd.dynamic",
  "run/openrc",
  "run/sudo",
  "run/systemd",
  "run/xtables.lock",
  "var/.updated",
  "var/cache/ldconfig/aux-cache",
  "var/lib/sudo",
  "var/lib/systemd/random-seed",
  "var/lib/systemd/timers",
  "var/log",
]);

/** Counters, and keys that the kernel makes up. */
const RESTLESS_SETTINGS = /nf_conntrack_count|tcp_fastopen_key|stable_secret|rt_cache|random/;
const UNIT_FOLDERS = /^(system|system\.control|transient|generator(\.\w+)?)$/;
const WAY_OUT = "a snapshot needs this machine's ip, nft, iptables and sysctl";

/** From outside, so that a machine without nft, or with one that lies, is seen as it is; only services are asked inside. */
export async function readSnapshot(system: System): Promise<Snapshot> {
  const outside = system.outside;
  const read = async (...words: readonly string[]) => await readLines(outside, words);
  const [rules, rules6, routes, routes6, addresses, links] = await Promise.all([
    read("ip", "rule"),
    read("ip", "-6", "rule"),
    read("ip", "route", "show", "table", "all"),
    read("ip", "-6", "route", "show", "table", "all"),
    read("ip", "-o", "address"),
    read("ip", "-o", "link"),
  ]);
  const [nft, iptables, iptables6, settings] = await Promise.all([
    read("nft", "-s", "list", "ruleset"),
    read("iptables-save"),
    read("ip6tables-save"),
    read("sysctl", "-a", "-e", "--pattern", "^net\\."),
  ]);
  return {
    files: readFiles(system),
    rules: [...rules, ...rules6],
    routes: [...routes, ...routes6].toSorted(),
    addresses: addresses.map(withoutNumbers),
    links: links.map(withoutNumbers),
    firewall: [...nft, ...[...iptables, ...iptables6].filter((line) => !line.startsWith("#"))].map(
      (line) => line.replace(/\[\d+:\d+\]/, ""),
    ),
    settings: settings.filter((line) => !RESTLESS_SETTINGS.test(line)),
    memory: readMemory(system),
    processes: readProcesses(system),
    ...(await readServices(system)),
  };
}

async function readLines(host: Runner, words: readonly string[]): Promise<readonly string[]> {
  const output = await host.run({ words, wayOut: WAY_OUT });
  return output.split("\n").filter((line) => line !== "");
}

/** Of an interface: a machine that boots anew gets others. */
function withoutNumbers(line: string): string {
  return line
    .replace(/^\d+: /, "")
    .replace(/@if\d+/, "")
    .replace(/ link-netnsid \d+/, "");
}

/** Names of files that end with the machine, but for the services' own. */
function readMemory({ pid }: System): readonly string[] {
  const lines: string[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(`/proc/${pid}/root`, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (RESTLESS.has(path)) continue;
      if (entry.isDirectory()) visit(path);
      else lines.push(`/${path}`);
    }
  };
  for (const folder of ["run", "tmp", "dev/shm"]) visit(folder);
  return lines.toSorted();
}

/** But for those of somebody who has logged in. */
function readProcesses({ pid }: System): readonly string[] {
  const folder = `/proc/${pid}/root/proc`;
  const lines = readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .map((name) =>
      readBytes(join(folder, name, "cmdline"))
        .toString()
        .replaceAll("\0", " ")
        .trim(),
    );
  return lines.filter((line) => line !== "" && !/^sshd: (?!.*listener)/.test(line)).toSorted();
}

/** Where it has systemd: units until the next boot (those that stay are files), and what it runs now. */
async function readServices(system: System): Promise<Snapshot> {
  if (system.init !== "systemd") return {};
  const units = `/proc/${system.pid}/root/run/systemd`;
  const folders = readNames(units).filter((name) => UNIT_FOLDERS.test(name));
  const running = ["--type=service,timer,path", "--state=active,activating,reloading,failed"];
  const options = ["--plain", "--no-legend", "--no-pager"];
  const words = ["systemctl", "list-units", ...running, ...options];
  const lines = (await system.run({ words, wayOut: WAY_OUT })).trim().split("\n");
  return {
    units: folders.flatMap((folder) =>
      readdirSync(join(units, folder), { encoding: "utf8", recursive: true }).map(
        (name) => `${folder}/${name}`,
      ),
    ),
    running: lines.map((line) => line.split(/ +/).slice(0, 4).join(" ")),
  };
}

/** Each file that differs from this machine's, which the disk lies on: a copy that is the same counts for nothing. */
function readFiles({ disk }: System): readonly string[] {
  const upper = upperOf(disk);
  const root = rootOf(disk);
  const lines: string[] = [];
  const visit = (path: string): void => {
    if (RESTLESS.has(path)) return;
    const isFresh = FRESH.includes(path.split("/")[0] ?? "");
    const line = describe(join(root, path));
    if (isFresh || line !== describe(join("/", path))) lines.push(`/${path} ${line}`);
    if (!lstatSync(join(upper, path)).isDirectory()) return;
    const names = readdirSync(join(root, path));
    for (const name of isFresh ? [] : readNames(join("/", path))) {
      // Gone by its own mark, or with a directory that was made anew.
      if (!names.includes(name)) lines.push(`/${join(path, name)} is gone`);
    }
    for (const name of readdirSync(join(upper, path))) {
      if (names.includes(name)) visit(join(path, name));
    }
  };
  visit("");
  return lines.toSorted();
}

function readNames(folder: string): readonly string[] {
  return lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(folder) : [];
}

function describe(file: string): string {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return "is not there";
  const mode = (stats.mode & 0o7777).toString(8);
  return `${mode} ${stats.uid}:${stats.gid} ${readContent(file, stats)}`;
}

function readContent(file: string, stats: Stats): string {
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return `→ ${readlinkSync(file)}`;
  if (!stats.isFile()) return `special ${stats.mode & 0o170000} ${stats.rdev}`;
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
