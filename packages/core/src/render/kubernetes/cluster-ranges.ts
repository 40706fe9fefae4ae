/**
 * Which ranges nodes must offer so that pods and services are reached: what the mesh lacks of that, and
 * each node's whole list of subnets as it should be. Changes nothing.
 */
import { hasPrefix, isSamePrefix } from "../../ip/prefix.ts";
import type { Prefix } from "../../ip/prefix.ts";
import { entrancesOf } from "../../model/entrances.ts";
import type { Subnet } from "../../model/mesh.ts";
import type { Name } from "../../model/names.ts";
import { activeRanges } from "../../plan/member.ts";
import type { Member } from "../../plan/member.ts";
import type { Index } from "../../plan/members.ts";
import { clusterMembers } from "./cluster.ts";
import type { ClusterWish } from "./cluster.ts";

/** What one node's subnets lack. */
export interface RangeNeed {
  readonly name: Name;
  /** Its pods', which it does not offer although the cluster gave it to this node. */
  readonly pods?: Prefix;
  /** It offers them, and they are no range of its own pods, or by flannel's way nobody's. */
  readonly surplus: readonly Prefix[];
  /** It offers pods' ranges, and hides behind its own address who speaks to them. */
  readonly masked: readonly Prefix[];
  /** Nobody offers them, and whoever is not in the cluster comes in here. */
  readonly hidden: readonly Prefix[];
  /** With all that, in the place of what it has. */
  readonly subnets: readonly Subnet[];
}

/** Of all nodes that lack something, sorted by name. */
export function rangeNeeds(index: Index, wish: ClusterWish): readonly RangeNeed[] {
  const entry = hasOutsiders(index, wish) ? entryOf(index, wish) : undefined;
  return clusterMembers(index, wish).flatMap(({ node }): RangeNeed[] => {
    const { name } = node;
    const hidden = entry?.name === name ? entry.hidden : [];
    const { missing, surplus, masked, kept } = podsOf(node.subnets, wish, name);
    const isFit = surplus.length + masked.length + hidden.length === 0;
    if (missing === undefined && isFit) return [];
    const subnets = [
      ...(missing === undefined ? [] : [{ prefix: missing, masquerade: false }]),
      ...kept,
      ...hidden.map((prefix) => ({ prefix, masquerade: true })),
    ];
    const pods = missing === undefined ? {} : { pods: missing };
    return [{ name, ...pods, surplus, masked, hidden, subnets }];
  });
}

/** What a node offers of the pods' range, as host-gw wants it. */
export function podRangesOf(member: Member, { pods }: ClusterWish): readonly Prefix[] {
  return activeRanges(member).filter((range) => isPartOf(pods, range));
}

/** With host-gw, nodes that offer nothing of the pods' range, and of which nobody said what they have. */
export function unknownPodRanges(index: Index, wish: ClusterWish): readonly Name[] {
  if (wish.backend !== "host-gw") return [];
  return clusterMembers(index, wish)
    .filter(({ node }) => !wish.podRanges.has(node.name))
    .filter(({ node }) => !node.subnets.some(({ prefix }) => isPartOf(wish.pods, prefix)))
    .map(({ node }) => node.name);
}

/**
 * Where whoever is not in the cluster comes to pods and services, and what is hidden from him. With
 * host-gw each node offers its own pods. With vxlan AllowedIPs know no pod: one node offers all of
 * them, and passes on what is for them as flannel does, under its own address.
 */
export function entryOf(
  index: Index,
  wish: ClusterWish,
): { readonly name: Name; readonly hidden: readonly Prefix[] } | undefined {
  const members = clusterMembers(index, wish);
  const wanted = wish.backend === "vxlan" ? [wish.pods, wish.services] : [wish.services];
  const owners = wanted.map((range) => ownerOf(members, range));
  const entered = new Set(entrancesOf(index.mesh).map(({ via }) => via));
  const servers = members.filter(({ node }) => node.name === wish.servers[0]);
  const candidates = [
    ...owners.flatMap((owner) => owner ?? []),
    ...members.filter(({ node }) => entered.has(node.name)),
    // A client can only dial.
    ...[...servers, ...members].filter(({ publicEndpoint }) => publicEndpoint !== undefined),
    ...servers,
  ];
  const [first] = candidates;
  if (first === undefined) return undefined;
  return { name: first.node.name, hidden: wanted.filter((_, at) => owners[at] === undefined) };
}

/** The node that offers a range as a whole; a wider one is a network of somebody else. */
export function ownerOf(members: readonly Member[], range: Prefix): Member | undefined {
  return members.find((member) => activeRanges(member).some((own) => isSamePrefix(own, range)));
}

function hasOutsiders(index: Index, wish: ClusterWish): boolean {
  const { clients } = index.mesh;
  return clients.length > 0 || clusterMembers(index, wish).length < index.members.length;
}

/** host-gw sends pods' own packets through the tunnels: each hop must know whose they are. */
function podsOf(
  subnets: readonly Subnet[],
  { backend, pods, podRanges }: ClusterWish,
  name: Name,
): Pick<RangeNeed, "surplus" | "masked"> & {
  readonly missing?: Prefix;
  readonly kept: readonly Subnet[];
} {
  const isPods = ({ prefix }: Subnet): boolean => isPartOf(pods, prefix);
  if (backend === "vxlan") {
    const kept = subnets.filter((subnet) => !isPods(subnet));
    return { surplus: rangesOf(subnets.filter(isPods)), masked: [], kept };
  }
  const given = podRanges.get(name);
  const isGiven = ({ prefix }: Subnet): boolean =>
    given !== undefined && isSamePrefix(prefix, given);
  // Where it is known what the node has, any other pods are somebody else's, or of another time.
  const isSurplus = (subnet: Subnet): boolean =>
    isSamePrefix(subnet.prefix, pods) ||
    (isPods(subnet) && given !== undefined && !isGiven(subnet));
  const kept = subnets.filter((subnet) => !isSurplus(subnet));
  return {
    ...(given === undefined || subnets.some(isGiven) ? {} : { missing: given }),
    surplus: rangesOf(subnets.filter(isSurplus)),
    masked: rangesOf(kept.filter((subnet) => subnet.masquerade && isPods(subnet))),
    kept: kept.map((subnet) => (isPods(subnet) ? { ...subnet, masquerade: false } : subnet)),
  };
}

/** A part of it, and not all. */
function isPartOf(range: Prefix, part: Prefix): boolean {
  return hasPrefix(range, part) && part.length > range.length;
}

function rangesOf(subnets: readonly Subnet[]): readonly Prefix[] {
  return subnets.map(({ prefix }) => prefix);
}
