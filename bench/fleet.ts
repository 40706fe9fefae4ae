/**
 * Real machines with systemd and sshd, a desk that reaches them by ssh, and what a command on the desk
 * costs: it and all that it starts, the hosts, and the network between. Knows no mesh.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { freemem } from "node:os";
import { join } from "node:path";
import { createGroup, findHierarchy } from "../e2e/control-groups.ts";
import { createGround } from "../e2e/ground.ts";
import { pingDuring, type PingCount } from "../e2e/steady-pings.ts";
import type { System } from "../e2e/system.ts";
import { createSystems, type Systems } from "../e2e/systems.ts";
import type { DrawnHost } from "../e2e/underlay.ts";
import { PATH, reasonToSkipSystems } from "../e2e/systems-fixture.ts";

/** What a machine takes with its tunnels up, in a program outside of the kernel: 99 peers. */
const MACHINE_BYTES = 40e6;
/** All systemds of one machine's root share this; 128 are enough for sixty of them. */
const WATCHERS = "/proc/sys/fs/inotify/max_user_instances";
const MACHINE_WATCHERS = 10;
const SAMPLE_MS = 100;
const DESK = 254;
const ROUTER = "203.0.113.253";
/** It says to nobody that he could do without it. */
const NO_REDIRECTS =
  "table ip own { chain out { type filter hook output priority 0; icmp type redirect drop; }; }";
const WAY_OUT = "the bench's machines must stand: look at what it says";

/** Each TCP connection to a host's sshd, as it is begun. */
const COUNTER = `
table inet bench {
  counter begun { }
  chain out {
    type filter hook output priority 0
    tcp dport 22 tcp flags & (syn | ack) == syn counter name begun
  }
}
`;

export interface Cost {
  readonly status: number;
  readonly output: string;
  readonly seconds: number;
  /** Of the command and all that it started on the desk. */
  readonly cpuSeconds: number;
  /** Of all hosts together. */
  readonly hostCpuSeconds: number;
  /** Of the largest process, and of all at one time; memory that they share is counted once. */
  readonly largestMb: number;
  readonly togetherMb: number;
  readonly connections: number;
  readonly connectionsAtOnce: number;
  readonly megabytes: number;
}

/** Hosts are n001, n002 and so on, at 203.0.113.1 and so on. */
export interface Fleet {
  readonly count: number;
  /** A folder that the desk sees, too. */
  readonly folder: string;
  readonly systems: Systems;
  readonly close: () => Promise<void>;
}

/** As many machines as fit, at most so many; or why there are none. */
export async function createFleet(most: number): Promise<Fleet | string> {
  const reason = reasonToSkipSystems();
  if (reason !== undefined) return `a machine ${reason}`;
  const count = Math.min(most, Math.floor(freemem() / MACHINE_BYTES));
  if (count < 2) return "there is no memory for two machines";
  const ground = await createGround(PATH);
  const watchers = read(WATCHERS);
  const close = async (): Promise<void> => {
    writeFileSync(WATCHERS, watchers);
    await ground.close();
  };
  try {
    writeFileSync(WATCHERS, String(Number(watchers) + count * MACHINE_WATCHERS));
    const machines = Array.from({ length: count }, (_, at) => {
      return [nameOf(at), { ...joined(at + 1), system: {} }] as const;
    });
    const router = { ports: { net: { addresses: [`${ROUTER}/32`] } }, router: NO_REDIRECTS };
    const routes = machines.map((_, at) => `203.0.113.${at + 1} dev net`);
    const systems = await createSystems(ground, {
      hosts: {
        desk: joined(DESK),
        router: { ...router, routes: [`203.0.113.${DESK} dev net`, ...routes] },
        ...Object.fromEntries(machines),
      },
    });
    await systems.desk.run({ words: ["nft", "-f", "-"], input: COUNTER, wayOut: WAY_OUT });
    return { count, folder: ground.folder.path, systems, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** To everybody by the router: the kernel knows only a thousand neighbours, in all its networks together. */
function joined(host: number): DrawnHost {
  return {
    ports: { net: { addresses: [`203.0.113.${host}/32`] } },
    routes: [`${ROUTER} dev net`, `default via ${ROUTER}`],
  };
}

export function nameOf(at: number): string {
  return `n${String(at + 1).padStart(3, "0")}`;
}

/** Runs a script of bash on the desk, in a folder, and says what it took. */
export async function measureOnDesk(fleet: Fleet, folder: string, script: string): Promise<Cost> {
  const { desk, underlay } = fleet.systems;
  const group = createGroup(`desk-${Date.now()}`);
  const meter = new Meter(desk.pid, group);
  const enter = 'echo 0 >"$1/cgroup.procs"; cd "$2"; exec bash --norc -c "$3"';
  const words = ["bash", "--norc", "-c", enter, "bash", group, folder, script];
  const [bytes, hostCpu] = [await underlay.bytesAt("desk", "net"), hostCpuSeconds()];
  await takeCount(fleet);
  const startedAt = performance.now();
  const { status, output, errors } = await desk.attempt({ words, wayOut: WAY_OUT });
  const seconds = (performance.now() - startedAt) / 1000;
  const peaks = meter.end();
  const cost = {
    status,
    output: output + errors,
    seconds,
    cpuSeconds: cpuSeconds(group),
    hostCpuSeconds: hostCpuSeconds() - hostCpu,
    connections: await takeCount(fleet),
    megabytes: ((await underlay.bytesAt("desk", "net")) - bytes) / 1e6,
    ...peaks,
  };
  // Connections that are kept for later would be of use to whoever comes next.
  writeFileSync(join(group, "cgroup.kill"), "1");
  return cost;
}

/** The numbers of pings that were lost meanwhile between two hosts, both ways; ten are sent a second. */
export async function countLost(
  [one, other]: readonly [Pinged, Pinged],
  work: () => Promise<void>,
): Promise<readonly PingCount[]> {
  const pairs = [
    { source: one.system, target: other.address },
    { source: other.system, target: one.address },
  ];
  return await pingDuring(pairs, work);
}

export interface Pinged {
  readonly system: System;
  readonly address: string;
}

/** Looks again and again at what runs, until it ends. */
class Meter {
  readonly #pid: number;
  readonly #group: string;
  readonly #timer: NodeJS.Timeout;
  #largestMb = 0;
  #togetherMb = 0;
  #connections = 0;

  constructor(pid: number, group: string) {
    this.#pid = pid;
    this.#group = group;
    this.#timer = setInterval(() => this.#look(), SAMPLE_MS);
  }

  end(): Pick<Cost, "largestMb" | "togetherMb" | "connectionsAtOnce"> {
    clearInterval(this.#timer);
    return {
      largestMb: this.#largestMb,
      togetherMb: this.#togetherMb,
      connectionsAtOnce: this.#connections,
    };
  }

  #look(): void {
    const pids = read(join(this.#group, "cgroup.procs")).split("\n").filter(Boolean);
    const sizes = pids.map((pid) => proportionalMb(pid));
    this.#largestMb = Math.max(this.#largestMb, ...sizes);
    this.#togetherMb = Math.max(
      this.#togetherMb,
      sizes.reduce((sum, each) => sum + each, 0),
    );
    // Fields: number, local, remote, state: 01 stands.
    const open = read(`/proc/${this.#pid}/net/tcp`).match(/:0016 01 /g) ?? [];
    this.#connections = Math.max(this.#connections, open.length);
  }
}

/** What a process has for itself, and its share of what it has with others. */
function proportionalMb(pid: string): number {
  const kib = /^Pss: +(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0;
  return Number(kib) / 1024;
}

function cpuSeconds(group: string): number {
  return Number(/^usage_usec (\d+)/m.exec(read(join(group, "cpu.stat")))?.[1] ?? 0) / 1e6;
}

/** Of all machines of this process, each of which has a group for itself. */
function hostCpuSeconds(): number {
  const hierarchy = findHierarchy() ?? "";
  const groups = readdirSync(hierarchy).filter((name) => name.includes(`-${process.pid}-n`));
  return groups.reduce((sum, name) => sum + cpuSeconds(join(hierarchy, name)), 0);
}

/** Connections since it was asked last. */
async function takeCount({ systems }: Fleet): Promise<number> {
  const words = ["nft", "reset", "counter", "inet", "bench", "begun"];
  const said = await systems.desk.run({ words, wayOut: WAY_OUT });
  return Number(/packets (\d+)/.exec(said)?.[1]);
}

/** Empty where the process is gone meanwhile. */
function read(file: string): string {
  try {
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  } catch {
    return "";
  }
}
