/** Turns a mesh into devices, one node at a time: the whole product in one pure function. */
import { comparePrefixes, hasAddress, hasPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { Device, Peer } from "./device.ts";
import { tunnelMtu } from "./members.ts";
import type { Index, Member } from "./members.ts";
import { pair } from "./pair.ts";

/**
 * All devices, sorted by name, each made when it is asked for: nobody holds a million pairs. Can be
 * walked more than once.
 */
export function compile(index: Index): Iterable<Device> {
  return {
    *[Symbol.iterator]() {
      for (const member of index.members) yield device(index, member);
    },
  };
}

/** The compiler's third layer: all pairs of one node, O(N). */
export function device(index: Index, self: Member): Device {
  const peers: Peer[] = [];
  for (const other of index.members) {
    const peer = other === self ? undefined : pair(index, self, other);
    if (peer !== undefined) peers.push(peer);
  }
  return assemble(index, self, peers);
}

/** A device around peers that are known already: what `affected` leaves to be done. */
export function assemble(index: Index, self: Member, peers: readonly Peer[]): Device {
  const { node } = self;
  const others = peers.flatMap(({ name }) => index.byName.get(name) ?? []);
  return {
    name: node.name,
    interface: index.network.interface,
    publicKey: self.publicKey,
    isKeyElsewhere: node.publicKey !== undefined,
    addresses: self.addresses,
    listenPort: node.listenPort,
    mtu: node.mtu ?? leastMtu(self, others),
    ...(node.fwmark === undefined || node.fwmark === 0 ? {} : { fwmark: node.fwmark }),
    ...(node.table === undefined ? {} : { table: node.table }),
    peers,
    routes: routesOf(index, self, peers),
    subnets: node.subnets,
    firewall: node.firewall,
    hooks: node.hooks,
  };
}

/** What fits through the node's own underlay and that of everyone it has a tunnel to. */
function leastMtu(self: Member, others: readonly Member[]): number {
  let least = tunnelMtu(self.node);
  for (const { node } of others) least = Math.min(least, tunnelMtu(node));
  return least;
}

/** Ranges of the mesh that no address of the node puts on-link, and what lies behind the others. */
function routesOf(index: Index, self: Member, peers: readonly Peer[]): readonly Prefix[] {
  const offLink = index.network.addresses.filter(
    (range) => !self.addresses.some(({ address }) => hasAddress(range, address)),
  );
  const behind = peers.flatMap(({ name, allowedIps }) => {
    const subnets = index.byName.get(name)?.node.subnets ?? [];
    return subnets.length === 0 ? [] : allowedIps.filter((prefix) => !isInMesh(index, prefix));
  });
  return [...offLink, ...behind].sort(comparePrefixes);
}

function isInMesh(index: Index, prefix: Prefix): boolean {
  return index.network.addresses.some((range) => hasPrefix(range, prefix));
}
