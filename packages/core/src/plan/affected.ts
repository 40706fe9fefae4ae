/** What a change of the mesh makes worth computing again, so that one node's change costs O(N). */
import { namesOf } from "../model/lock.ts";
import type { Name } from "../model/names.ts";
import { remember } from "../remember.ts";
import { isCarrier } from "./member.ts";
import type { Member } from "./member.ts";
import type { Index } from "./members.ts";

export interface Affected {
  /** Ordered pairs (self, other) whose `pair` must be asked again; both are in the mesh after. */
  readonly pairs: readonly (readonly [Name, Name])[];
  readonly removed: ReadonlySet<Name>;
}

/**
 * What differs between two states of a mesh: O(N) to find; at most 2N pairs for one changed node in a
 * full mesh or in a mesh of sites. A change of the network itself, or of what carriers there are and
 * how they are dialled, is met by asking all pairs.
 */
export function affected(before: Index, after: Index): Affected {
  const names = [...after.byName.keys()];
  const removed = new Set([...before.byName.keys()].filter((name) => !after.byName.has(name)));
  if (!isEqual(frameOf(before), frameOf(after))) {
    const all = names.flatMap((self) => names.map((other) => [self, other] as const));
    return { pairs: all.filter(([self, other]) => self !== other), removed };
  }
  const changed = new Set(
    [...removed, ...names].filter(
      (name) => !isEqual(before.byName.get(name), after.byName.get(name)),
    ),
  );
  const touched = new PairSet();
  for (const index of [before, after]) {
    for (const name of changed) touchWays(index, name, touched);
    if (changed.size > 0) touchSubtracted(index, touched);
  }
  for (const [one, other] of rotatedPairs(before, after)) touched.add(one, other);
  const isThere = (name: Name): boolean => after.byName.has(name);
  return { pairs: touched.list().filter((pair) => pair.every(isThere)), removed };
}

/** All that decides the ways between nodes that did not change themselves. */
function frameOf({ mesh, members }: Index): unknown {
  const { network, links, sites, policy, groups } = mesh;
  const carriers = members
    .filter(isCarrier)
    .map(({ node, lanEndpoint, publicEndpoint }) => [
      node.name,
      node.site,
      lanEndpoint === undefined,
      publicEndpoint === undefined,
    ]);
  return { network, links, sites, policy, groups, carriers };
}

/** Pairs of which both orders are touched together. */
class PairSet {
  readonly #others = new Map<Name, Set<Name>>();

  add(one: Name, other: Name): void {
    for (const [self, peer] of [
      [one, other],
      [other, one],
    ] as const) {
      remember(this.#others, self, () => new Set()).add(peer);
    }
  }

  list(): readonly (readonly [Name, Name])[] {
    return [...this.#others].flatMap(([self, others]) =>
      [...others].map((other) => [self, other] as const),
    );
  }
}

/** Each tunnel on the way from anybody to a changed node, and where its site's block is sent. */
function touchWays({ byName, members, paths }: Index, name: Name, touched: PairSet): void {
  const changed = byName.get(name);
  if (changed === undefined) return;
  const neighbours = new Set<Member>();
  // Of those that are alike one is enough: they are sent the same way.
  for (const { members: alike } of changed.site?.addresses.length ? paths.vertices : []) {
    const [one] = alike;
    if (one !== undefined && one.site === changed.site) neighbours.add(one);
  }
  for (const self of members) {
    if (self === changed) continue;
    let at = self;
    for (const next of paths.way(self, changed)) {
      touched.add(at.node.name, next.node.name);
      at = next;
    }
    // Nodes of the site itself know each other one by one.
    for (const neighbour of self.site === changed.site ? [] : neighbours) {
      const next = paths.next(self, neighbour);
      if (next !== undefined && isCarrier(next)) touched.add(self.node.name, next.node.name);
    }
  }
}

/** Lists out of which something of others is taken: what sites reach, and what goes to an exit. */
function touchSubtracted({ byName, members }: Index, touched: PairSet): void {
  for (const self of members) {
    const gateway = self.site?.gateways[0];
    const isReaching = self.site !== undefined && self.site.reach.length > 0;
    for (const name of [isReaching ? gateway : undefined, self.node.exit]) {
      const other = name === undefined ? undefined : byName.get(name);
      if (other !== undefined && other !== self) touched.add(self.node.name, other.node.name);
    }
  }
}

/** Pairs whose preshared key was rotated, or given, or is given no more. */
function rotatedPairs(before: Index, after: Index): readonly (readonly [Name, Name])[] {
  const epochs = [before.presharedKeyEpochs, after.presharedKeyEpochs] as const;
  const rotated = new Set(epochs.flatMap((each) => [...each.keys()]));
  const turned = [...rotated].filter((name) => epochs[0].get(name) !== epochs[1].get(name));
  const given = before.givenPresharedKeys.symmetricDifference(after.givenPresharedKeys);
  return [...new Set([...turned, ...given])].map(namesOf);
}

/** Whether two values of a mesh hold the same data, however deep. */
function isEqual(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) {
    return false;
  }
  if (one instanceof Map && other instanceof Map) {
    return (
      one.size === other.size && [...one].every(([key, value]) => isEqual(value, other.get(key)))
    );
  }
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every(
    (key) =>
      Object.hasOwn(other, key) &&
      isEqual(one[key as keyof typeof one], other[key as keyof typeof other]),
  );
}
