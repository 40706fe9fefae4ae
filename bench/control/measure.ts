/**
 * A control plane of so many agents: a real server, and the control code of real agents, which speak over
 * real TLS and have kernels in memory. All of them share this machine with the server.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { median } from "../measurement.ts";
import type { Measurement } from "../measurement.ts";
import { declareNodes, endpointOf, nameOf, NETWORK } from "./declared.ts";
import { Fleet } from "./fleet.ts";
import { BenchServer } from "./server.ts";

const PORT = 18_443;
const MOST_AT_ONCE = 500;
/** Of more, only some keep devices: that of each is as large as the mesh, and all are in this machine. */
const MOST_WHOLE = 300;
const SOME_WHOLE = 100;
const CHANGES = 20;
/** Between two changes: the last reports of the one before are in, and are counted with it. */
const REST_MS = 500;
/** An agent takes a connection that stood so long for a server that is well. */
const STOOD_MS = 16_000;
const RECONNECTS = 10;
const LATE_JOINS = 200;
const LATE_JOINS_MS = 60_000;

interface World {
  readonly server: BenchServer;
  readonly fleet: Fleet;
  readonly names: readonly string[];
  readonly token: string;
}

/** What a whole plane is asked; the largest is asked more. */
export async function measureControl(
  agents: number,
  { isLargest }: { readonly isLargest: boolean },
): Promise<readonly Measurement[]> {
  const folder = mkdtempSync(join(tmpdir(), "warren-bench-"));
  const [server, fleet] = [new BenchServer(folder, PORT), new Fleet()];
  try {
    await server.start();
    const names = Array.from({ length: agents }, (_, at) => nameOf(at));
    const world = { server, fleet, names, token: await declareNodes(server, agents + LATE_JOINS) };
    return [
      ...(await measureJoins(world)),
      ...(await measureChanges(world)),
      ...(await measureKill(world)),
      ...(isLargest ? await measureReconnects(world) : []),
      ...(isLargest ? await measureLateJoins(world) : []),
    ];
  } finally {
    await server.kill();
    fleet.close();
    rmSync(folder, { recursive: true });
  }
}

async function measureJoins({
  server,
  fleet,
  names,
  token,
}: World): Promise<readonly Measurement[]> {
  const before = server.cpuSeconds;
  // Where there are so many, telling each of each that joins takes this machine's agents minutes.
  const isLate = names.length > MOST_AT_ONCE;
  const whole = wholeOf(names);
  await fleet.join(names, { target: server.target, token, whole, isLate });
  const spent = server.cpuSeconds - before;
  const agents = (await server.measures()).get("warren_agents") ?? 0;
  return [
    // 10 s for 500: fewer are bound by what each costs, more by that all are told of all.
    row(names, "joins: server CPU", {
      target: 10 * Math.max(names.length / 500, (names.length / 500) ** 2),
      measured: spent,
      unit: "s",
    }),
    row(names, "joins: streams lost", { target: 0, measured: names.length - agents, unit: "" }),
  ];
}

async function measureChanges(world: World): Promise<readonly Measurement[]> {
  const { server, fleet, names } = world;
  const all: number[] = [];
  const last: number[] = [];
  const cpu: number[] = [];
  await pause(REST_MS);
  const bytesBefore = (await server.measures()).get("warren_stream_bytes_total") ?? 0;
  for (let turn = 0; turn < CHANGES; turn += 1) {
    const name = nameOf(turn);
    const cpuBefore = server.cpuSeconds;
    const begin = performance.timeOrigin + performance.now();
    const params = { network: NETWORK, node: name };
    const body = { endpoint: endpointOf(turn, 1000 + turn) };
    const { rev } = await server.call("setNode", { params, body });
    const took = (await fleet.applied(rev, name)).map((at) => at - begin);
    await pause(REST_MS);
    cpu.push((server.cpuSeconds - cpuBefore) * 1000);
    all.push(...took);
    last.push(Math.max(...took));
  }
  const bytes = ((await server.measures()).get("warren_stream_bytes_total") ?? 0) - bytesBefore;
  const size = names.length;
  const growth = growthOf(names);
  return [
    row(names, "change applied: median", {
      target: 150 * growth,
      measured: quantile(all, 0.5),
      unit: "ms",
    }),
    row(names, "change applied: p99", {
      target: 500 * growth,
      measured: quantile(all, 0.99),
      unit: "ms",
    }),
    row(names, "change applied: last, median", {
      target: (size > 500 ? 500 : 300) * growth,
      measured: median(last),
      unit: "ms",
    }),
    row(names, "change: server CPU", {
      target: (size > 500 ? 100 : 50) * growth,
      measured: median(cpu),
      unit: "ms",
    }),
    row(names, "change: bytes an agent", {
      target: 300,
      measured: bytes / CHANGES / size,
      unit: "B",
    }),
  ];
}

/** As nobody expects it, and started again: agents are back with what they have. */
async function measureKill({ server, fleet, names }: World): Promise<readonly Measurement[]> {
  await pause(STOOD_MS);
  const memory = { target: 150 + names.length / 10, measured: server.megabytes, unit: "MB" };
  await server.kill();
  const up = await server.start();
  const took = (await fleet.current(up)).map((at) => at - up);
  const measures = await server.measures();
  const bytes = (measures.get("warren_stream_bytes_total") ?? 0) / names.length;
  const snapshots = measures.get("warren_snapshots_total") ?? 0;
  const target = (names.length > 500 ? 5 : 2) * growthOf(names);
  const seconds = Math.max(...took) / 1000;
  return [
    row(names, "memory of the server, at rest, tunnels idle", memory),
    row(names, "kill -9: all in sync", { target, measured: seconds, unit: "s" }),
    row(names, "kill -9: bytes an agent", { target: 2000, measured: bytes, unit: "B" }),
    row(names, "kill -9: snapshots", { target: 0, measured: snapshots, unit: "" }),
  ];
}

/** All lose their line at once, again and again. */
async function measureReconnects({ fleet, names }: World): Promise<readonly Measurement[]> {
  const took: number[] = [];
  for (let turn = 0; turn < RECONNECTS; turn += 1) {
    await pause(STOOD_MS);
    const begin = performance.timeOrigin + performance.now();
    await fleet.cut();
    took.push((Math.max(...(await fleet.current(begin))) - begin) / 1000);
  }
  const longest = { target: 10, measured: Math.max(...took), unit: "s" };
  return [row(names, `all reconnect at once, ${RECONNECTS} times: longest`, longest)];
}

/** How far behind the worst of all agents ever is. */
async function measureLateJoins(world: World): Promise<readonly Measurement[]> {
  const { server, fleet, names, token } = world;
  const late = Array.from({ length: LATE_JOINS }, (_, at) => nameOf(names.length + at));
  const pauseMs = LATE_JOINS_MS / LATE_JOINS;
  await fleet.join(late, { target: server.target, token, whole: 0, pauseMs });
  const log = await server.call("listRevisions", { query: { limit: String(LATE_JOINS) } });
  const joins = log.filter(({ command }) => command === "join");
  let worst = 0;
  for (const { rev, at, summary } of joins) {
    const applied = await fleet.applied(rev, (summary ?? "").replace(/.*\//, ""));
    worst = Math.max(worst, ...applied.map((when) => when - at));
  }
  return [
    row(names, `${LATE_JOINS} join in a minute: longest behind`, {
      target: 5,
      measured: worst / 1000,
      unit: "s",
    }),
  ];
}

/** Beyond a thousand nothing may grow faster than the mesh. */
function growthOf({ length }: readonly string[]): number {
  return Math.max(1, length / 1000);
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** How many keep a device. */
function wholeOf({ length }: readonly string[]): number {
  return length > MOST_WHOLE ? SOME_WHOLE : length;
}

function row(
  names: readonly string[],
  what: string,
  figures: Omit<Measurement, "what">,
): Measurement {
  const light = names.length - wholeOf(names);
  const who = light === 0 ? "agents" : `agents (${light} light)`;
  return { what: `${names.length} ${who}, ${what}`, ...figures };
}
