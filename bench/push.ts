/**
 * A hundred hosts by `warren push`, beside what a user would do with the files instead: a loop, as many
 * at once as push has, and Ansible where it is installed. Each begins with bare hosts, in one run.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waysOf, type Way } from "./bringing.ts";
import { countLost, createFleet, measureOnDesk, nameOf, type Cost, type Fleet } from "./fleet.ts";
import type { Measurement } from "./measurement.ts";

const WAY_OUT = "the hosts must be as the mesh says after each way of bringing it";

/**
 * Here all hosts share a few cores, so that what counts is what a host has to do; and a push also looks
 * before, guards each change, and lets all hosts ping each other in the end.
 */
const FIRST_TARGET = 1.25;

/** Subnets that the last node has, before and after the change. */
const BEFORE = "10.201.1.0/24";
const AFTER = "10.201.2.0/24";

export interface Brought {
  readonly way: Way;
  readonly hosts: number;
  readonly first: Cost;
  readonly again?: Cost;
  readonly change: Cost;
  /** Of pings between two nodes that the change is none of the business of. */
  readonly lost: number;
}

/** Undefined, with the reason said, where no machines can be made. */
export async function bringByAll(most: number): Promise<readonly Brought[] | undefined> {
  const fleet = await createFleet(most);
  if (typeof fleet === "string") {
    console.error(`not measured how a mesh is pushed: ${fleet}`);
    return undefined;
  }
  try {
    const all: Brought[] = [];
    for (const way of waysOf(fleet.folder, fleet.count)) all.push(await bring(fleet, way));
    return all;
  } finally {
    await fleet.close();
  }
}

export function judgeBrought(all: readonly Brought[]): readonly Measurement[] {
  const [ours, oneByOne] = all;
  if (ours === undefined || oneByOne === undefined) return [];
  const { hosts } = ours;
  const costs = [ours.first, ours.change, ...(ours.again === undefined ? [] : [ours.again])];
  const most = (what: (cost: Cost) => number): number => Math.max(...costs.map(what));
  return [
    {
      what: `first push to ${hosts} hosts, of a loop's time`,
      target: FIRST_TARGET,
      measured: ours.first.seconds / oneByOne.first.seconds,
      unit: "×",
    },
    {
      what: "change by push, of a loop's time",
      target: 1,
      measured: ours.change.seconds / oneByOne.change.seconds,
      unit: "×",
    },
    {
      what: "connections a host, at most",
      target: 2,
      measured: most(({ connections }) => connections) / hosts,
      unit: "",
    },
    {
      what: "peak memory of warren push",
      target: 150,
      measured: most(({ largestMb }) => largestMb),
      unit: "MB",
    },
    { what: "pings that a push to others loses", target: 0, measured: ours.lost, unit: "" },
  ];
}

export function printBrought(all: readonly Brought[]): void {
  const heads = "time,CPU,of hosts,largest,together,connections,at once,traffic,pings lost";
  console.log(`\n${row([`${all[0]?.hosts ?? 0} hosts`, "", ...heads.split(",")])}`);
  for (const { way, first, again, change, lost } of all) {
    console.log(row([way.name, "first", ...cells(first)]));
    if (again !== undefined) console.log(row(["", "again", ...cells(again)]));
    console.log(row(["", "change", ...cells(change), String(lost)]));
  }
}

function row(texts: readonly string[]): string {
  return texts.map((text) => text.padStart(12)).join("");
}

function cells(cost: Cost): readonly string[] {
  const seconds = [cost.seconds, cost.cpuSeconds, cost.hostCpuSeconds];
  return [
    ...seconds.map((each) => `${each.toFixed(1)} s`),
    ...[cost.largestMb, cost.togetherMb].map((each) => `${each.toFixed(0)} MB`),
    String(cost.connections),
    String(cost.connectionsAtOnce),
    `${cost.megabytes.toFixed(1)} MB`,
  ];
}

async function bring(fleet: Fleet, way: Way): Promise<Brought> {
  const folder = join(fleet.folder, "mesh");
  mkdirSync(folder);
  const run = async (script: string): Promise<Cost> => {
    const cost = await measureOnDesk(fleet, folder, script);
    // It takes minutes: on the way it says where it is.
    console.error(`${way.name} (${fleet.count} hosts): ${cost.seconds.toFixed(1)} s`);
    if (cost.status !== 0) throw new Error(`${way.name}: ${cost.output}`);
    return cost;
  };
  writeMesh(folder, fleet.count, BEFORE);
  const first = await run(way.bring);
  await expectBrought(fleet, BEFORE);
  const again = way.isIdempotent ? { again: await run(way.bring) } : {};
  writeMesh(folder, fleet.count, AFTER);
  let change = first;
  const pings = await countLost([pinged(fleet, 0), pinged(fleet, 1)], async () => {
    change = await run(way.bring);
  });
  await expectBrought(fleet, AFTER);
  await run(way.remove);
  rmSync(folder, { recursive: true });
  const lost = pings.reduce((sum, each) => sum + each.lost.length, 0);
  return { way, hosts: fleet.count, first, ...again, change, lost };
}

function pinged({ systems }: Fleet, at: number): Parameters<typeof countLost>[0][0] {
  return { system: systems.machine(nameOf(at)), address: `10.99.0.${at + 1}` };
}

function writeMesh(folder: string, count: number, last: string): void {
  const nodes = Array.from({ length: count }, (_, at) => {
    const subnet = at === count - 1 ? last : `10.200.${at + 1}.0/24`;
    const ways = `address: 10.99.0.${at + 1}, endpoint: 203.0.113.${at + 1}, ssh: ${nameOf(at)}`;
    return `  ${nameOf(at)}: { ${ways}, subnets: [${subnet}] }\n`;
  });
  const network = "network: { name: fleet, addresses: [10.99.0.0/16] }\n";
  writeFileSync(join(folder, "warren.yaml"), `${network}nodes:\n${nodes.join("")}`);
}

/** Whoever was fast because he did nothing is not faster. */
async function expectBrought({ systems, count }: Fleet, last: string): Promise<void> {
  const others = Array.from({ length: count - 1 }, (_, at) => systems.machine(nameOf(at)));
  for (const machine of others) {
    const said = await machine.run({
      words: ["wg", "show", "warren0", "allowed-ips"],
      wayOut: WAY_OUT,
    });
    const peers = said.trim().split("\n").length;
    if (peers === count - 1 && said.includes(` ${last}`)) continue;
    throw new Error(`${machine.name} has ${peers} peers:\n${said}\n  ${WAY_OUT}`);
  }
}
