/**
 * The way from each node to each other: shortest paths in one undirected graph in which only carriers
 * pass on. With weights that no two paths share, what goes one way comes back the same way, and no
 * packet meets a node twice.
 */
import type { Link, Network } from "../model/mesh.ts";
import { edgeCost, readLinks, tieOf } from "./edges.ts";
import type { LinkBetween } from "./edges.ts";
import { isCarrier } from "./member.ts";
import type { Member } from "./member.ts";
import { Weights } from "./weights.ts";

/** Nodes that are alike in where they stand and how they are dialled; a carrier is one alone. */
export interface Vertex {
  readonly id: number;
  readonly name: string;
  readonly members: Member[];
}

const NOWHERE = -1;

export class Paths {
  readonly vertices: readonly Vertex[];
  readonly #network: Network;
  readonly #linkBetween: LinkBetween;
  readonly #vertexOf = new Map<Member, Vertex>();
  readonly #carriers: readonly Carrier[];
  /** From each vertex to each vertex: the first vertex on the way, worked out when it is asked for. */
  readonly #rows: (Int32Array | undefined)[] = [];

  constructor(network: Network, links: readonly Link[], members: readonly Member[]) {
    this.#network = network;
    this.#linkBetween = readLinks(links);
    this.vertices = this.#merge(links, members);
    const alone = this.vertices.filter(({ members: [one] }) => one !== undefined && isCarrier(one));
    const edgesOf = new Map(alone.map((vertex) => [vertex, this.#edgesOf(vertex)]));
    this.#carriers = [...edgesOf].map(([vertex, edges]) => {
      return { vertex, edges, far: measure(vertex, edgesOf) };
    });
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

  /** To each vertex from one of another, or from another of its own. */
  #edgesOf(one: Vertex): Weights {
    const edges = new Weights(this.vertices.length);
    const [a] = one.members;
    for (const other of this.vertices) {
      const b = one === other ? one.members[1] : other.members[0];
      if (a === undefined || b === undefined) continue;
      const cost = edgeCost(this.#network, this.#linkBetween, a, b);
      if (cost === undefined) continue;
      edges.set(other.id, { cost, hops: 1, tie: tieOf(one.name, other.name) });
    }
    return edges;
  }

  #row(from: Vertex): Int32Array {
    const known = this.#rows[from.id];
    if (known !== undefined) return known;
    const own = this.#carriers.find(({ vertex }) => vertex === from);
    // Its own edges are where the search begins: they become the best that was found.
    const best = own === undefined ? this.#edgesOf(from) : own.edges.copy();
    const row = Int32Array.from(this.vertices, ({ id }) => (best.has(id) ? id : NOWHERE));
    for (const { vertex, edges, far } of this.#carriers) {
      if (vertex !== from && edges.has(from.id)) best.relax(edges.of(from.id), far, row, vertex.id);
    }
    this.#rows[from.id] = row;
    return row;
  }
}

/** A vertex that passes on. */
interface Carrier {
  readonly vertex: Vertex;
  readonly edges: Weights;
  /** From it to each vertex: the weight of the shortest path. */
  readonly far: Weights;
}

/** Dijkstra's algorithm over the carriers, each with one step more to everybody else. */
function measure(start: Vertex, edgesOf: ReadonlyMap<Vertex, Weights>): Weights {
  const found = new Weights(edgesOf.get(start)?.size ?? 0);
  found.set(start.id, { cost: 0, hops: 0, tie: 0 });
  const open = new Map(edgesOf);
  for (let near = nearest(open, found); near !== undefined; near = nearest(open, found)) {
    const edges = open.get(near);
    open.delete(near);
    if (edges !== undefined) found.relax(found.of(near.id), edges);
  }
  return found;
}

function nearest(open: ReadonlyMap<Vertex, Weights>, found: Weights): Vertex | undefined {
  let near: Vertex | undefined;
  for (const vertex of open.keys()) {
    if (found.has(vertex.id) && (near === undefined || found.isLess(vertex.id, near.id)))
      near = vertex;
  }
  return near;
}
