/** Who answers for a range that several nodes offer: one is active, the others stand by. */
import type { Prefix } from "../ip/prefix.ts";
import { printPrefix } from "../ip/prefix.ts";
import { remember } from "../remember.ts";
import type { Mesh, Node } from "./mesh.ts";
import type { Name } from "./names.ts";

export interface Offer {
  readonly node: Node;
  /** Its place among the node's subnets. */
  readonly at: number;
}

/**
 * All offers of one range, by its printed form, the active one first: the lowest metric, which is 0
 * where none is given, then the earliest gateway of the site, then the first name.
 */
export function offersOf(mesh: Mesh): ReadonlyMap<string, readonly Offer[]> {
  const offers = new Map<string, Offer[]>();
  for (const node of mesh.nodes) {
    for (const [at, { prefix }] of node.subnets.entries()) {
      const printed = printPrefix(prefix);
      remember(offers, printed, () => []).push({ node, at });
    }
  }
  const ranks = new Map(
    mesh.sites.flatMap(({ gateways }) => gateways.map((name, at) => [name, at])),
  );
  const rank = ({ name }: Node): number => ranks.get(name) ?? Infinity;
  for (const list of offers.values()) {
    // Stable, so that what is alike stays in order of name.
    list.sort(
      (one, other) => metricOf(one) - metricOf(other) || compare(rank(one.node), rank(other.node)),
    );
  }
  return offers;
}

/** The ranges that are reached through each node; exits are nobody's alone and not among them. */
export function activeSubnets(mesh: Mesh): ReadonlyMap<Name, readonly Prefix[]> {
  const active = new Map<Name, Prefix[]>();
  for (const [first] of offersOf(mesh).values()) {
    const prefix = first?.node.subnets[first.at]?.prefix;
    if (first === undefined || prefix === undefined || prefix.length === 0) continue;
    const { name } = first.node;
    remember(active, name, () => []).push(prefix);
  }
  return active;
}

function metricOf({ node, at }: Offer): number {
  return node.subnets[at]?.metric ?? 0;
}

function compare(one: number, other: number): number {
  return one === other ? 0 : one - other;
}
