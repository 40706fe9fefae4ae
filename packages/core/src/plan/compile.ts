/** Turns a mesh into devices, one node at a time: the whole product in one pure function. */
import { comparePrefixes, hasAddress, isWithin } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { Name } from "../model/names.ts";
import type { Device, Peer } from "./device.ts";
import { assembleEntry, entryPeers } from "./entry-device.ts";
import type { Entry } from "./entries.ts";
import { filterOf } from "./filter.ts";
import { tunnelMtu } from "./member.ts";
import type { Member } from "./member.ts";
import type { Index } from "./members.ts";
import { pair } from "./pair.ts";

/**
 * All devices, the nodes' sorted by name, then those of clients' entries, each made when it is asked
 * for: nobody holds a million pairs. Can be walked more than once.
 */
export function compile(index: Index): Iterable<Device> {
  return {
    *[Symbol.iterator]() {
      const mtus = new Map<Name, number>();
      for (const member of index.members) {
        const made = device(index, member);
        mtus.set(made.name, made.mtu);
        yield made;
      }
      for (const entry of index.entries) yield assembleEntry(index, entry, mtus.get(entry.via));
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

/** The device of a client's entry, O(N): its MTU is what fits through its node's tunnels. */
export function entryDevice(index: Index, entry: Entry): Device {
  const via = index.byName.get(entry.via);
  return assembleEntry(index, entry, via === undefined ? undefined : device(index, via).mtu);
}

/** A device around peers that are known already, but for its clients: what `affected` leaves. */
export function assemble(index: Index, self: Member, peers: readonly Peer[]): Device {
  const { node } = self;
  return {
    name: node.name,
    interface: index.network.interface,
    publicKey: self.publicKey,
    isKeyElsewhere: node.publicKey !== undefined,
    addresses: self.addresses,
    listenPort: node.listenPort,
    mtu: node.mtu ?? leastMtu(index, self),
    ...(node.fwmark === undefined || node.fwmark === 0 ? {} : { fwmark: node.fwmark }),
    ...(node.table === undefined ? {} : { table: node.table }),
    // In most meshes nobody has clients, and a million pairs are in order already.
    peers:
      self.entries.length === 0 ? peers : [...peers, ...entryPeers(index, self)].sort(compareNames),
    offLinkRanges: offLinkRanges(index, self),
    routes: routesOf(index, peers),
    subnets: node.subnets,
    filter: filterOf(index, self),
    firewall: node.firewall,
    hooks: node.hooks,
  };
}

function compareNames(one: Peer, other: Peer): number {
  return one.name < other.name ? -1 : 1;
}

/** What fits through the node's own underlay and those of everyone on its ways. */
function leastMtu({ leastMtu: least, members, paths, traffic }: Index, self: Member): number {
  const own = tunnelMtu(self.node);
  if (own === least) return own;
  const met = members
    .filter((other) => other !== self && traffic.isAllowed(self, other))
    .flatMap((other) => paths.way(self, other));
  return met.reduce((mtu, { node }) => Math.min(mtu, tunnelMtu(node)), own);
}

function offLinkRanges(index: Index, self: Member): readonly Prefix[] {
  return index.network.addresses.filter(
    (range) => !self.addresses.some(({ address }) => hasAddress(range, address)),
  );
}

function routesOf({ network, withRanges }: Index, peers: readonly Peer[]): readonly Prefix[] {
  return peers
    .filter(({ name }) => withRanges.has(name))
    .flatMap(({ allowedIps }) => allowedIps)
    .filter((prefix) => !isWithin(network.addresses, prefix))
    .sort(comparePrefixes);
}
