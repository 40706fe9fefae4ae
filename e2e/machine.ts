/** What this machine looks like from outside of every lab: whatever one of them leaves behind shows here. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

/** What the lab must never touch; two equal snapshots mean that nothing was left behind. */
export function readMachine(): Readonly<Record<string, readonly string[]>> {
  return {
    // First, before the kernel has had time: who says that he has ended must have ended.
    processes: readProcesses(),
    namespaces: print("ip", "netns", "list"),
    links: print("ip", "-o", "link"),
    addresses: print("ip", "-o", "address"),
    routes: [...print("ip", "route", "show", "table", "all"), ...print("ip", "-6", "route")],
    rules: [...print("ip", "rule"), ...print("ip", "-6", "rule")],
    firewall: print("nft", "-s", "list", "ruleset"),
    forwarding: [readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8")],
    mounts: readFileSync("/proc/self/mounts", "utf8").split("\n"),
    run: [
      ...readdirSync("/run"),
      ...(existsSync("/run/wireguard") ? readdirSync("/run/wireguard") : []),
    ],
    // The lab itself and the mesh it reads; what others edit meanwhile is none of its doing.
    tree: print("git", "-C", ROOT, "status", "--porcelain", "--ignored", "--", "lab", "examples"),
  };
}

function print(command: string, ...words: readonly string[]): readonly string[] {
  return execFileSync(command, words, { encoding: "utf8" }).trim().split("\n");
}

/** Processes of a lab: those in namespaces other than ours, and those on their way there. */
function readProcesses(): readonly string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter(isOfLab).map((pid) => `${pid} ${readCommand(pid)}`);
}

function isOfLab(pid: string): boolean {
  // Dead, and holding nothing: where the first process reaps no orphans, their numbers stay.
  if (quietly(() => readFileSync(`/proc/${pid}/stat`, "utf8"))?.includes(") Z ")) return false;
  const elsewhere = ["net", "mnt", "pid"].some((kind) => {
    const there = readNamespace(pid, kind);
    return there !== undefined && there !== readNamespace("self", kind);
  });
  return elsewhere || /^(unshare|nsenter|\S*node \S*lab\/main\.ts)\b/.test(readCommand(pid));
}

function readNamespace(pid: string, kind: string): string | undefined {
  return quietly(() => readlinkSync(`/proc/${pid}/ns/${kind}`));
}

function readCommand(pid: string): string {
  const words = quietly(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  return (words ?? "").replaceAll("\0", " ");
}

/** Undefined when the process ended while we looked. */
function quietly(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
