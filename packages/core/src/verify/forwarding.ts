/**
 * Where each device sends each atom of the address space, by WireGuard's and Linux's rules: a packet
 * enters the interface when a route says so, and goes to the peer with the longest matching prefix.
 */
import { linkOf } from "../ip/interface-address.ts";
import { createPrefixMap, type PrefixMap } from "../ip/prefix-map.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { Device, Peer } from "../plan/device.ts";
import type { Owner } from "./claims.ts";
import { paint } from "./universe.ts";
import type { Universe } from "./universe.ts";

/** Atom → position of the next node; -1: no tunnel. One row a node. */
export type Row = Int32Array;

export const NOWHERE = -1;

/** The same prefix on two peers of one device. */
export interface Clash {
  readonly prefix: Prefix;
  readonly peers: readonly [Peer, Peer];
}

export interface TunnelScene {
  readonly universe: Universe;
  /** Of all that is anybody's: atom → position of the node where it is. */
  readonly homes: ReadonlyMap<number, number>;
  readonly positions: ReadonlyMap<string, number>;
}

export interface Tunnels {
  readonly row: Row;
  readonly clashes: readonly Clash[];
  /** A peer has addresses that the device has no route for. */
  readonly isUnrouted: boolean;
}

/**
 * The table of one device. `positions` gives each row by its owner's name. What the host reaches
 * without a tunnel comes before a /0: wg-quick lets every other route of the host go first.
 */
export function readTunnels(
  { universe, positions, homes }: TunnelScene,
  { own, client }: Owner,
  device: Device,
): Tunnels {
  const row = new Int32Array(universe.size).fill(NOWHERE);
  const lengths = new Int16Array(universe.size).fill(NOWHERE);
  const clashes: Clash[] = [];
  // Wide before narrow: what is painted last is the longest match.
  for (const entry of byLength(device)) {
    const { prefix, peer } = entry;
    const { from, to } = universe.atomsOf(prefix);
    const position = positions.get(peer.name) ?? NOWHERE;
    const earlier = row[from] ?? NOWHERE;
    // Two prefixes of one length that share an atom are the same prefix.
    if (lengths[from] === prefix.length && earlier !== position) {
      const first = device.peers.find(({ name }) => positions.get(name) === earlier) ?? peer;
      clashes.push({ prefix, peers: [first, peer] });
    }
    row.fill(position, from, to);
    lengths.fill(prefix.length, from, to);
  }
  const isUnrouted = keepRouted(universe, device, row);
  // A /0 is for what nobody owns: everybody in the mesh has an entry of his own.
  if (client === undefined) {
    for (const [atom, home] of homes) {
      if (lengths[atom] === 0 && home !== row[atom]) row[atom] = NOWHERE;
    }
  }
  for (const prefix of own) {
    // A client is told whole ranges, its own address among them: the host knows that one itself.
    const { from, to } = universe.atomsOf(prefix);
    for (let atom = from; atom < to; atom += 1)
      if (client !== undefined || lengths[atom] === 0) row[atom] = NOWHERE;
  }
  return { row, clashes, isUnrouted };
}

/** What the interface's addresses put on its link. */
export function onLinkRanges({ addresses }: Device): readonly Prefix[] {
  return addresses.map(linkOf);
}

/** Whatever of the mesh the host's routing sends into the interface, known address or not. */
export function meshRanges(device: Device): readonly Prefix[] {
  return [...onLinkRanges(device), ...device.offLinkRanges];
}

/** All that the host's routing sends into the interface. */
export function routedRanges(device: Device): readonly Prefix[] {
  return [...meshRanges(device), ...device.routes];
}

/** To which peer a device gives an address, by the longest match. */
export function sentBy({ peers }: Device): PrefixMap<Peer> {
  return createPrefixMap(
    peers.flatMap((peer) => peer.allowedIps.map((prefix) => [prefix, peer] as const)),
  );
}

function* byLength({ peers }: Device): Generator<{ prefix: Prefix; peer: Peer }> {
  const buckets: { prefix: Prefix; peer: Peer }[][] = [];
  for (const peer of peers) {
    for (const prefix of peer.allowedIps) (buckets[prefix.length] ??= []).push({ prefix, peer });
  }
  // Not yield*: the array has holes where no prefix has the length.
  for (const bucket of buckets) yield* bucket ?? [];
}

/** Whether anything had to be taken out. */
function keepRouted(universe: Universe, device: Device, row: Row): boolean {
  const isRouted = paint(universe, routedRanges(device));
  let isLess = false;
  for (let atom = 0; atom < row.length; atom += 1) {
    if (isRouted[atom] === 1 || row[atom] === NOWHERE) continue;
    row[atom] = NOWHERE;
    isLess = true;
  }
  return isLess;
}
