/** A node with what it was given, and what others need to know of it. */
import type { Endpoint } from "../ip/endpoint.ts";
import type { InterfaceAddress } from "../ip/interface-address.ts";
import { TUNNEL_OVERHEAD } from "../ip/mtu.ts";
import { comparePrefixes, hostPrefix, isWithin } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { isCarrying } from "../model/carriers.ts";
import type { PublicKey } from "../model/keys.ts";
import type { Lock } from "../model/lock.ts";
import type { Mesh, Node, Site } from "../model/mesh.ts";
import type { Name } from "../model/names.ts";
import { activeSubnets } from "../model/subnets.ts";
import type { Entry } from "./entries.ts";
import { onRange } from "./ranges.ts";

export interface Member {
  readonly node: Node;
  readonly site?: Site;
  readonly publicKey: PublicKey;
  readonly addresses: readonly InterfaceAddress[];
  /** Of the clients that enter through it. */
  readonly entries: readonly Entry[];
  /**
   * All that is reached through it, sorted: its addresses, its clients', and the ranges behind it for
   * which it does not stand by. Not what it offers as an exit.
   */
  readonly prefixes: readonly Prefix[];
  /** The same for nodes of its own site, which reach the site's network without a tunnel. */
  readonly prefixesInSite: readonly Prefix[];
  /** The private network of its site, which it reaches without a tunnel. */
  readonly siteNetworks: readonly Prefix[];
  /**
   * What never goes into its tunnel, except under a /0: its addresses, what is behind it or in use on
   * it, the network of its site.
   */
  readonly own: readonly Prefix[];
  /** Ranges behind it that are reached through another node while that is there. */
  readonly standsBy: readonly Prefix[];
  /** 0.0.0.0/0 or ::/0 or both, where it is an exit. */
  readonly exits: readonly Prefix[];
  /** Where nodes of its own site dial it. */
  readonly lanEndpoint?: Endpoint;
  /** Where everybody else dials it. */
  readonly publicEndpoint?: Endpoint;
  /** That is what a NAT makes of it: open only as long as it sends by itself. */
  readonly isMapped?: true;
  /** How often its clock went back: others then refuse its handshakes until they forget what they have seen. */
  readonly generation?: number;
}

/** What was seen of a node, by somebody out there. */
export interface Observed {
  /** Where its packets come from. */
  readonly endpoint?: Endpoint;
  /** That is none of its own addresses: there is a NAT between. */
  readonly isMapped?: boolean;
  readonly generation?: number;
}

/** What is known of nodes beside what the mesh says of them. */
export type Facts = ReadonlyMap<Name, Observed>;

/** All nodes of a mesh, sorted by name. `lock` must hold addresses and a key for each. */
export function membersOf(
  mesh: Mesh,
  lock: Lock,
  entries: readonly Entry[],
  facts: Facts,
): readonly Member[] {
  const active = activeSubnets(mesh);
  const sites = new Map(mesh.sites.map((site) => [site.name, site]));
  return mesh.nodes.map((node) => {
    const site = node.site === undefined ? undefined : sites.get(node.site);
    return memberOf({ mesh, lock, entries, active, facts }, node, site);
  });
}

/** Whether it passes on what is for others. */
export function isCarrier({ node, site }: Member): boolean {
  return isCarrying(node, site);
}

/** The least MTU that WireGuard's tunnel can have over this node's underlay: less what is added over IPv6. */
export function tunnelMtu({ underlayMtu }: Node): number {
  return underlayMtu - TUNNEL_OVERHEAD;
}

/** The ranges behind it for which it does not stand by; not what it offers as an exit. */
export function activeRanges({ node, prefixes }: Member): readonly Prefix[] {
  return node.subnets.map(({ prefix }) => prefix).filter((prefix) => prefixes.includes(prefix));
}

interface Given {
  readonly mesh: Mesh;
  readonly lock: Lock;
  readonly entries: readonly Entry[];
  readonly active: ReadonlyMap<Name, readonly Prefix[]>;
  readonly facts: Facts;
}

function memberOf({ mesh, lock, entries, active, facts }: Given, node: Node, site?: Site): Member {
  const given = lock.nodes.get(node.name);
  if (given?.publicKey === undefined) throw new Error(`node ${node.name} has no key in the lock`);
  const own = entries.filter(({ via }) => via === node.name);
  const clients = own.flatMap(({ addresses }) =>
    addresses.map(({ address }) => hostPrefix(address)),
  );
  const subnets = active.get(node.name) ?? [];
  const prefixes = [...given.addresses.map(hostPrefix), ...clients, ...subnets];
  prefixes.sort(comparePrefixes);
  const siteNetworks = site?.networks ?? [];
  const bounded = node.subnets.map(({ prefix }) => prefix).filter(({ length }) => length > 0);
  const lan = node.lan === undefined ? [] : [hostPrefix(node.lan)];
  return {
    node,
    ...(site === undefined ? {} : { site }),
    publicKey: given.publicKey,
    addresses: given.addresses.map((address) => onRange(mesh.network, address)),
    entries: own,
    prefixes,
    siteNetworks,
    prefixesInSite: prefixes.filter((prefix) => !isWithin(siteNetworks, prefix)),
    own: [...prefixes, ...bounded, ...node.local, ...lan, ...siteNetworks],
    standsBy: bounded.filter((prefix) => !subnets.includes(prefix)),
    exits: node.subnets.map(({ prefix }) => prefix).filter(({ length }) => length === 0),
    ...(node.lan === undefined ? {} : { lanEndpoint: { host: node.lan, port: node.listenPort } }),
    ...seenOf(node, facts),
  };
}

/** What the mesh says is believed before what was seen. */
function seenOf(
  { name, endpoint, listenPort }: Node,
  facts: Facts,
): Pick<Member, "publicEndpoint" | "isMapped" | "generation"> {
  const { isMapped = false, endpoint: seen, generation } = facts.get(name) ?? {};
  const common = generation === undefined ? {} : { generation };
  if (endpoint !== undefined)
    return { ...common, publicEndpoint: { port: listenPort, ...endpoint } };
  if (seen === undefined) return common;
  return { ...common, publicEndpoint: seen, ...(isMapped ? { isMapped } : {}) };
}
