/**
 * The judge: a mesh, its lock and a plan go in, everything that is wrong with the plan comes out. It
 * sends packets through the plan and holds where they end against what the document promises.
 */
import type { Address, Device, Lock, Mesh } from "@warren/core";
import { readFlows } from "./firewall.ts";
import { readGraph } from "./graph.ts";
import { Host } from "./host.ts";
import { readParties } from "./parties.ts";
import { readRules } from "./promises.ts";
import type { Laws } from "./promises.ts";
import { judgeStrangers } from "./strangers.ts";
import { judgeStructure } from "./structure.ts";
import { readCuts } from "./cuts.ts";
import { judgeTraffic } from "./traffic.ts";
import { World } from "./world.ts";

/** What is wrong, one sentence each, the kind of mistake before the colon; empty when nothing is. */
export function judge(mesh: Mesh, lock: Lock, devices: readonly Device[]): readonly string[] {
  const parties = readParties(mesh, lock);
  const flows = readFlows((mesh.policy ?? []).flatMap(({ ports }) => ports));
  const rules = readRules(mesh, parties, flows);
  const laws: Laws = { mesh, parties, graph: readGraph(mesh), flows, rules };
  const hosts = devices.flatMap((device): Host[] => {
    const party = parties.find(({ name }) => name === device.name);
    if (party === undefined) return [];
    const site = party.client === undefined ? party.home.site : undefined;
    return [new Host(device, party.surroundings, site)];
  });
  const world = new World(hosts, flows);
  const scene = { laws, world, cuts: readCuts(mesh, parties, devices), intern: createIntern() };
  const complaints = new Set<string>();
  const complain = (text: string): void => {
    complaints.add(text);
  };
  judgeStructure(scene, devices, complain);
  judgeTraffic(scene, complain);
  judgeStrangers(scene, complain);
  return [...complaints];
}

/** The same object for the same address, so that hosts can remember what they found for it. */
function createIntern(): (address: Address) => Address {
  const known = new Map<string, Address>();
  return (address) => {
    const key = `${address.family} ${address.bits}`;
    const found = known.get(key) ?? address;
    known.set(key, found);
    return found;
  };
}
