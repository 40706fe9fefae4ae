/** Names what of a mesh does not fit the cluster that is wanted on it, each with the command that mends it. */
import type { Diagnostics } from "../../diagnostics.ts";
import {
  hasPrefix,
  hostPrefix,
  isOverlapping,
  isSamePrefix,
  isWithin,
  printPrefix,
} from "../../ip/prefix.ts";
import type { Prefix } from "../../ip/prefix.ts";
import * as messages from "../../messages/kubernetes.ts";
import { entrancesOf } from "../../model/entrances.ts";
import type { Mesh, Node } from "../../model/mesh.ts";
import type { Member } from "../../plan/member.ts";
import type { Index } from "../../plan/members.ts";
import type { Path } from "../../wording.ts";
import { findAddress, clusterMembers } from "./cluster.ts";
import type { ClusterWish } from "./cluster.ts";
import { ownerOf, rangeNeeds, unknownPodRanges } from "./cluster-ranges.ts";
import { checkTalk } from "./cluster-talk.ts";
import { subnetsCommand } from "./subnets-command.ts";

export interface Findings {
  readonly diagnostics: Diagnostics;
  /** A command as it is to be said: with the mesh file, where that is not the usual one. */
  readonly commandOn: (words: string) => string;
}

/** Errors are what no files can be written for; warnings, what will not work before the mesh is changed. */
export function checkCluster(
  index: Index,
  wish: ClusterWish,
  { diagnostics, commandOn }: Findings,
): void {
  checkNames(index, wish, diagnostics);
  const members = clusterMembers(index, wish);
  checkServers(members, wish, diagnostics);
  if (members.some((member) => findAddress(member) === undefined)) {
    diagnostics.add(messages.clusterWithoutIPv4());
  }
  checkOverlaps(index.mesh, wish, diagnostics);
  if (diagnostics.hasErrors) return;
  checkTalk(index, wish, diagnostics);
  checkRanges(index, wish, { diagnostics, commandOn });
  if (wish.backend === "vxlan") checkEntrances(index, members, { wish, diagnostics, commandOn });
}

function checkNames({ mesh }: Index, wish: ClusterWish, diagnostics: Diagnostics): void {
  const known = mesh.nodes.map(({ name }): string => name);
  const { servers, nodes = known, podRanges } = wish;
  for (const name of [...servers, ...nodes, ...podRanges.keys()]) {
    if (!known.includes(name)) diagnostics.add(messages.unknownNode(name, known));
    else if (!nodes.includes(name)) diagnostics.add(messages.nodeNotInCluster(name));
  }
}

/** Several servers hold the cluster's state together by etcd, which a far way between them stops. */
function checkServers(
  members: readonly Member[],
  { servers }: ClusterWish,
  diagnostics: Diagnostics,
): void {
  const sites = members
    .filter(({ node }) => servers.includes(node.name))
    .map(({ site }) => site?.name);
  if (sites.length < 2) return;
  // In no site at all, they may stand side by side.
  if (sites.every((name) => name === undefined)) diagnostics.add(messages.serversNowhere(servers));
  else if (new Set(sites).size > 1) diagnostics.add(messages.serversApart(servers));
}

function checkOverlaps(mesh: Mesh, wish: ClusterWish, diagnostics: Diagnostics): void {
  const { pods, services } = wish;
  if (isOverlapping(pods, services)) {
    diagnostics.add(messages.rangesOfOne(printPrefix(pods), printPrefix(services)));
  }
  const taken = [
    ...mesh.network.addresses.map((range, at): Taken => [["network", "addresses", at], range]),
    ...mesh.sites.flatMap(({ name, networks, reach }) => [
      ...networks.map((range, at): Taken => [["sites", name, "network", at], range]),
      ...reach.map((range, at): Taken => [["sites", name, "reach", at], range]),
    ]),
    ...mesh.nodes.flatMap((node) => takenBy(node, mesh, wish)),
  ];
  for (const [path, range] of taken) {
    if (range.length === 0) continue;
    const own = [pods, services].find((each) => isOverlapping(each, range));
    if (own !== undefined) {
      diagnostics.add(messages.rangeTaken(path, printPrefix(own), printPrefix(range)));
    }
  }
}

/** A range in use, and where the mesh says so. */
type Taken = readonly [Path, Prefix];

function takenBy(node: Node, { sites }: Mesh, wish: ClusterWish): readonly Taken[] {
  const { name, lan, endpoint, local, subnets } = node;
  const isNear = lan !== undefined && sites.some(({ networks }) => isWithin(networks, lan));
  const host = typeof endpoint?.host === "string" ? undefined : endpoint?.host;
  const isMember = wish.nodes?.includes(name) !== false;
  return [
    ...(lan === undefined || isNear ? [] : [[["nodes", name, "lan"], hostPrefix(lan)] as const]),
    ...(host === undefined ? [] : [[["nodes", name, "endpoint"], hostPrefix(host)] as const]),
    ...local.flatMap((range, at): Taken[] =>
      // What is there of the cluster itself may be named beforehand.
      isWithin([wish.pods, wish.services], range) ? [] : [[["nodes", name, "local", at], range]],
    ),
    ...subnets.flatMap(({ prefix }, at): Taken[] =>
      isMember && isOfCluster(prefix, wish) ? [] : [[["nodes", name, "subnets", at], prefix]],
    ),
  ];
}

/** Offered by a node of the cluster, such ranges are how others reach it; which node, rangeNeeds tells. */
function isOfCluster(range: Prefix, { pods, services }: ClusterWish): boolean {
  return hasPrefix(pods, range) || isSamePrefix(services, range);
}

function checkRanges(index: Index, wish: ClusterWish, { diagnostics, commandOn }: Findings): void {
  for (const { name, pods, surplus, masked, hidden, subnets } of rangeNeeds(index, wish)) {
    // The same whole list for all that it mends: else the second command would undo the first.
    const command = commandOn(subnetsCommand(name, subnets));
    if (pods !== undefined) {
      diagnostics.add(messages.podRangeMissing(name, printPrefix(pods), command));
    }
    if (surplus.length > 0) {
      diagnostics.add(messages.podsForeign(name, surplus.map(printPrefix), command));
    }
    if (masked.length > 0) {
      diagnostics.add(messages.podsMasked(name, masked.map(printPrefix), command));
    }
    if (hidden.length > 0) {
      diagnostics.add(messages.rangesNotBehind(name, hidden.map(printPrefix), command));
    }
  }
  const unknown = unknownPodRanges(index, wish);
  if (unknown.length > 0) diagnostics.add(messages.podRangesUnknown(unknown));
}

/** flannel's routes are nearer than ours: a pod is reached from the node where the client comes in. */
function checkEntrances(
  { mesh }: Index,
  members: readonly Member[],
  { wish, diagnostics, commandOn }: Findings & { readonly wish: ClusterWish },
): void {
  const owner = ownerOf(members, wish.pods);
  if (owner === undefined) return;
  for (const { client, via } of entrancesOf(mesh)) {
    const isInCluster = members.some(({ node }) => node.name === via);
    if (isInCluster && via !== owner.node.name) {
      const command = commandOn(`set ${client.name} via=${owner.node.name}`);
      const [name, offering] = [client.name, owner.node.name];
      diagnostics.add(messages.clientElsewhere(name, { via, owner: offering, command }));
    }
  }
}
