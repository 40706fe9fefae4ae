/**
 * The way from each node to each other: shortest paths in one undirected graph in which only carriers
 * pass on. With weights that no two paths share, what goes one way comes back the same way, and no
 * packet meets a node twice.
 */
import type { Link, Network } from "../model/mesh.ts";
import { edgeCost, readLinks, tieOf } from "./edges.ts";
import type { LinkBetween, Weight } from "./edges.ts";
import { isCarrier } from "./member.ts";
import type { Member } from "./member.ts";

/** Nodes that are alike in where they stand and how they are dialled; a carrier is one alone. */
export interface Vertex {
  readonly id: number;
  readonly name: string;
  readonly members: Member[];
}

const NOWHERE = -1;
const NOTHING: Weight = { cost: 0, hops: 0, tie: 0 };

export class Paths {
  readonly vertices: readonly Vertex[];
  readonly #network: Network;
  readonly #linkBetween: LinkBetween;
  readonly #vertexOf = new Map<Member, Vertex>();
  readonly #carriers: readonly Carrier[];
  /** From each carrier to each vertex: the weight of the shortest path. */
  readonly #far: readonly Weights[];
  /** From each vertex to each vertex: the first vertex on the way, worked out when it is asked for. */
  readonly #rows: (Int32Array | undefined)[] = [];

  constructor(network: Network, links: readonly Link[], members: readonly Member[]) {
    this.#network = network;
    this.#linkBetween = readLinks(links);
    this.vertices = this.#merge(links, members);
    const alone = this.vertices.filter(({ members: [one] }) => one !== undefined && isCarrier(one));
    this.#carriers = alone.map((vertex) => {
      return { vertex, edges: this.vertices.map((other) => this.#edge(vertex, other)) };
    });
    this.#far = this.#carriers.map((carrier) => measure(carrier, this.#carriers));
  }

  get hasCarriers(): boolean {
    return this.#carriers.length > 0;
  }

  /** The neighbour to which `self` sends what is for `other`: often `other` itself; undefined without a path. */
  next(self: Member, other: Member): Member | undefined {
    const from = this.vertexOf(self);
    const to = this.vertexOf(other);
    const next = this.#row(from)[to.id] ?? NOWHERE;
    return next === to.id ? other : this.vertices[next]?.members[0];
  }

  /** Everyone whom a packet from `self` to `other` meets, `other` last; empty without a path. */
  way(self: Member, other: Member): readonly Member[] {
    const way: Member[] = [];
    let at: Member | undefined = self;
    while (at !== undefined && at !== other) {
      at = this.next(at, other);
      if (at !== undefined) way.push(at);
    }
    return way;
  }

  /** Whether no traffic at all is wanted between the two, not even through a third. */
  isDenied(self: Member, other: Member): boolean {
    return this.#linkBetween(self, other)?.path === "deny";
  }

  vertexOf(member: Member): Vertex {
    const vertex = this.#vertexOf.get(member);
    if (vertex === undefined) throw new Error(`${member.node.name} is not in the graph`);
    return vertex;
  }

  #merge(links: readonly Link[], members: readonly Member[]): readonly Vertex[] {
    // A node that a link names has its own terms.
    const named = new Set<string>(links.flatMap(({ between }) => between));
    const vertices = new Map<string, Vertex>();
    for (const member of members) {
      const { node, publicEndpoint, lanEndpoint } = member;
      const isAlone = isCarrier(member) || named.has(node.name);
      const dialled = `${publicEndpoint === undefined ? "" : "p"}${lanEndpoint === undefined ? "" : "l"}`;
      const name = isAlone ? node.name : `${node.site ?? ""} ${dialled}`;
      const vertex = vertices.get(name) ?? { id: vertices.size, name, members: [] };
      vertex.members.push(member);
      vertices.set(name, vertex);
      this.#vertexOf.set(member, vertex);
    }
    return [...vertices.values()];
  }

  #edge(one: Vertex, other: Vertex): Weight | undefined {
    const [a] = one.members;
    const b = one === other ? one.members[1] : other.members[0];
    if (a === undefined || b === undefined) return undefined;
    const cost = edgeCost(this.#network, this.#linkBetween, a, b);
    return cost === undefined ? undefined : { cost, hops: 1, tie: tieOf(one.name, other.name) };
  }

  #row(from: Vertex): Int32Array {
    const known = this.#rows[from.id];
    if (known !== undefined) return known;
    // Most nodes have a tunnel to one carrier or two.
    const near = this.#carriers.flatMap(({ vertex: { id }, edges }, at) => {
      const edge = id === from.id ? undefined : edges[from.id];
      return edge === undefined ? [] : [{ id, edge, far: this.#far[at] ?? [] }];
    });
    const row = Int32Array.from(this.vertices, (to) => {
      let best = this.#edge(from, to);
      let next = best === undefined ? NOWHERE : to.id;
      for (const { id, edge, far } of near) {
        const rest = id === to.id ? undefined : far[to.id];
        if (rest === undefined || !isShorterSum(edge, rest, best)) continue;
        best = added(edge, rest);
        next = id;
      }
      return next;
    });
    this.#rows[from.id] = row;
    return row;
  }
}

/** A vertex that passes on, with its edges by the other's id. */
interface Carrier {
  readonly vertex: Vertex;
  readonly edges: Weights;
}

type Weights = readonly (Weight | undefined)[];

/** Dijkstra's algorithm over the carriers, each with one step more to everybody else. */
function measure(start: Carrier, carriers: readonly Carrier[]): Weights {
  const found: (Weight | undefined)[] = [];
  found[start.vertex.id] = NOTHING;
  const open = new Set(carriers);
  for (let near = nearest(open, found); near !== undefined; near = nearest(open, found)) {
    open.delete(near);
    const soFar = found[near.vertex.id];
    for (const [id, edge] of near.edges.entries()) {
      if (soFar === undefined || edge === undefined) continue;
      if (isShorterSum(soFar, edge, found[id])) found[id] = added(soFar, edge);
    }
  }
  return found;
}

function nearest(open: ReadonlySet<Carrier>, found: Weights): Carrier | undefined {
  let near: Carrier | undefined;
  for (const carrier of open) {
    const weight = found[carrier.vertex.id];
    if (isShorter(weight, near && found[near.vertex.id])) near = carrier;
  }
  return near;
}

function added(one: Weight, other: Weight): Weight {
  return { cost: one.cost + other.cost, hops: one.hops + other.hops, tie: one.tie + other.tie };
}

function isShorter(one: Weight | undefined, other: Weight | undefined): boolean {
  return one !== undefined && isShorterSum(one, NOTHING, other);
}

/** Whether the two together weigh less than another way, without making a weight of them. */
function isShorterSum(one: Weight, more: Weight, other: Weight | undefined): boolean {
  if (other === undefined) return true;
  const cost = one.cost + more.cost;
  if (cost !== other.cost) return cost < other.cost;
  const hops = one.hops + more.hops;
  if (hops !== other.hops) return hops < other.hops;
  return one.tie + more.tie < other.tie;
}
