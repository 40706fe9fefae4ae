/** The compiler's first layer: everything about a mesh that is worth working out once, in O(N). */
import type { Address } from "../ip/address.ts";
import type { Endpoint } from "../ip/endpoint.ts";
import { comparePrefixes, hasAddress, hasPrefix, hostPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { PublicKey } from "../model/keys.ts";
import type { Lock, PairName } from "../model/lock.ts";
import type { Mesh, Network, Node } from "../model/mesh.ts";
import type { Name } from "../model/names.ts";
import type { InterfaceAddress } from "./device.ts";

export interface Index {
  readonly network: Network;
  /** Sorted by name. */
  readonly members: readonly Member[];
  readonly byName: ReadonlyMap<Name, Member>;
  readonly presharedKeyEpochs: ReadonlyMap<PairName, number>;
  /** The least of all members' tunnel MTUs: in most meshes everybody's. */
  readonly leastMtu: number;
  /** Those with ranges behind them: in most meshes few. */
  readonly withSubnets: readonly Member[];
}

/** A node with what it was given and what others need to know of it. */
export interface Member {
  readonly node: Node;
  readonly publicKey: PublicKey;
  readonly addresses: readonly InterfaceAddress[];
  /** All that is reached through it: its addresses and the ranges behind it, sorted. */
  readonly prefixes: readonly Prefix[];
  /** The same for nodes of its own site, which reach the site's network without a tunnel. */
  readonly prefixesInSite: readonly Prefix[];
  /** The private network of its site, which it reaches without a tunnel. */
  readonly siteNetworks: readonly Prefix[];
  /** Where nodes of its own site dial it. */
  readonly lanEndpoint?: Endpoint;
  /** Where everybody else dials it. */
  readonly publicEndpoint?: Endpoint;
}

/** The mesh as the other layers ask about it. `lock` must hold addresses and a key for every node. */
export function index(mesh: Mesh, lock: Lock): Index {
  const members = mesh.nodes.map((node) => memberOf(mesh, node, lock));
  return {
    network: mesh.network,
    members,
    byName: new Map(members.map((member) => [member.node.name, member])),
    presharedKeyEpochs: lock.presharedKeyEpochs,
    leastMtu: mesh.nodes.reduce((least, node) => Math.min(least, tunnelMtu(node)), Infinity),
    withSubnets: members.filter(({ node }) => node.subnets.length > 0),
  };
}

/** The least MTU that WireGuard's tunnel can have over this node's underlay: 80 bytes less, as over IPv6. */
export function tunnelMtu({ underlayMtu }: Node): number {
  return underlayMtu - 80;
}

function memberOf({ network, sites }: Mesh, node: Node, lock: Lock): Member {
  const given = lock.nodes.get(node.name);
  if (given?.publicKey === undefined) throw new Error(`node ${node.name} has no key in the lock`);
  const subnets = node.subnets.map(({ prefix }) => prefix);
  const prefixes = [...given.addresses.map(hostPrefix), ...subnets].sort(comparePrefixes);
  const siteNetworks = sites.find(({ name }) => name === node.site)?.networks ?? [];
  return {
    node,
    publicKey: given.publicKey,
    addresses: given.addresses.map((address) => ({ address, length: maskOf(network, address) })),
    prefixes,
    siteNetworks,
    prefixesInSite: prefixes.filter(
      (prefix) => !siteNetworks.some((network) => hasPrefix(network, prefix)),
    ),
    ...(node.lan === undefined ? {} : { lanEndpoint: { host: node.lan, port: node.listenPort } }),
    ...(node.endpoint === undefined
      ? {}
      : { publicEndpoint: { port: node.listenPort, ...node.endpoint } }),
  };
}

function maskOf(network: Network, address: Address): number {
  const range = network.addresses.find((each) => hasAddress(each, address));
  if (range === undefined) throw new Error("an address lies outside the mesh's ranges");
  return range.length;
}
