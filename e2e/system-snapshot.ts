/**
 * What a machine of a test looks like to who wants to find it as it was: files, network, firewall,
 * settings, services. Two equal snapshots: nothing was left behind. Shares no code with what is tested.
 */
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { join } from "node:path";
import type { Runner, System } from "./system.ts";
import { rootOf, upperOf } from "./system-disk.ts";

export type Snapshot = Readonly<Record<string, readonly string[]>>;

/** What a machine writes whoever uses it: logs, when a timer last ran, what is seeded at a stop, who was lectured by sudo. */
const RESTLESS = [
  "etc/.updated",
  "var/.updated",
  "var/cache/ldconfig/aux-cache",
  "var/lib/sudo",
  "var/lib/systemd/random-seed",
  "var/lib/systemd/timers",
  "var/log",
];

/** Counters, and keys that the kernel makes up. */
const RESTLESS_SETTINGS = /nf_conntrack_count|tcp_fastopen_key|stable_secret|rt_cache|random/;
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

/** Where it has systemd: what it starts by itself, and what it runs now. */
async function readServices(system: System): Promise<Snapshot> {
  const list = async (...words: readonly string[]) => {
    const options = ["--plain", "--no-legend", "--no-pager"];
    const command = { words: ["systemctl", ...words, ...options], wayOut: WAY_OUT };
    const { output } = await system.attempt(command);
    return output.split("\n").map((line) => line.split(/ +/).slice(0, 2).join(" "));
  };
  if (system.init !== "systemd") return {};
  const enabled = ["enabled", "enabled-runtime", "linked", "linked-runtime", "generated"];
  const kinds = "--type=service,timer,path";
  return {
    enabled: await list("list-unit-files", `--state=${enabled.join(",")}`),
    running: await list("list-units", kinds, "--state=active,activating,reloading,failed"),
  };
}

/** Each file that differs from this machine's, which the disk lies on: a copy that is the same counts for nothing. */
function readFiles({ disk }: System): readonly string[] {
  const upper = upperOf(disk);
  const root = rootOf(disk);
  const lines: string[] = [];
  const visit = (path: string): void => {
    if (RESTLESS.includes(path)) return;
    const line = describe(join(root, path));
    if (line !== describe(join("/", path))) lines.push(`/${path} ${line}`);
    if (!lstatSync(join(upper, path)).isDirectory()) return;
    const names = readdirSync(join(root, path));
    for (const name of readNames(join("/", path))) {
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
