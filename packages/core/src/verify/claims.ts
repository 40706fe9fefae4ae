/**
 * What a mesh promises, read from its document and lock alone and never from the compiler: who owns
 * which addresses, who can dial whom. The proof holds devices against this.
 */
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
    const addresses = given?.addresses.map(hostPrefix) ?? [];
    const owned = [...addresses, ...node.subnets.map(({ prefix }) => prefix)];
    const nearby = (node.site === undefined ? undefined : networks.get(node.site)) ?? [];
    const lan = node.lan === undefined ? [] : [hostPrefix(node.lan)];
    const own = [...owned, ...nearby, ...node.local, ...lan];
    return { node, position, publicKey: given?.publicKey, owned, nearby, own };
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
export function canDial({ node: self }: Owner, { node: other }: Owner): boolean {
  if (other.endpoint !== undefined) return true;
  return other.lan !== undefined && other.site !== undefined && other.site === self.site;
}

/** What a node owns that others of its own site reach through a tunnel: all but their common network. */
export function ownedInSite({ owned, nearby }: Owner): readonly Prefix[] {
  return owned.filter((prefix) => !nearby.some((near) => hasPrefix(near, prefix)));
}
