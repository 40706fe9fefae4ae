/** What a change of the mesh makes worth computing again, so that one node's change costs O(N). */
import { namesOf } from "../model/lock.ts";
import type { Name } from "../model/names.ts";
import { assemble } from "./compile.ts";
import type { Device, Peer } from "./device.ts";
import { assembleEntry } from "./entry-device.ts";
import type { Member } from "./member.ts";
import type { Index } from "./members.ts";
import { pair } from "./pair.ts";

export interface Affected {
  /** Ordered pairs (self, other) whose `pair` must be asked again; both are in the mesh after. */
  readonly pairs: readonly (readonly [Name, Name])[];
  readonly removed: ReadonlySet<Name>;
}

/**
 * What differs between two states of a mesh: O(N) to find; at most 2N pairs for one changed node.
 * A change of the network itself is met by asking all pairs.
 */
export function affected(before: Index, after: Index): Affected {
  const names = new Set(after.members.map(({ node }) => node.name));
  const removed = new Set([...before.byName.keys()].filter((name) => !names.has(name)));
  const isNetworkSame = isEqual(before.network, after.network);
  const changed = new Set(
    after.members
      .filter((member) => !isNetworkSame || !isEqual(before.byName.get(member.node.name), member))
      .map(({ node }) => node.name),
  );
  const pairs = after.members.flatMap(({ node: { name: self } }) => {
    const others = changed.has(self) ? names : changed;
    return [...others].filter((other) => other !== self).map((other) => [self, other] as const);
  });
  return { pairs: [...pairs, ...rotatedPairs(before, after, changed)], removed };
}

/** Pairs whose preshared key was rotated, both ways, unless they are asked again anyway. */
function rotatedPairs(
  { presharedKeyEpochs: before }: Index,
  { presharedKeyEpochs: after, byName }: Index,
  changed: ReadonlySet<Name>,
): (readonly [Name, Name])[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].flatMap((name): (readonly [Name, Name])[] => {
    const [one, other] = namesOf(name);
    const isRotated = before.get(name) !== after.get(name) && byName.has(one) && byName.has(other);
    if (!isRotated || changed.has(one) || changed.has(other)) return [];
    return [
      [one, other],
      [other, one],
    ];
  });
}

/** The devices after a change, from those before it and the pairs that it touched. */
export function recompile(
  devices: ReadonlyMap<Name, Device>,
  after: Index,
  { pairs, removed }: Affected,
): Map<Name, Device> {
  const news = new Map<Name, Map<Name, Peer | undefined>>();
  for (const [self, other] of pairs) {
    const entries = news.get(self) ?? new Map<Name, Peer | undefined>();
    entries.set(other, pair(after, known(after, self), known(after, other)));
    news.set(self, entries);
  }
  const compiled = new Map(
    after.members.map((member) => {
      const { name } = member.node;
      // Clients' are told by assemble: they are few, and known without asking anybody.
      const all = devices.get(name)?.peers ?? [];
      const kept = all.filter((peer) => after.byName.has(peer.name));
      const fresh = news.get(name) ?? new Map<Name, Peer | undefined>();
      const peers = kept.filter((peer) => !fresh.has(peer.name) && !removed.has(peer.name));
      for (const peer of fresh.values()) if (peer !== undefined) peers.push(peer);
      peers.sort((one, other) => (one.name < other.name ? -1 : 1));
      return [name, assemble(after, member, peers)] as const;
    }),
  );
  for (const entry of after.entries) {
    compiled.set(entry.name, assembleEntry(after, entry, compiled.get(entry.via)?.mtu));
  }
  return compiled;
}

function known(index: Index, name: Name): Member {
  const member = index.byName.get(name);
  if (member === undefined) throw new Error(`${name} is not in the mesh`);
  return member;
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
