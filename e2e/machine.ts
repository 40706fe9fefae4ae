/** What this machine looks like from outside of every lab: whatever one of them leaves behind shows here. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What a test has the real `wg` talk to (tools/wg-socket.ts), here or in another checkout. */
const TESTS_SOCKET = /^w[a-z]\d+\.sock$/;
const ROOT = join(import.meta.dirname, "..");

/** What a lab must never touch, and the processes of the labs with this mark; two equal snapshots: nothing was left behind. */
export function readMachine(mark: string): Readonly<Record<string, readonly string[]>> {
  return {
    // First, before the kernel has had time: who says that he has ended must have ended.
    processes: readProcesses(mark),
    namespaces: print("ip", "netns", "list"),
    links: print("ip", "-o", "link"),
    addresses: print("ip", "-o", "address"),
    routes: [...print("ip", "route", "show", "table", "all"), ...print("ip", "-6", "route")],
    rules: [...print("ip", "rule"), ...print("ip", "-6", "rule")],
    firewall: print("nft", "-s", "list", "ruleset"),
    forwarding: [readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8")],
    mounts: readFileSync("/proc/self/mounts", "utf8").split("\n"),
    run: [...readdirSync("/run"), ...readSockets("/run/wireguard")],
    // The lab itself and the mesh it reads; what others edit meanwhile is none of its doing.
    tree: print("git", "-C", ROOT, "status", "--porcelain", "--ignored", "--", "lab", "examples"),
  };
}

function readSockets(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => !TESTS_SOCKET.test(name));
}

function print(command: string, ...words: readonly string[]): readonly string[] {
  return execFileSync(command, words, { encoding: "utf8" }).trim().split("\n");
}

/** Processes with the mark in their environment, which a lab's commands inherit from it as part of their PATH. */
function readProcesses(mark: string): readonly string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const marked = pids.filter((pid) => readOf(pid, "environ").includes(mark));
  return marked.map((pid) => `${pid} ${readOf(pid, "cmdline")}`);
}

/** Empty when the process has ended while we looked. */
function readOf(pid: string, what: "environ" | "cmdline"): string {
  try {
    return readFileSync(`/proc/${pid}/${what}`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
