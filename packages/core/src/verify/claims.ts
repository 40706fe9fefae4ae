/**
 * What a mesh promises, read from its document and lock alone and never from the compiler: who owns
 * which addresses, who can dial whom. The proof holds devices against this.
 */
import type { Address } from "../ip/address.ts";
import { isSameEndpoint } from "../ip/endpoint.ts";
import type { Endpoint } from "../ip/endpoint.ts";
import { hasPrefix, hostPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { PublicKey } from "../model/keys.ts";
import type { Lock } from "../model/lock.ts";
import type { Mesh, Node } from "../model/mesh.ts";
import type { Name } from "../model/names.ts";

export interface Owner {
  readonly node: Node;
  readonly position: number;
  readonly publicKey: PublicKey | undefined;
  readonly addresses: readonly Address[];
  /** Where everybody dials it, and where nodes of its site do. */
  readonly publicEndpoint: Endpoint | undefined;
  readonly lanEndpoint: Endpoint | undefined;
  /** Its addresses and the ranges behind it. */
  readonly owned: readonly Prefix[];
  /** The private network it stands in, which it reaches without a tunnel. */
  readonly nearby: readonly Prefix[];
  /** Everything that must not leave it through a tunnel: all of the above, and what is in use on it. */
  readonly own: readonly Prefix[];
}

export interface Claims {
  readonly mesh: Mesh;
  readonly owners: readonly Owner[];
  readonly positions: ReadonlyMap<Name, number>;
  readonly leastUnderlayMtu: number;
}

export function readClaims(mesh: Mesh, lock: Lock): Claims {
  const networks = new Map(mesh.sites.map((site) => [site.name, site.networks]));
  const owners = mesh.nodes.map((node, position): Owner => {
    const given = lock.nodes.get(node.name);
    const addresses = given?.addresses ?? [];
    const clients = [...lock.entries].flatMap(([id, entry]) =>
      entry.publicKey !== undefined && id.endsWith(` ${node.name}`)
        ? entry.addresses.map(hostPrefix)
        : [],
    );
    const subnets = node.subnets.map(({ prefix }) => prefix);
    const owned = [...addresses.map(hostPrefix), ...clients, ...subnets];
    const nearby = (node.site === undefined ? undefined : networks.get(node.site)) ?? [];
    const lan = node.lan === undefined ? [] : [hostPrefix(node.lan)];
    const host = node.endpoint?.host;
    const dialled = host === undefined || typeof host === "string" ? [] : [hostPrefix(host)];
    const own = [...owned, ...nearby, ...node.local, ...lan, ...dialled];
    return {
      node,
      position,
      publicKey: given?.publicKey,
      addresses,
      publicEndpoint: node.endpoint && { port: node.listenPort, ...node.endpoint },
      lanEndpoint: node.lan && { host: node.lan, port: node.listenPort },
      owned,
      nearby,
      own,
    };
  });
  return {
    mesh,
    owners,
    positions: new Map(owners.map(({ node }, at) => [node.name, at])),
    leastUnderlayMtu: mesh.nodes.reduce(
      (least, { underlayMtu }) => Math.min(least, underlayMtu),
      Number.POSITIVE_INFINITY,
    ),
  };
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

function lanEndpointFor({ node: self }: Owner, { node, lanEndpoint }: Owner): Endpoint | undefined {
  return node.site !== undefined && node.site === self.site ? lanEndpoint : undefined;
}

/** What a node owns that others of its own site reach through a tunnel: all but their common network. */
export function ownedInSite({ owned, nearby }: Owner): readonly Prefix[] {
  return owned.filter((prefix) => !nearby.some((near) => hasPrefix(near, prefix)));
}
