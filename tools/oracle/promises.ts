/** What a mesh promises, by its document alone: between which two things which flows must pass. */
import type { Address, Mesh, PortRange, Selector } from "@warren/core";
import { maskOf } from "./firewall.ts";
import type { Flow } from "./firewall.ts";
import { compareWeights } from "./graph.ts";
import type { Graph } from "./graph.ts";
import type { Party } from "./parties.ts";
import type { Span } from "./spans.ts";
import { hostSpan, isInAny, spanOf } from "./spans.ts";

/** An address that a packet can come from or go to, and whose it is. */
export interface Thing {
  readonly party: Party;
  /** `internet`: what an exit offers. */
  readonly kind: "own" | "subnet" | "internet";
  readonly address: Address;
}

/** Masks of flows; what is in neither must not pass. */
export interface Promised {
  readonly must: number;
  readonly may: number;
  /** What the policy lets start, whether or not the two reach each other. */
  readonly wanted: number;
  /** Whether lists and routes lead from the one to the other, where anything of theirs may meet. */
  readonly isRouted: boolean;
  /** Whether the other end would take it: a client takes nothing from whom it may not reach. */
  readonly isAnswered: boolean;
}

export interface Laws {
  readonly mesh: Mesh;
  readonly parties: readonly Party[];
  readonly graph: Graph;
  readonly flows: readonly Flow[];
  readonly rules: readonly Law[];
}

interface Law {
  readonly from: readonly Span[];
  readonly to: readonly Span[];
  readonly mask: number;
}

/** 9.0.0.0/8 and 2600::/16: of the real internet, and far from every private range. */
export const PUBLIC: readonly Span[] = [
  spanOf({ family: 4, bits: 9n << 24n, length: 8 }),
  spanOf({ family: 6, bits: 0x2600n << 112n, length: 16 }),
];

const NOTHING: Promised = { must: 0, may: 0, wanted: 0, isRouted: false, isAnswered: false };

export function readRules(
  { policy, ...mesh }: Mesh,
  parties: readonly Party[],
  flows: readonly Flow[],
): readonly Law[] {
  const resolve = (selector: Selector): readonly Span[] => select(mesh, parties, selector);
  const all = { from: everything(), to: everything(), ports: [] as readonly PortRange[] };
  if (policy === undefined) return [{ ...all, mask: maskOf(flows, []) }];
  return policy.map(({ from, to, ports }) => ({
    from: from.flatMap(resolve),
    to: to.flatMap(resolve),
    mask: maskOf(flows, ports),
  }));
}

/** What must and what may pass from one thing to another of somebody else's. */
export function readPromise(laws: Laws, source: Thing, destination: Thing): Promised {
  const [from, to] = [source.party.home.name, destination.party.home.name];
  const best = laws.graph.best(from, to);
  if (laws.graph.isDenied(from, to) || best === undefined) return NOTHING;
  // Carriers forward the families of the mesh; of another one only what is next to them.
  const { family } = source.address;
  const isCarried = best.hops > 1 || [source, destination].some(({ party }) => party.client);
  const isForeign = !laws.mesh.network.addresses.some((range) => range.family === family);
  let mask = 0;
  for (const rule of laws.rules) {
    const isMeant = isInAny(rule.from, source.address) && isInAny(rule.to, destination.address);
    if (isMeant) mask |= rule.mask;
  }
  const answer =
    destination.kind === "internet"
      ? mayLeave(laws.graph, source, destination)
      : mayReach(source.party, destination);
  if (answer === "no") return { ...NOTHING, wanted: mask };
  const isRouted = answer === "yes";
  // A client's own list is all that keeps from it whom it may not reach.
  const isAnswered =
    destination.kind === "internet" || mayReach(destination.party, source) === "yes";
  const isKept = isRouted && isAnswered && !(isForeign && isCarried);
  // Nobody judges what a node itself, or what is behind it, sends to a client at its own door.
  const isAtDoor =
    from === to && destination.party.client !== undefined && source.party.client === undefined;
  return { must: isKept ? mask : 0, may: isAtDoor ? -1 : mask, wanted: mask, isRouted, isAnswered };
}

type Answer = "yes" | "no" | "maybe";

/** By what a client may reach; its 0.0.0.0/0 holds the mesh, too, without a promise. */
function mayReach({ client, home }: Party, { kind }: Thing): Answer {
  if (client === undefined) return "yes";
  const { access } = client;
  if (access.includes("all-but-lan") || access.includes(kind === "own" ? "nodes" : "subnets")) {
    return "yes";
  }
  return access.includes("exit") || client.exit === home.name ? "maybe" : "no";
}

/** Whether an exit is granted: to a node that names it and has a tunnel to it, to a client at its door. */
function mayLeave(graph: Graph, { party, kind }: Thing, { party: exit, address }: Thing): Answer {
  const { client, home } = party;
  // What may be in anybody's neighbourhood is nobody's promise.
  const yes = isInAny(PUBLIC, address) ? "yes" : "maybe";
  if (client !== undefined) {
    const wants = ["exit", "all-but-lan"] as const;
    const isGranted = wants.some((each) => client.access.includes(each));
    return home === exit.home && (isGranted || client.exit === exit.name) ? yes : "no";
  }
  if (home.exit !== exit.name) return "no";
  const [edge, best] = [graph.edge(home.name, exit.name), graph.best(home.name, exit.name)];
  const isDirect = edge !== undefined && best !== undefined && compareWeights(edge, best) === 0;
  if (!isDirect) return "no";
  return kind === "own" ? yes : "maybe";
}

function select(mesh: Mesh, parties: readonly Party[], selector: Selector): readonly Span[] {
  if (selector.kind === "prefix") return [spanOf(selector.prefix)];
  const group = mesh.groups.find(({ name }) => "name" in selector && name === selector.name);
  if (group !== undefined) return group.members.flatMap((each) => select(mesh, parties, each));
  return parties
    .filter(({ client, home }) => {
      const self = client ?? home;
      if (selector.kind === "tag") return self.tags.includes(selector.tag);
      return self.name === selector.name || (self === home && home.site === selector.name);
    })
    .flatMap(({ addresses }) => addresses.map(hostSpan));
}

function everything(): readonly Span[] {
  return ([4, 6] as const).map((family) => spanOf({ family, bits: 0n, length: 0 }));
}
