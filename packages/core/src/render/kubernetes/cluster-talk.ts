/** Whether a cluster's nodes can talk to each other as Kubernetes has them do. */
import type { Diagnostics } from "../../diagnostics.ts";
import { firstAddress } from "../../ip/prefix.ts";
import * as messages from "../../messages/kubernetes.ts";
import type { PortRange } from "../../model/mesh.ts";
import { printPortRange } from "../../model/words.ts";
import { device } from "../../plan/compile.ts";
import type { Member } from "../../plan/member.ts";
import type { Index } from "../../plan/members.ts";
import { judge } from "../../verify/admission.ts";
import { addressOf, clusterMembers } from "./cluster.ts";
import type { ClusterWish } from "./cluster.ts";
import { podRangesOf } from "./cluster-ranges.ts";

const API_SERVER = 6443;
const KUBELET = 10_250;
const FLANNEL = 8472;
/** Of several servers, which hold the cluster's state together. */
const ETCD: PortRange = { protocol: "tcp", first: 2379, last: 2380 };
/** Asked by servers alone. */
const FROM_SERVERS: ReadonlySet<number> = new Set([KUBELET, ETCD.first]);

/** Ways between all of them, and where there is a policy, the ports without which no cluster runs; O(N²). */
export function checkTalk(index: Index, wish: ClusterWish, diagnostics: Diagnostics): void {
  const members = clusterMembers(index, wish);
  const isApart = (one: Member, other: Member): boolean =>
    !index.traffic.isAllowed(one, other) || index.paths.next(one, other) === undefined;
  for (const target of members) {
    const others = members.filter((other) => other !== target);
    const apart = others.filter((other) => isApart(target, other));
    if (apart.length > 0) diagnostics.add(messages.nodesApart(target.node.name, namesOf(apart)));
    if (index.policy === undefined) continue;
    // Who has no way at all is named already.
    const near = others.filter((source) => !apart.includes(source));
    checkPorts(index, { target, others: near, wish }, diagnostics);
    if (wish.backend === "host-gw") checkPods(index, { target, others: near, wish }, diagnostics);
  }
}

interface Talk {
  readonly target: Member;
  /** Those that have a way to it. */
  readonly others: readonly Member[];
  readonly wish: ClusterWish;
}

function checkPorts(index: Index, { target, others, wish }: Talk, diagnostics: Diagnostics): void {
  const own = device(index, target);
  for (const port of portsOf(target, wish)) {
    const shut = others.filter((source) => {
      const flow = { source: addressOf(source), target: addressOf(target), port };
      // Agents ask servers, and servers ask kubelets; flannel goes from everybody to everybody.
      const isAsked = !FROM_SERVERS.has(port.first) || wish.servers.includes(source.node.name);
      return isAsked && judge(own, flow, "host").kind !== "passes";
    });
    if (shut.length === 0) continue;
    diagnostics.add(messages.portShut(target.node.name, printPortRange(port), namesOf(shut)));
  }
}

/** host-gw has pods' own packets in the tunnels, and the policy looks at each. */
function checkPods(index: Index, { target, others, wish }: Talk, diagnostics: Diagnostics): void {
  const own = device(index, target);
  const pods = podRangesOf(target, wish).map(firstAddress);
  const shut = others.filter((source) => {
    const speakers = [addressOf(source), ...podRangesOf(source, wish).map(firstAddress)];
    return speakers.some((speaker) =>
      pods.some((pod) => judge(own, { source: speaker, target: pod }, "subnet").kind !== "passes"),
    );
  });
  if (shut.length > 0) diagnostics.add(messages.podsShut(target.node.name, namesOf(shut)));
}

function portsOf({ node }: Member, { servers, backend }: ClusterWish): readonly PortRange[] {
  const isServer = servers.includes(node.name);
  return [
    ...(isServer ? [portOf("tcp", API_SERVER)] : []),
    ...(isServer && servers.length > 1 ? [ETCD] : []),
    portOf("tcp", KUBELET),
    ...(backend === "vxlan" ? [portOf("udp", FLANNEL)] : []),
  ];
}

function portOf(protocol: PortRange["protocol"], port: number): PortRange {
  return { protocol, first: port, last: port };
}

function namesOf(members: readonly Member[]): readonly string[] {
  return members.map(({ node }) => node.name);
}
