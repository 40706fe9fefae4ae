/** Who has a tunnel to whom by the document alone, and what the cheapest way between two nodes costs. */
import type { Mesh } from "@warren/core";

type Node = Mesh["nodes"][number];
type Link = Mesh["links"][number];

/** What a way costs, in millionths so that sums are exact, and the tunnels on it. */
export interface Weight {
  readonly cost: number;
  readonly hops: number;
}

export interface Graph {
  /** Neither may have to do with the other. */
  isDenied(one: string, other: string): boolean;
  /** Of the tunnel between two, if the document has one. */
  edge(one: string, other: string): Weight | undefined;
  /** Of the best way, if there is one. */
  best(one: string, other: string): Weight | undefined;
  isCarrier(name: string): boolean;
}

export function readGraph(mesh: Mesh): Graph {
  const { nodes } = mesh;
  const gateways = new Map(mesh.sites.map(({ name, gateways }) => [name, gateways[0]]));
  const isOwnGateway = ({ name, site }: Node): boolean =>
    site === undefined || [undefined, name].includes(gateways.get(site));
  const positions = new Map<string, number>(nodes.map(({ name }, at) => [name, at]));
  const carries = nodes.map(({ name, site, relay }) => {
    return relay || (site !== undefined && gateways.get(site) === name);
  });
  const links = nodes.map((one) => nodes.map((other) => findLink(mesh, one, other)));
  const edges = nodes.map((one, row) =>
    nodes.map((other, column): Weight | undefined => {
      const link = links[row]?.[column];
      if (one === other || !hasEdge(one, other, { link, isOwnGateway })) return undefined;
      const usual = isSameSite(one, other) ? 0 : mesh.network.defaultCostPerGiB;
      return { cost: Math.round((link?.costPerGiB ?? usual) * 1e6), hops: 1 };
    }),
  );
  const best = edges.map((_, start) => findBest(edges, carries, start));
  const at = (name: string): number => positions.get(name) ?? -1;
  return {
    isDenied: (one, other) => one !== other && links[at(one)]?.[at(other)]?.path === "deny",
    edge: (one, other) => edges[at(one)]?.[at(other)],
    best: (one, other) => best[at(one)]?.[at(other)],
    isCarrier: (name) => carries[at(name)] ?? false,
  };
}

export function compareWeights(one: Weight, other: Weight): number {
  return one.cost - other.cost || one.hops - other.hops;
}

/** Of all links that speak of the two: most nodes named, then a denial, then the first. */
function findLink({ links }: Mesh, one: Node, other: Node): Link | undefined {
  const isNamed = (node: Node, name: string): boolean => node.name === name || node.site === name;
  const rank = ({ between, path }: Link): number => {
    const named = between.filter((name) => name === one.name || name === other.name).length;
    return 2 * named + (path === "deny" ? 1 : 0);
  };
  return links
    .filter(
      ({ between: [a, b] }) =>
        (isNamed(one, a) && isNamed(other, b)) || (isNamed(one, b) && isNamed(other, a)),
    )
    .toSorted((a, b) => rank(b) - rank(a))[0];
}

interface Terms {
  readonly link: Link | undefined;
  readonly isOwnGateway: (node: Node) => boolean;
}

function hasEdge(one: Node, other: Node, { link, isOwnGateway }: Terms): boolean {
  const path = link?.path ?? "auto";
  const isDialled = canDial(other, one);
  const isDialling = canDial(one, other);
  if (path === "deny" || (!isDialled && !isDialling)) return false;
  if (path === "gateway") return isOwnGateway(one) && isOwnGateway(other);
  if (path === "direct" || isSameSite(one, other)) return true;
  if (isDialled && isDialling) return true;
  return isOwnGateway(isDialled ? other : one);
}

function canDial(self: Node, other: Node): boolean {
  return other.endpoint !== undefined || (isSameSite(self, other) && other.lan !== undefined);
}

function isSameSite(one: Node, other: Node): boolean {
  return one.site !== undefined && one.site === other.site;
}

/** Bellman and Ford: again and again over all edges, until nothing gets better. */
function findBest(
  edges: readonly (readonly (Weight | undefined)[])[],
  carries: readonly boolean[],
  start: number,
): readonly (Weight | undefined)[] {
  const best: (Weight | undefined)[] = edges.map(() => undefined);
  best[start] = { cost: 0, hops: 0 };
  for (let isBetter = true; isBetter;) {
    isBetter = false;
    for (const [from, row] of edges.entries()) {
      if (from === start || carries[from] === true) isBetter = relax(best, from, row) || isBetter;
    }
  }
  return best;
}

/** Goes one edge further from a node; whether that was better than what was known. */
function relax(
  best: (Weight | undefined)[],
  from: number,
  row: readonly (Weight | undefined)[],
): boolean {
  const before = best[from];
  if (before === undefined) return false;
  let isBetter = false;
  for (const [to, edge] of row.entries()) {
    if (edge === undefined) continue;
    const way = { cost: before.cost + edge.cost, hops: before.hops + 1 };
    const known = best[to];
    if (known !== undefined && compareWeights(way, known) >= 0) continue;
    best[to] = way;
    isBetter = true;
  }
  return isBetter;
}
