/**
 * Proves a plan: that every pair reaches, by packets walked from table to table, and that no device
 * contradicts itself or its peer. Trusts the document and the lock, never the compiler.
 */
import type { Diagnostics } from "../diagnostics.ts";
import { hostPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { Lock } from "../model/lock.ts";
import type { Mesh } from "../model/mesh.ts";
import type { Device, Peer } from "../plan/device.ts";
import { readClaims } from "./claims.ts";
import type { Claims } from "./claims.ts";
import { checkDevice } from "./device-checks.ts";
import { FilterChecks } from "./filter-checks.ts";
import { readTunnels, routedRanges } from "./forwarding.ts";
import type { Row } from "./forwarding.ts";
import { checkPaths } from "./path-checks.ts";
import { checkPolicyTests } from "./policy-tests.ts";
import { PairTable } from "./pair-table.ts";
import { Universe } from "./universe.ts";

/** What was looked at, in numbers. */
export interface Proof {
  readonly nodes: number;
  /** Unordered pairs of nodes with a tunnel between them. */
  readonly tunnels: number;
  /** Ordered pairs of nodes that reach each other, with all that lies behind them. */
  readonly paths: number;
}

/**
 * Walks `devices` twice, and from each node to each atom that another owns: quadratic, like the plan
 * itself; one number a node and atom of memory. What is wrong is in `diagnostics`.
 */
export function verify(
  mesh: Mesh,
  lock: Lock,
  devices: Iterable<Device>,
  diagnostics: Diagnostics,
): Proof {
  const claims = readClaims(mesh, lock);
  const filters = new FilterChecks(mesh, lock);
  const universe = new Universe(allPrefixes(claims, devices, filters));
  // A node without a device sends nothing anywhere.
  const rows: Row[] = claims.owners.map(() => new Int32Array());
  const pairs = new PairTable(claims);
  for (const device of devices) {
    const position = claims.positions.get(device.name);
    const owner = claims.owners[position ?? -1];
    if (position === undefined || owner === undefined) continue;
    const tunnels = readTunnels(universe, claims.positions, device);
    rows[position] = tunnels.row;
    pairs.add(position, device);
    checkDevice({ universe, claims, owner }, device, tunnels, diagnostics);
    filters.check(device, diagnostics);
  }
  checkPolicyTests(mesh, lock, diagnostics);
  pairs.check(diagnostics);
  const paths = checkPaths({ universe, claims, rows, pairs }, diagnostics);
  return { nodes: claims.owners.length, tunnels: pairs.tunnelCount, paths };
}

/** Each prefix that a check will ask about; lists that devices share are looked at once. */
function allPrefixes(
  claims: Claims,
  devices: Iterable<Device>,
  filters: FilterChecks,
): Set<Prefix> {
  const prefixes = new Set(claims.mesh.network.addresses);
  for (const { own } of claims.owners) for (const prefix of own) prefixes.add(prefix);
  const seen = new Set<object>();
  for (const device of devices) {
    filters.add(device);
    for (const prefix of routedRanges(device)) prefixes.add(prefix);
    for (const peer of device.peers) addPeer(peer, prefixes, seen);
  }
  return prefixes;
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
