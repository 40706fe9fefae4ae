/**
 * Proves a plan: that every pair reaches, by packets walked from table to table, and that no device
 * contradicts itself or its peer. Trusts the document and the lock, never the compiler.
 */
import * as proof from "../messages/proof.ts";
import { Diagnostics } from "../diagnostics.ts";
import { hostPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { Lock } from "../model/lock.ts";
import type { Mesh } from "../model/mesh.ts";
import type { Device, Peer } from "../plan/device.ts";
import { readClaims } from "./claims.ts";
import type { Claims } from "./claims.ts";
import { Connections } from "./connections.ts";
import { checkDevice } from "./device-checks.ts";
import { FilterChecks } from "./filter-checks.ts";
import { readTunnels, routedRanges } from "./forwarding.ts";
import type { Row } from "./forwarding.ts";
import { checkPaths } from "./path-checks.ts";
import type { PathCounts } from "./path-checks.ts";
import { checkStrays } from "./stray-checks.ts";
import { checkPolicyTests, checkSelectors } from "./policy-tests.ts";
import { readRules, Talks } from "./policy-claims.ts";
import { PairTable } from "./pair-table.ts";
import { listAtoms, Universe } from "./universe.ts";

/** What was looked at, in numbers. */
export interface Proof extends PathCounts {
  readonly nodes: number;
  /** Entries of clients that have a key. */
  readonly clients: number;
  /** Unordered pairs with a tunnel between them. */
  readonly tunnels: number;
}

/**
 * Walks `devices`, once or twice, and from each node to each atom that another owns: quadratic, like the
 * plan itself; one number a node and atom of memory. What is wrong is in `diagnostics`.
 */
export function verify(
  mesh: Mesh,
  lock: Lock,
  devices: Iterable<Device>,
  diagnostics: Diagnostics,
): Proof {
  const claims = readClaims(mesh, lock);
  // Mostly devices divide the address space as the document does, and need not be asked how before.
  const found = new Diagnostics();
  const quick = prove({ claims, lock, universe: new Universe(claimed(claims)) }, devices, found);
  if (quick !== undefined) {
    diagnostics.join(found);
    return quick;
  }
  const universe = new Universe(allPrefixes(claims, devices));
  const proven = prove({ claims, lock, universe }, devices, diagnostics);
  if (proven === undefined) throw new Error("a device divides an atom of its own");
  return proven;
}

interface Case {
  readonly claims: Claims;
  readonly lock: Lock;
  readonly universe: Universe;
}

/** Undefined when a device divides an atom: nothing that was found then counts. */
function prove(
  { claims, lock, universe }: Case,
  devices: Iterable<Device>,
  diagnostics: Diagnostics,
): Proof | undefined {
  const { mesh } = claims;
  const connections = new Connections(claims);
  const filters = new FilterChecks(claims, connections, universe);
  // A node without a device sends nothing anywhere.
  const rows: Row[] = claims.owners.map(() => new Int32Array());
  const mtus: number[] = [];
  const pairs = new PairTable(claims);
  const homes = new Map(
    claims.owners.flatMap(({ owned, home }) =>
      listAtoms(universe, owned).map((atom) => [atom, home] as const),
    ),
  );
  const tunnelScene = { universe, positions: claims.positions, homes };
  for (const device of devices) {
    const position = claims.positions.get(device.name);
    const owner = claims.owners[position ?? -1];
    if (position === undefined || owner === undefined || mtus[position] !== undefined) {
      const what = owner === undefined ? "unknown" : "twice";
      diagnostics.add(proof.deviceUnwanted(device.name, what));
      continue;
    }
    const tunnels = readTunnels(tunnelScene, owner, device);
    rows[position] = tunnels.row;
    mtus[position] = device.mtu;
    pairs.add(position, device, diagnostics);
    checkDevice({ universe, claims, owner }, device, tunnels, diagnostics);
    filters.check(device, owner, diagnostics);
    if (!universe.isExact) return undefined;
  }
  const everybody = readClaims(mesh, lock, "all");
  checkPolicyTests(everybody, new Connections(everybody), diagnostics);
  checkSelectors(everybody, diagnostics);
  pairs.check(diagnostics);
  const talks = new Talks(claims, universe);
  const scene = { universe, claims, connections, talks, rows, mtus, pairs };
  const paths = checkPaths(scene, diagnostics);
  checkStrays(scene, diagnostics);
  const clients = claims.owners.filter(({ client }) => client !== undefined).length;
  const nodes = claims.owners.length - clients;
  return { nodes, clients, tunnels: pairs.tunnelCount, ...paths };
}

/** Each prefix that a check will ask about; lists that devices share are looked at once. */
function allPrefixes(claims: Claims, devices: Iterable<Device>): Set<Prefix> {
  const prefixes = claimed(claims);
  const seen = new Set<object>();
  for (const device of devices) {
    addFilter(device, prefixes, seen);
    for (const prefix of routedRanges(device)) prefixes.add(prefix);
    for (const peer of device.peers) addPeer(peer, prefixes, seen);
  }
  return prefixes;
}

/** Each prefix that the document names. */
export function claimed(claims: Claims): Set<Prefix> {
  const { network, sites } = claims.mesh;
  const prefixes = new Set(network.addresses);
  for (const { addresses, reach } of sites) {
    for (const prefix of [...addresses, ...reach]) prefixes.add(prefix);
  }
  for (const { own, exits, access } of claims.owners) {
    const reached = [...(access?.all ?? []), ...(access?.promised ?? [])];
    for (const prefix of [...own, ...exits, ...reached]) prefixes.add(prefix);
  }
  for (const { from, to } of readRules(claims) ?? []) {
    for (const prefix of [...from, ...to]) prefixes.add(prefix);
  }
  return prefixes;
}

function addFilter({ filter }: Device, prefixes: Set<Prefix>, seen: Set<object>): void {
  const lists = (filter.permits ?? []).flatMap(({ from, to }) => [from, to]);
  for (const list of [filter.clients, filter.exitUsers, filter.denied, ...lists]) {
    if (seen.has(list)) continue;
    seen.add(list);
    for (const prefix of list) prefixes.add(prefix);
  }
}

function addPeer({ allowedIps, endpoint }: Peer, prefixes: Set<Prefix>, seen: Set<object>): void {
  if (!seen.has(allowedIps)) {
    seen.add(allowedIps);
    for (const prefix of allowedIps) prefixes.add(prefix);
  }
  if (endpoint === undefined || typeof endpoint.host === "string") return;
  if (!seen.has(endpoint.host)) {
    seen.add(endpoint.host);
    prefixes.add(hostPrefix(endpoint.host));
  }
}
