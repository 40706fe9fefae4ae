/**
 * What a mesh promises, read from its document and lock alone and never from the compiler: who owns
 * which addresses, who is dialled where. The proof holds devices against this.
 */
import type { Address } from "../ip/address.ts";
import { hostAddressOf, isSameEndpoint } from "../ip/endpoint.ts";
import type { Endpoint } from "../ip/endpoint.ts";
import { hostPrefix, isWithin } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { PublicKey } from "../model/keys.ts";
import { entryId, hasPresharedKey } from "../model/lock.ts";
import type { Lock } from "../model/lock.ts";
import type { Client, Mesh, Node, Site } from "../model/mesh.ts";
import { entryName } from "../model/names.ts";
import type { Name } from "../model/names.ts";
import { activeSubnets } from "../model/subnets.ts";
import { readAccess } from "./access.ts";
import type { Access } from "./access.ts";

/** Who has a device: a node, or a client where it enters through one. */
export interface Owner {
  readonly name: Name;
  readonly position: number;
  /** Where it is in the mesh: its own position, or that of the node that it enters through. */
  readonly home: number;
  /** Absent for a client. */
  readonly node?: Node;
  readonly client?: Client;
  /** The site that it stands in; a client stands in none. */
  readonly site?: Site;
  readonly publicKey: PublicKey | undefined;
  readonly addresses: readonly Address[];
  /** Where everybody dials it, and where nodes of its site do. */
  readonly publicEndpoint?: Endpoint;
  readonly lanEndpoint?: Endpoint;
  /** Its addresses, and the ranges behind it for which it does not stand by. */
  readonly owned: readonly Prefix[];
  /** The same without what its site reaches without a tunnel. */
  readonly ownedInSite: readonly Prefix[];
  /** Ranges behind it that are reached through another node. */
  readonly standsBy: readonly Prefix[];
  /** Everything that must not leave it through a tunnel, except under a /0. */
  readonly own: readonly Prefix[];
  /** The whole internet of a family, where it offers that. */
  readonly exits: readonly Prefix[];
  /** What a client may reach; absent: everything. */
  readonly access?: Access;
}

export interface Claims {
  readonly mesh: Mesh;
  /** Nodes, sorted by name; then clients that have a key. */
  readonly owners: readonly Owner[];
  readonly positions: ReadonlyMap<Name, number>;
  readonly leastUnderlayMtu: number;
  /** Whether a pair is to have a preshared key, by the names of nodes and clients. */
  hasPresharedKey(one: Name, other: Name): boolean;
}

/** `who` is all, where clients count that have no key yet: they have their addresses already. */
export function readClaims(mesh: Mesh, lock: Lock, who: "keyed" | "all" = "keyed"): Claims {
  const nodes = readNodes(mesh, lock);
  const clients = readClients(mesh, lock, nodes);
  const keyed = clients.filter(({ publicKey }) => who === "all" || publicKey !== undefined);
  const owners = [...nodes, ...keyed.map((each, at) => ({ ...each, position: nodes.length + at }))];
  return {
    mesh,
    owners,
    positions: new Map(owners.map(({ name }, at) => [name, at])),
    leastUnderlayMtu: mesh.nodes.reduce(
      (least, { underlayMtu }) => Math.min(least, underlayMtu),
      Number.POSITIVE_INFINITY,
    ),
    hasPresharedKey: (one, other) => hasPresharedKey(mesh.network, lock, one, other),
  };
}

function readNodes(mesh: Mesh, lock: Lock): readonly Owner[] {
  const sites = new Map(mesh.sites.map((site) => [site.name, site]));
  const active = activeSubnets(mesh);
  return mesh.nodes.map((node, position): Owner => {
    const given = lock.nodes.get(node.name);
    const addresses = given?.addresses ?? [];
    const behind = node.subnets.map(({ prefix }) => prefix);
    const bounded = behind.filter(({ length }) => length > 0);
    const subnets = active.get(node.name) ?? [];
    const owned = [...addresses.map(hostPrefix), ...subnets];
    const site = node.site === undefined ? undefined : sites.get(node.site);
    const near = site?.networks ?? [];
    const dialled = [node.lan, hostAddressOf(node.endpoint)].filter((host) => host !== undefined);
    return {
      name: node.name,
      position,
      home: position,
      node,
      ...(site === undefined ? {} : { site }),
      publicKey: given?.publicKey,
      addresses,
      ...(node.endpoint && { publicEndpoint: { port: node.listenPort, ...node.endpoint } }),
      ...(node.lan && { lanEndpoint: { host: node.lan, port: node.listenPort } }),
      owned,
      ownedInSite: owned.filter((prefix) => !isWithin(near, prefix)),
      standsBy: bounded.filter((prefix) => !subnets.includes(prefix)),
      own: [...owned, ...bounded, ...near, ...node.local, ...dialled.map(hostPrefix)],
      exits: behind.filter(({ length }) => length === 0),
    };
  });
}

function readClients(mesh: Mesh, lock: Lock, nodes: readonly Owner[]): readonly Owner[] {
  const active = activeSubnets(mesh);
  const owners: Owner[] = [];
  for (const client of mesh.clients) {
    for (const via of client.via) {
      const given = lock.entries.get(entryId(client.name, via));
      const home = nodes.find(({ name }) => name === via);
      if (given === undefined || home?.node === undefined) continue;
      const owned = given.addresses.map(hostPrefix);
      const access = readAccess(mesh, client, home.node, active);
      owners.push({
        name: client.via.length === 1 ? client.name : entryName(client.name, via),
        position: nodes.length + owners.length,
        home: home.position,
        client,
        publicKey: given.publicKey,
        addresses: given.addresses,
        owned,
        ownedInSite: owned,
        standsBy: [],
        own: owned,
        exits: [],
        access,
      });
    }
  }
  return owners;
}

/** Through whom a node leaves for the internet. */
export function exitOf({ owners, positions }: Claims, { node }: Owner): Owner | undefined {
  return node?.exit === undefined ? undefined : owners[positions.get(node.exit) ?? -1];
}

/** Whether both stand in one site. */
export function isNeighbour(one: Owner, other: Owner): boolean {
  return one.site !== undefined && one.site === other.site;
}

/** Whether `self` knows any address at which `other` takes packets. */
export function canDial(self: Owner, other: Owner): boolean {
  return other.publicEndpoint !== undefined || lanEndpointFor(self, other) !== undefined;
}

/** Whether the document says that `self` can dial `other` there. */
export function isDialledAt(self: Owner, other: Owner, endpoint: Endpoint): boolean {
  const lan = lanEndpointFor(self, other);
  if (lan !== undefined && isSameEndpoint(lan, endpoint)) return true;
  return other.publicEndpoint !== undefined && isSameEndpoint(other.publicEndpoint, endpoint);
}

function lanEndpointFor(self: Owner, other: Owner): Endpoint | undefined {
  return isNeighbour(self, other) ? other.lanEndpoint : undefined;
}
