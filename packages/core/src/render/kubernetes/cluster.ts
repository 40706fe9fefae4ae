/** A Kubernetes cluster on a mesh as all its files need it: who is in it, where, and what fits through. */
import { printAddress } from "../../ip/address.ts";
import type { Address } from "../../ip/address.ts";
import { printPrefix } from "../../ip/prefix.ts";
import type { Prefix } from "../../ip/prefix.ts";
import type { Name } from "../../model/names.ts";
import { device } from "../../plan/compile.ts";
import type { Member } from "../../plan/member.ts";
import type { Index } from "../../plan/members.ts";

export type Backend = "vxlan" | "host-gw";

/** What people ask for. Names are as they were written: cluster-checks.ts says which are unknown. */
export interface ClusterWish {
  readonly servers: readonly string[];
  /** Absent: all nodes of the mesh. */
  readonly nodes?: readonly string[];
  readonly backend: Backend;
  readonly pods: Prefix;
  readonly services: Prefix;
  /** What the cluster has given to its nodes, as far as that is known: their `spec.podCIDR`. */
  readonly podRanges: ReadonlyMap<string, Prefix>;
}

export interface Cluster {
  readonly interface: string;
  readonly backend: Backend;
  readonly pods: string;
  readonly services: string;
  readonly mtu: ClusterMtu;
  /** Sorted by name. */
  readonly nodes: readonly ClusterNode[];
  /** In the order in which they were asked for: the first one starts the cluster. */
  readonly servers: readonly ClusterNode[];
}

export interface ClusterMtu {
  /** The least of all nodes' tunnels. */
  readonly tunnel: number;
  readonly pods: number;
  /** Whose tunnels have it; empty where all are alike. */
  readonly narrowest: readonly Name[];
}

export interface ClusterNode {
  readonly name: Name;
  readonly address: string;
  readonly dnsName: string;
  /** Where it is dialled from outside. */
  readonly publicHost?: string;
  readonly isServer: boolean;
  /** The site, by the names that schedulers look for. */
  readonly labels: readonly Label[];
  /** Away from the servers' sites: what keeps ordinary pods at home, as far as there is room. */
  readonly taints: readonly Taint[];
}

export interface Label {
  readonly key: string;
  readonly value: string;
}

export interface Taint extends Label {
  readonly effect: "PreferNoSchedule";
}

/** Over IPv4: an Ethernet header of 14 bytes inside, and IP, UDP and VXLAN's 20, 8 and 8 (RFC 7348). */
const VXLAN_BYTES = 50;

/** The members of the mesh that the wish names, sorted by name. */
export function clusterMembers({ members }: Index, { nodes }: ClusterWish): readonly Member[] {
  return nodes === undefined ? members : members.filter(({ node }) => nodes.includes(node.name));
}

/** `checkCluster` must have found no errors in the wish. O(N²) for the tunnels' MTUs. */
export function clusterOf(index: Index, wish: ClusterWish): Cluster {
  const members = clusterMembers(index, wish);
  const isServer = ({ node }: Member): boolean => wish.servers.includes(node.name);
  const homes = new Set(members.filter(isServer).flatMap(({ site }) => site?.name ?? []));
  const nodes = members.map((member) =>
    clusterNode(index, member, { homes, isServer: isServer(member) }),
  );
  const byName = new Map<string, ClusterNode>(nodes.map((each) => [each.name, each]));
  return {
    interface: index.network.interface,
    backend: wish.backend,
    pods: printPrefix(wish.pods),
    services: printPrefix(wish.services),
    mtu: mtuOf(index, members, wish.backend),
    nodes,
    servers: wish.servers.flatMap((name) => byName.get(name) ?? []),
  };
}

/** `zone=shanghai:PreferNoSchedule`, as kubectl and k3s take it. */
export function printTaint({ key, value, effect }: Taint): string {
  return `${key}=${value}:${effect}`;
}

export function printLabel({ key, value }: Label): string {
  return `${key}=${value}`;
}

/** By which a server's certificate is to be good: in the mesh, and where it is dialled from outside. */
export function namesOf({ address, dnsName, publicHost }: ClusterNode): readonly string[] {
  return [address, dnsName, ...(publicHost === undefined ? [] : [publicHost])];
}

/** The node's address in the mesh; the files have no IPv6. */
export function addressOf(member: Member): Address {
  const address = findAddress(member);
  if (address === undefined) throw new Error(`node ${member.node.name} has no IPv4 address`);
  return address;
}

export function findAddress({ addresses }: Member): Address | undefined {
  return addresses.find(({ address }) => address.family === 4)?.address;
}

function clusterNode(
  { network }: Index,
  member: Member,
  { homes, isServer }: { readonly homes: ReadonlySet<Name>; readonly isServer: boolean },
): ClusterNode {
  const { node, site } = member;
  const host = node.endpoint?.host;
  const isAway = site !== undefined && homes.size > 0 && !homes.has(site.name);
  return {
    name: node.name,
    address: printAddress(addressOf(member)),
    dnsName: `${node.name}.${network.dns}`,
    ...(host === undefined
      ? {}
      : { publicHost: typeof host === "string" ? host : printAddress(host) }),
    isServer,
    labels: site === undefined ? [] : labelsOf(site.name),
    taints: isAway ? [{ key: "zone", value: site.name, effect: "PreferNoSchedule" }] : [],
  };
}

function labelsOf(site: Name): readonly Label[] {
  return ["region", "zone"].map((kind) => ({ key: `topology.kubernetes.io/${kind}`, value: site }));
}

function mtuOf(index: Index, members: readonly Member[], backend: Backend): ClusterMtu {
  const tunnels = members.map((member) => {
    return { name: member.node.name, mtu: device(index, member).mtu };
  });
  const tunnel = Math.min(...tunnels.map(({ mtu }) => mtu));
  const narrowest = tunnels.filter(({ mtu }) => mtu === tunnel).map(({ name }) => name);
  return {
    tunnel,
    pods: backend === "vxlan" ? tunnel - VXLAN_BYTES : tunnel,
    narrowest: narrowest.length === tunnels.length ? [] : narrowest,
  };
}
