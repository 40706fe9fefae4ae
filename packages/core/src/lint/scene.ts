/** What all checks of the linter look at: who is who among foreign devices, and where each sends what. */
import type { Finding } from "../finding.ts";
import { hostAddressOf } from "../ip/endpoint.ts";
import type { Endpoint } from "../ip/endpoint.ts";
import { hostPrefix, printPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { ForeignDevice, Placed } from "../read/foreign.ts";
import { remember } from "../remember.ts";
import { paint, Universe } from "../verify/universe.ts";
import type { LintNode, LintPeer } from "./identities.ts";

/** An entry that dials. */
export interface Dialling {
  readonly peer: LintPeer;
  readonly endpoint: Placed<Endpoint>;
}

/** One prefix of a device's AllowedIPs. */
export interface Entry extends Placed<Prefix> {
  readonly peer: LintPeer;
}

export interface Scene {
  readonly nodes: readonly LintNode[];
  readonly universe: Universe;
  /** Of each node, by its position. */
  readonly tables: readonly Table[];
  readonly meshCounts: Uint32Array;
  /** Before each atom, how many addresses of devices there are. */
  readonly addressCounts: Uint32Array;
  /** Of each node that is dialled: where, by everybody's word. */
  readonly dialled: ReadonlyMap<LintNode | undefined, readonly Dialling[]>;
  /** Endpoints that cannot be dialled from where they stand, which was said: nobody is advised to. */
  readonly rejected: Set<Endpoint>;
  /** Peers whose entry is wrong for a reason that was said: what follows from it is not said again. */
  readonly blamed: Set<LintPeer>;
  /** Entries that send a range round, which was said. */
  readonly rounds: Set<Entry>;
  readonly findings: Finding[];
}

export interface Table {
  readonly entries: readonly Entry[];
  /** Atom → the entry with the longest prefix, the later of equal ones; undefined: no tunnel. */
  readonly row: readonly (Entry | undefined)[];
  /** Each prefix that is on several peers, with all its entries in the order of the file. */
  readonly clashes: readonly (readonly Entry[])[];
}

export function createScene(nodes: readonly LintNode[], findings: Finding[]): Scene {
  const entries = nodes.map(({ peers }) => peers.flatMap(entriesOf));
  const universe = new Universe(allPrefixes(nodes, entries));
  const tables = entries.map((list) => createTable(universe, list));
  return {
    nodes,
    universe,
    tables,
    meshCounts: countMesh(universe, nodes),
    addressCounts: countAddresses(universe, nodes),
    dialled: readDialled(nodes),
    rejected: new Set(),
    blamed: new Set(),
    rounds: new Set(),
    findings,
  };
}

/** Whether a prefix has anything of the mesh itself. */
export function hasMesh({ universe, meshCounts }: Scene, prefix: Prefix): boolean {
  const { from, to } = universe.atomsOf(prefix);
  return meshCounts[from] !== meshCounts[to];
}

/** Whether an address of another node is in all of the prefixes. */
export function hasOthers(
  { universe, addressCounts }: Scene,
  node: LintNode,
  prefixes: readonly [Prefix, ...Prefix[]],
): boolean {
  const ranges = prefixes.map((prefix) => universe.atomsOf(prefix));
  const from = Math.max(...ranges.map((range) => range.from));
  const to = Math.min(...ranges.map((range) => range.to));
  const own = node.addresses.filter((each) => {
    const atom = universe.hostAtom(each);
    return from <= atom && atom < to;
  });
  return (addressCounts[to] ?? 0) - (addressCounts[from] ?? 0) > own.length;
}

export function entryAt(scene: Scene, { position }: LintNode, atom: number): Entry | undefined {
  return scene.tables[position]?.row[atom];
}

/** The entries of a node by which it sends the atoms of a prefix, one for each; undefined: no tunnel. */
export function entriesIn(
  { universe, tables }: Scene,
  node: LintNode | undefined,
  prefix: Prefix,
): readonly (Entry | undefined)[] {
  const { from, to } = universe.atomsOf(prefix);
  return tables[node?.position ?? -1]?.row.slice(from, to) ?? [];
}

/** Whether the host's main table has a route for all AllowedIPs, as wg-quick makes them by itself. */
export function isRouted({ table }: ForeignDevice): boolean {
  return table === undefined || table.value === "auto";
}

/** All AllowedIPs of a peer that stand in the line of one of them, with others in its place. */
export function lineWith(
  { peer }: LintPeer,
  one: Placed<Prefix>,
  others: readonly Prefix[],
): readonly string[] {
  const line = peer.allowedIps.filter(({ place }) => place.line === one.place.line);
  const prefixes = line.flatMap((each) =>
    each.value === one.value && each.place === one.place ? others : [each.value],
  );
  return [...new Set(prefixes.map(printPrefix))];
}

function entriesOf(peer: LintPeer): readonly Entry[] {
  return peer.peer.allowedIps.map(({ value, place }) => ({ value, place, peer }));
}

function readDialled(nodes: readonly LintNode[]): Scene["dialled"] {
  const all = nodes.flatMap(({ peers }) =>
    peers.flatMap((peer): Dialling[] => {
      const { endpoint } = peer.peer;
      return peer.other === undefined || endpoint === undefined ? [] : [{ peer, endpoint }];
    }),
  );
  return Map.groupBy(all, ({ peer }) => peer.other);
}

function* allPrefixes(
  nodes: readonly LintNode[],
  entries: readonly (readonly Entry[])[],
): Generator<Prefix> {
  for (const list of entries) for (const { value } of list) yield value;
  for (const { links, addresses, peers } of nodes) {
    yield* links;
    for (const address of addresses) yield hostPrefix(address);
    for (const { peer } of peers) {
      const host = hostAddressOf(peer.endpoint?.value);
      if (host !== undefined) yield hostPrefix(host);
    }
  }
}

function createTable(universe: Universe, entries: readonly Entry[]): Table {
  const row: (Entry | undefined)[] = Array.from({ length: universe.size });
  const clashes = new Map<number, Entry[]>();
  // Wide before narrow, and equal ones in the order of the file: what is painted last is what counts.
  for (const entry of entries.toSorted((one, other) => one.value.length - other.value.length)) {
    const { from, to } = universe.atomsOf(entry.value);
    const earlier = row[from];
    // Two prefixes of one length that share an atom are the same prefix.
    if (earlier?.value.length === entry.value.length && earlier.peer !== entry.peer) {
      remember(clashes, from, () => [earlier]).push(entry);
    }
    row.fill(entry, from, to);
  }
  return { entries, row, clashes: [...clashes.values()] };
}

/** Marks what is somebody's address or on the link of a tunnel's interface; before each atom, how many are. */
function countMesh(universe: Universe, nodes: readonly LintNode[]): Uint32Array {
  const prefixes = nodes.flatMap(({ links, addresses }) => [
    ...links,
    ...addresses.map(hostPrefix),
  ]);
  return sumUp(paint(universe, prefixes));
}

function countAddresses(universe: Universe, nodes: readonly LintNode[]): Uint32Array {
  const marks = new Uint32Array(universe.size);
  for (const address of nodes.flatMap(({ addresses }) => addresses)) {
    const atom = universe.hostAtom(address);
    marks[atom] = (marks[atom] ?? 0) + 1;
  }
  return sumUp(marks);
}

/** Before each atom, the sum of all marks. */
function sumUp(marks: Uint8Array | Uint32Array): Uint32Array {
  const counts = new Uint32Array(marks.length + 1);
  for (const [atom, mark] of marks.entries()) counts[atom + 1] = (counts[atom] ?? 0) + mark;
  return counts;
}
