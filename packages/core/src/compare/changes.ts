/** What a change of a mesh does to the people in it: who comes and goes, who may reach whom, who has what. */
import { printAddress } from "../ip/address.ts";
import { printEndpoint } from "../ip/endpoint.ts";
import { printPrefix } from "../ip/prefix.ts";
import type { Lock } from "../model/lock.ts";
import type { Mesh } from "../model/mesh.ts";
import type { Owner } from "../verify/claims.ts";
import { groupPairs } from "./pair-groups.ts";
import type { PairGroup } from "./pair-groups.ts";
import { Reach } from "./reach.ts";

/** A mesh with everything that was given out. */
export interface Side {
  readonly mesh: Mesh;
  readonly lock: Lock;
}

/** Names are those of nodes and of clients' ways in; of one that was renamed the new one. */
export interface Changes {
  readonly renamed: readonly { readonly before: string; readonly after: string }[];
  readonly added: readonly Newcomer[];
  readonly removed: readonly Newcomer[];
  /** Of those that stay. */
  readonly addresses: readonly ListChange[];
  /** The ranges behind a node that are reached through it. */
  readonly ranges: readonly ListChange[];
  /** Whose public key is another. */
  readonly keys: readonly string[];
  /** Pairs whose preshared key is another, as `a b`; all of them when the network secret is. */
  readonly presharedKeys: "all" | readonly string[];
  /** Through whom one leaves for the internet. */
  readonly exits: readonly ExitChange[];
  readonly reach: readonly ReachChange[];
}

export interface Newcomer {
  readonly kind: "node" | "client" | "site";
  readonly name: string;
  readonly addresses: readonly string[];
  /** Behind it. */
  readonly ranges: readonly string[];
}

export interface ListChange {
  readonly name: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

export interface ExitChange {
  readonly name: string;
  readonly before?: string;
  readonly after?: string;
}

/** What may start: `tcp/22, icmp`, or `*` for anything; absent for nothing. */
export interface ReachChange extends PairGroup {
  readonly before?: string;
  readonly after?: string;
}

/** Quadratic in the number of nodes, as the mesh is. */
export function compareMeshes(before: Side, after: Side): Changes {
  const sides = {
    before: new Reach(before.mesh, before.lock),
    after: new Reach(after.mesh, after.lock),
  };
  const renamed = findRenamed(sides.before.claims.owners, sides.after.claims.owners);
  const newNames = new Map(renamed.map((each) => [each.before, each.after]));
  const old = byName(sides.before, (name) => newNames.get(name) ?? name);
  const now = byName(sides.after, (name) => name);
  const both = [...now].flatMap(([name, owner]) => {
    const was = old.get(name);
    return was === undefined ? [] : [{ name, was, is: owner }];
  });
  return {
    renamed,
    added: [...newcomers(now, old), ...newSites(after, before)],
    removed: [...newcomers(old, now), ...newSites(before, after)],
    addresses: listChanges(both, ({ addresses }) => addresses.map(printAddress)),
    ranges: listChanges(both, rangesOf),
    keys: both.filter(({ was, is }) => was.publicKey !== is.publicKey).map(({ name }) => name),
    presharedKeys: changedPresharedKeys(before.lock, after.lock),
    exits: exitChanges(sides, old, now),
    reach: reachChanges({ reach: sides.before, owners: old }, { reach: sides.after, owners: now }),
  };
}

type Owners = ReadonlyMap<string, Owner>;

function byName({ claims }: Reach, nameOf: (name: string) => string): Owners {
  return new Map(claims.owners.map((owner) => [nameOf(owner.name), owner]));
}

/** Gone under one name and there under another, with the same key, or dialled at the same place. */
function findRenamed(
  before: readonly Owner[],
  after: readonly Owner[],
): readonly { readonly before: string; readonly after: string }[] {
  const old = new Set<string>(before.map(({ name }) => name));
  const now = new Set<string>(after.map(({ name }) => name));
  const gone = before.filter(({ name }) => !now.has(name));
  const fresh = after.filter(({ name }) => !old.has(name));
  return gone.flatMap((owner) => {
    const [only, ...more] = fresh.filter((each) => isAlike(owner, each));
    if (only === undefined || more.length > 0) return [];
    // Two that became one are two that go and one that comes.
    const isOne = gone.every((each) => each === owner || !isAlike(each, only));
    return isOne ? [{ before: owner.name, after: only.name }] : [];
  });
}

function isAlike(one: Owner, other: Owner): boolean {
  const marks = marksOf(one);
  return marksOf(other).some((mark) => marks.includes(mark));
}

function marksOf({ publicKey, publicEndpoint, lanEndpoint, site }: Owner): readonly string[] {
  return [
    ...(publicKey === undefined ? [] : [publicKey]),
    ...(publicEndpoint === undefined ? [] : [printEndpoint(publicEndpoint)]),
    ...(lanEndpoint === undefined ? [] : [`${site?.name} ${printEndpoint(lanEndpoint)}`]),
  ];
}

/** Those of the first that are not among the second. */
function newcomers(owners: Owners, others: Owners): readonly Newcomer[] {
  return [...owners]
    .filter(([name]) => !others.has(name))
    .map(([name, owner]): Newcomer => {
      const kind = owner.node === undefined ? "client" : "node";
      const addresses = owner.addresses.map(printAddress);
      return { kind, name, addresses, ranges: rangesOf(owner) };
    });
}

function newSites({ mesh }: Side, { mesh: other }: Side): readonly Newcomer[] {
  const known = new Set(other.sites.map(({ name }) => name));
  return mesh.sites
    .filter(({ name }) => !known.has(name))
    .map(({ name }) => ({ kind: "site", name, addresses: [], ranges: [] }));
}

interface Pair {
  readonly name: string;
  readonly was: Owner;
  readonly is: Owner;
}

function listChanges(
  pairs: readonly Pair[],
  listOf: (owner: Owner) => readonly string[],
): readonly ListChange[] {
  return pairs
    .map(({ name, was, is }) => ({ name, before: listOf(was), after: listOf(is) }))
    .filter(({ before, after }) => before.join() !== after.join());
}

function rangesOf({ node, owned, addresses }: Owner): readonly string[] {
  if (node === undefined) return [];
  const own = new Set(addresses.map(printAddress));
  return owned.map(printPrefix).filter((each) => !own.has(each.replace(/\/(32|128)$/, "")));
}

function changedPresharedKeys(before: Lock, after: Lock): "all" | readonly string[] {
  const [old, now] = [before.networkSecret, after.networkSecret];
  if (old !== undefined && now !== undefined && old !== now) return "all";
  const [was, is] = [before.presharedKeyEpochs, after.presharedKeyEpochs];
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((pair) => (was.get(pair) ?? 0) !== (is.get(pair) ?? 0))
    .sort();
}

function exitChanges(
  { before, after }: { readonly before: Reach; readonly after: Reach },
  old: Owners,
  now: Owners,
): readonly ExitChange[] {
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((name): ExitChange[] => {
    const [was, is] = [old.get(name), now.get(name)];
    const left = was && before.exitOf(was);
    const leaves = is && after.exitOf(is);
    if (left === leaves) return [];
    return [{ name, ...(left && { before: left }), ...(leaves && { after: leaves }) }];
  });
}

interface Known {
  readonly reach: Reach;
  readonly owners: Owners;
}

function reachChanges(before: Known, after: Known): readonly ReachChange[] {
  const names = [...new Set([...before.owners.keys(), ...after.owners.keys()])].sort();
  const pairs = names.flatMap((from) =>
    names.flatMap((to) => {
      const was = from === to ? undefined : startedIn(before, from, to);
      const is = from === to ? undefined : startedIn(after, from, to);
      return was === is ? [] : [{ pair: [from, to] as const, was, is }];
    }),
  );
  return [...Map.groupBy(pairs, ({ was = "", is = "" }) => `${was}>${is}`).values()].flatMap(
    (alike) => {
      const { was, is } = alike[0] ?? {};
      const change = { ...(was && { before: was }), ...(is && { after: is }) };
      const groups = groupPairs(alike.map(({ pair }) => pair));
      return groups.map((group): ReachChange => ({ ...group, ...change }));
    },
  );
}

function startedIn({ reach, owners }: Known, from: string, to: string): string | undefined {
  const [source, target] = [owners.get(from), owners.get(to)];
  return source === undefined || target === undefined ? undefined : reach.between(source, target);
}
