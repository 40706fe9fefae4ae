/** Between whom the document lets packets go at all, and over whom: its links, who can dial, who carries. */
import type { Link, Mesh } from "../model/mesh.ts";
import { canDial, isNeighbour } from "./claims.ts";
import type { Claims, Owner } from "./claims.ts";

export class Connections {
  readonly #owners: readonly Owner[];
  readonly #terms: Terms;
  /** By position: the groups of connected carriers that a node has a tunnel into. */
  readonly #groups: readonly ReadonlySet<number>[];

  constructor({ mesh, owners }: Claims) {
    this.#owners = owners.filter(({ node }) => node !== undefined);
    this.#terms = new Terms(mesh);
    this.#groups = this.#readGroups();
  }

  /** Whether the document wants nothing to pass between the two. */
  isDenied(one: Owner, other: Owner): boolean {
    return this.#terms.between(this.#home(one), this.#home(other))?.path === "deny";
  }

  /** Whether tunnels can be made that lead from one to the other. */
  isConnected(one: Owner, other: Owner): boolean {
    if (one.home === other.home) return true;
    const groups = this.#groups[other.home];
    for (const group of this.#groups[one.home] ?? []) if (groups?.has(group) === true) return true;
    return this.#isAdjacent(this.#home(one), this.#home(other));
  }

  #home({ home }: Owner): Owner {
    const owner = this.#owners[home];
    if (owner === undefined) throw new Error("an owner has no home");
    return owner;
  }

  #isAdjacent(one: Owner, other: Owner): boolean {
    const path = this.#terms.between(one, other)?.path;
    const isDialled = canDial(one, other);
    const isDialledBack = canDial(other, one);
    if (path === "deny" || !(isDialled || isDialledBack)) return false;
    if (path === "direct" || (isNeighbour(one, other) && path !== "gateway")) return true;
    const speaks = speaksForItself(one);
    const answers = speaksForItself(other);
    if (path === "gateway") return speaks && answers;
    return (isDialled || answers) && (isDialledBack || speaks);
  }

  #readGroups(): readonly ReadonlySet<number>[] {
    const carriers = this.#owners.filter(carries);
    if (carriers.length === 0) return this.#owners.map(() => new Set<number>());
    const groupOf = new Map<Owner, number>();
    for (const [group, start] of carriers.entries()) {
      const found = groupOf.has(start) ? [] : [start];
      for (const carrier of found) {
        groupOf.set(carrier, group);
        found.push(
          ...carriers.filter(
            (other) =>
              !groupOf.has(other) && !found.includes(other) && this.#isAdjacent(carrier, other),
          ),
        );
      }
    }
    return this.#owners.map((owner) => {
      const own = groupOf.get(owner);
      if (own !== undefined) return new Set([own]);
      const near = carriers.filter((carrier) => this.#isAdjacent(owner, carrier));
      return new Set(near.flatMap((carrier) => groupOf.get(carrier) ?? []));
    });
  }
}

/** Whether the document has it pass on what is for others. */
export function carries({ node, name, site }: Owner): boolean {
  return node?.relay === true || site?.gateways[0] === name;
}

/** Whether it has no gateway but itself. */
function speaksForItself({ name, site }: Owner): boolean {
  return site === undefined || site.gateways.length === 0 || site.gateways[0] === name;
}

/** The links of a document, found by the two that they are between. */
class Terms {
  readonly #links: readonly Link[];
  readonly #places = new Map<string, number>();
  /** By the places of both ends: the position of a link in the document. */
  readonly #known = new Map<number, number>();

  constructor({ links }: Mesh) {
    this.#links = links;
    for (const name of links.flatMap(({ between }) => between)) {
      if (!this.#places.has(name)) this.#places.set(name, this.#places.size);
    }
    for (const [at, { between }] of links.entries()) {
      const [one, other] = between;
      this.#known.set(this.#keyOf(one, other), at);
      this.#known.set(this.#keyOf(other, one), at);
    }
  }

  /** What holds between two nodes: of several links the one that names them most closely. */
  between(one: Owner, other: Owner): Link | undefined {
    if (this.#links.length === 0) return undefined;
    const sites = [one.site?.name, other.site?.name] as const;
    const halves = [this.#find(one.name, sites[1]), this.#find(sites[0], other.name)]
      .filter((at) => at !== undefined)
      .sort((first, second) => this.#rank(first) - this.#rank(second));
    const at = this.#find(one.name, other.name) ?? halves[0] ?? this.#find(...sites);
    return at === undefined ? undefined : this.#links[at];
  }

  /** Of two links that name a node and a site each, one that denies comes first. */
  #rank(at: number): number {
    return this.#links[at]?.path === "deny" ? at - this.#links.length : at;
  }

  #find(one: string | undefined, other: string | undefined): number | undefined {
    if (one === undefined || other === undefined) return undefined;
    return this.#known.get(this.#keyOf(one, other));
  }

  /** NaN, which no link has, for places that no link names. */
  #keyOf(one: string, other: string): number {
    const places = this.#places;
    return (places.get(one) ?? Number.NaN) * places.size + (places.get(other) ?? Number.NaN);
  }
}
