/** Plans for the judge's tests: what the compiler makes of a topology, and how to change it by hand. */
import { checkMesh, checkPending, compile, Diagnostics, parseMesh } from "@warren/core";
import { parsePrefix, Problem } from "@warren/core";
import type { Device, Lock, Mesh, Peer, Prefix } from "@warren/core";
import type { TopologyDocument } from "../random-topology.ts";
import { indexOfDocument } from "../sample.ts";
import { compareWeights, readGraph } from "./graph.ts";

export interface Plan {
  readonly mesh: Mesh;
  readonly lock: Lock;
  readonly devices: readonly Device[];
}

/** What stands in a document; undefined when it is refused. */
export function readTopology(
  document: TopologyDocument,
  before?: Lock,
): ReturnType<typeof indexOfDocument> | undefined {
  const diagnostics = new Diagnostics();
  const mesh = parseMesh(document, diagnostics);
  if (mesh !== undefined) {
    checkMesh(mesh, diagnostics);
    checkPending(mesh, diagnostics);
  }
  if (mesh === undefined || diagnostics.hasErrors || !hasExits(mesh)) return undefined;
  return indexOfDocument(document, before);
}

/** Whether everybody has a tunnel of his own to his exit: without, it is the proof that refuses. */
function hasExits({ nodes, ...mesh }: Mesh): boolean {
  const graph = readGraph({ ...mesh, nodes });
  return nodes.every(({ name, exit }) => {
    if (exit === undefined) return true;
    const [edge, best] = [graph.edge(name, exit), graph.best(name, exit)];
    return edge !== undefined && best !== undefined && compareWeights(edge, best) === 0;
  });
}

/** Undefined when the document is refused. */
export function compilePlan(document: TopologyDocument, before?: Lock): Plan | undefined {
  const topology = readTopology(document, before);
  if (topology === undefined) return undefined;
  const { mesh, lock, index } = topology;
  return { mesh, lock, devices: [...compile(index)] };
}

/** What makes a topology worth judging; a test counts how many have each. */
export function featuresOf({ mesh, devices }: Plan): readonly string[] {
  const { nodes, sites, clients, links, policy } = mesh;
  const graph = readGraph(mesh);
  const isFar = nodes.some((one) =>
    nodes.some((other) => (graph.best(one.name, other.name)?.hops ?? 0) > 1),
  );
  const exitUsers = nodes.filter(({ exit }) => exit !== undefined);
  const lists = devices.flatMap(({ peers }) => peers.flatMap(({ allowedIps }) => allowedIps));
  const features: Readonly<Record<string, boolean>> = {
    "several hops": isFar,
    gateways: sites.some(({ gateways }) => gateways.length > 0),
    reach: sites.some(({ reach }) => reach.length > 0),
    blocks: lists.some(({ family, length }) => (family === 4 ? length === 24 : length === 96)),
    relays: nodes.some(({ relay }) => relay),
    subnets: nodes.some(({ subnets }) => subnets.length > 0),
    "several owners": nodes.some(({ subnets }) => subnets.some(({ metric }) => metric)),
    exits: exitUsers.some(({ name, exit = name }) => graph.edge(name, exit) !== undefined),
    denials: links.some(({ path }) => path === "deny"),
    clients: clients.length > 0,
    "clients at several nodes": clients.some(({ via }) => via.length > 1),
    "clients with less": clients.some(({ access }) => access.length === 1),
    policy: policy !== undefined,
    "policy with ports": policy?.some(({ ports }) => ports.length > 0) ?? false,
    "both families": mesh.network.addresses.length > 1,
  };
  return Object.keys(features).filter((name) => features[name]);
}

export function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix instanceof Problem) throw new Error(String(prefix));
  return prefix;
}

/** The plan with one device changed. */
export function withDevice(plan: Plan, name: string, change: (device: Device) => Device): Plan {
  const devices = plan.devices.map((device) => (device.name === name ? change(device) : device));
  return { ...plan, devices };
}

/** The same for one peer of a device. */
export function withPeer(device: Device, name: string, change: (peer: Peer) => Peer): Device {
  const peers = device.peers.map((peer) => (peer.name === name ? change(peer) : peer));
  return { ...device, peers };
}
