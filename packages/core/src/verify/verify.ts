/**
 * Proves a plan: that every pair reaches, by packets walked from table to table, and that no device
 * contradicts itself or its peer. Trusts the document and the lock, never the compiler.
 */
import * as proof from "../messages/proof.ts";
import { Diagnostics } from "../diagnostics.ts";
import { hostAddressOf } from "../ip/endpoint.ts";
import { hostPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { Lock } from "../model/lock.ts";
import type { Mesh } from "../model/mesh.ts";
import type { Device } from "../plan/device.ts";
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
  const rules = readRules(claims);
  // Mostly devices divide the address space as the document does, and need not be asked how before.
  const found = new Diagnostics();
  const quick = prove(
    { claims, rules, lock, universe: new Universe(claimed(claims, rules)) },
    devices,
    found,
  );
  if (quick !== undefined) {
    diagnostics.join(found);
    return quick;
  }
  const universe = new Universe(allPrefixes(claimed(claims, rules), devices));
  const proven = prove({ claims, rules, lock, universe }, devices, diagnostics);
  if (proven === undefined) throw new Error("a device divides an atom of its own");
  return proven;
}

type Rules = ReturnType<typeof readRules>;

interface Case {
  readonly claims: Claims;
  readonly rules: Rules;
  readonly lock: Lock;
  readonly universe: Universe;
}

/** Undefined when a device divides an atom: nothing that was found then counts. */
function prove(
  { claims, rules, lock, universe }: Case,
  devices: Iterable<Device>,
  diagnostics: Diagnostics,
): Proof | undefined {
  const { mesh } = claims;
  const connections = new Connections(claims);
  const filters = new FilterChecks(claims, rules, connections, universe);
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
  const talks = new Talks(claims, rules, universe);
  const scene = { universe, claims, connections, talks, rows, mtus, pairs };
  const paths = checkPaths(scene, diagnostics);
  checkStrays(scene, diagnostics);
  const clients = claims.owners.filter(({ client }) => client !== undefined).length;
  const nodes = claims.owners.length - clients;
  return { nodes, clients, tunnels: pairs.tunnelCount, ...paths };
}

/** With what the document names, each prefix that a check will ask about; lists that devices share are looked at once. */
function allPrefixes(prefixes: Set<Prefix>, devices: Iterable<Device>): Set<Prefix> {
  const seen = new Set<object>();
  const add = (shared: object, list: () => readonly Prefix[]): void => {
    if (seen.has(shared)) return;
    seen.add(shared);
    for (const prefix of list()) prefixes.add(prefix);
  };
  for (const device of devices) {
    const { clients, exitUsers, denied, permits = [] } = device.filter;
    const rules = permits.flatMap(({ from, to }) => [from, to]);
    for (const list of [clients, exitUsers, denied, ...rules]) add(list, () => list);
    for (const prefix of routedRanges(device)) prefixes.add(prefix);
    for (const { allowedIps, endpoint } of device.peers) {
      add(allowedIps, () => allowedIps);
      const host = hostAddressOf(endpoint);
      if (host !== undefined) add(host, () => [hostPrefix(host)]);
    }
  }
  return prefixes;
}

/** Each prefix that the document names. */
export function claimed(claims: Claims, rules: Rules): Set<Prefix> {
  const { network, sites } = claims.mesh;
  const prefixes = new Set(network.addresses);
  for (const { addresses, reach } of sites) {
    for (const prefix of [...addresses, ...reach]) prefixes.add(prefix);
  }
  for (const { own, exits, access } of claims.owners) {
    const reached = [...(access?.all ?? []), ...(access?.promised ?? [])];
    for (const prefix of [...own, ...exits, ...reached]) prefixes.add(prefix);
  }
  for (const { from, to } of rules ?? []) {
    for (const prefix of [...from, ...to]) prefixes.add(prefix);
  }
  return prefixes;
}
