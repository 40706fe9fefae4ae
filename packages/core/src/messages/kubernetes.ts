/** What of a mesh does not fit a Kubernetes cluster on top of it. */
import { error, warning } from "../diagnostics.ts";
import type { Diagnostic } from "../diagnostics.ts";
import { say } from "../phrase.ts";
import { quote } from "../problem.ts";
import { label, listNames, listTexts, nearest, suggestion } from "../wording.ts";
import type { Path } from "../wording.ts";

/** Prints what --pod-cidr takes, for all nodes. */
const POD_CIDRS = `kubectl get nodes -o jsonpath='{range .items[*]}--pod-cidr {.metadata.name}={.spec.podCIDR} {end}'`;

export function unknownNode(name: string, known: readonly string[]): Diagnostic {
  const message = say`the mesh has no node ${quote(name)}`;
  return error("unknown-name", ["nodes"], message, suggestion(nearest(name, known), known));
}

export function nodeNotInCluster(name: string): Diagnostic {
  const message = say`${quote(name)} is not among the nodes of --nodes`;
  return error("unknown-name", ["nodes", name], message, say`add it there, or leave it out here`);
}

export function clusterWithoutIPv4(): Diagnostic {
  const message = say`these files have IPv4 alone, and the mesh has no range of it`;
  return error(
    "cluster-family",
    ["network", "addresses"],
    message,
    say`add one, such as 10.66.0.0/16`,
  );
}

export function serversApart(servers: readonly string[]): Diagnostic {
  const message = say`the servers ${listNames(servers)} are not in one site: their etcd stops when the way between them is slow or down`;
  const fix = say`take servers of one site, or one alone`;
  return error("servers-apart", ["nodes", servers[0] ?? ""], message, fix);
}

export function serversNowhere(servers: readonly string[]): Diagnostic {
  const message = say`the servers ${listNames(servers)} are in no site: their etcd stops when the way between them is slow or down`;
  const fix = say`where they are near each other, give them a site; else take one alone`;
  return warning("servers-apart", ["nodes", servers[0] ?? ""], message, fix);
}

export function rangesOfOne(pods: string, services: string): Diagnostic {
  const message = say`the services' range ${services} overlaps the pods' ${pods}`;
  return error("cluster-range", [], message, say`choose others: --pods, --services`);
}

export function rangeTaken(path: Path, own: string, taken: string): Diagnostic {
  const message = say`${label(path)}: ${taken} overlaps ${own}, which is to be the cluster's`;
  return error("cluster-range", path, message, say`choose others: --pods, --services`);
}

export function nodesApart(name: string, others: readonly string[]): Diagnostic {
  const message = say`${name} does not talk to ${listNames(others)}, as in a cluster all nodes do`;
  const fix = say`let the policy and the links allow it, and give one side an endpoint; or leave a node out with --nodes`;
  return warning("cluster-apart", ["nodes", name], message, fix);
}

export function portShut(name: string, port: string, others: readonly string[]): Diagnostic {
  const message = say`the policy keeps ${port} on ${name} from ${listNames(others)}, and a cluster needs it`;
  const fix = say`add a rule from the cluster's nodes to each other; without ports, so that all goes`;
  return warning("cluster-shut", ["policy"], message, fix);
}

export function podsShut(name: string, others: readonly string[]): Diagnostic {
  const message = say`the policy keeps ${listNames(others)}, or pods there, from the pods of ${name}, and a cluster needs it`;
  const fix = say`add a rule from the cluster's nodes and the pods' range to each other; without ports, so that all goes`;
  return warning("cluster-shut", ["policy"], message, fix);
}

export function rangesNotBehind(
  name: string,
  ranges: readonly string[],
  command: string,
): Diagnostic {
  const message = say`nobody outside the cluster reaches ${listTexts(ranges)}: no node offers them`;
  return warning("cluster-hidden", ["nodes", name], message, say`${command}`);
}

export function podRangeMissing(name: string, range: string, command: string): Diagnostic {
  const message = say`${name} does not offer ${range}, where its pods are: with host-gw nothing reaches them`;
  return warning("pods-unreached", ["nodes", name], message, say`${command}`);
}

export function podsForeign(name: string, ranges: readonly string[], command: string): Diagnostic {
  const message = say`${name} offers ${listTexts(ranges)}, where flannel goes another way`;
  return warning("pods-foreign", ["nodes", name, "subnets"], message, say`${command}`);
}

export function podRangesUnknown(names: readonly string[]): Diagnostic {
  const message = say`${listNames(names)} do not offer their pods' ranges: with host-gw nothing reaches these from another node`;
  const fix = say`once the cluster has given them out, export again with what this prints: ${POD_CIDRS}`;
  return warning("pods-unreached", ["nodes"], message, fix);
}

export function podsMasked(name: string, ranges: readonly string[], command: string): Diagnostic {
  const message = say`${name} hides who speaks to its pods in ${listTexts(ranges)}: they see its own address`;
  return warning("pods-masked", ["nodes", name, "subnets"], message, say`${command}`);
}

export function clientElsewhere(
  client: string,
  { via, owner, command }: Readonly<Record<"via" | "owner" | "command", string>>,
): Diagnostic {
  const message = say`${client} comes in through ${via}, where flannel takes its packets for pods and the rules drop them: ${owner} offers the pods`;
  const fix = say`${command}; or take --backend host-gw`;
  return warning("cluster-entrance", ["clients", client, "via"], message, fix);
}
