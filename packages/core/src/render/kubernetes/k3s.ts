/** A cluster as k3s reads it: each node's config.yaml, and a start after the tunnel. */
import { namesOf, printLabel, printTaint } from "./cluster.ts";
import type { Cluster, ClusterNode } from "./cluster.ts";
import type { ClusterFile } from "./cluster-file.ts";
import { orderingFile, orderingPlace } from "./host-files.ts";

const CONFIG = "etc/rancher/k3s/config.yaml";

/** Where all files for k3s are on hosts. */
export const K3S_PLACES = [CONFIG, orderingPlace("k3s"), orderingPlace("k3s-agent")] as const;

/** Whoever joins has the token there, which no file of ours holds. */
const TOKEN_FILE = "/etc/rancher/k3s/token";

export function k3sFiles(cluster: Cluster): readonly ClusterFile[] {
  return cluster.nodes.flatMap((node): ClusterFile[] => [
    {
      path: `${node.name}/${CONFIG}`,
      content: { comments: [roleOf(cluster, node)], documents: [configOf(cluster, node)] },
    },
    orderingFile(cluster, node, node.isServer ? "k3s" : "k3s-agent"),
  ]);
}

function roleOf({ servers: [first] }: Cluster, node: ClusterNode): string {
  if (node === first) return "k3s server, the first one";
  return `${node.isServer ? "k3s server" : "k3s agent"}; the token is on ${first?.name}: /var/lib/rancher/k3s/server/node-token`;
}

/**
 * No node-external-ip and no flannel-external-ip: with them flannel goes around the tunnel, by the
 * public addresses.
 */
function configOf(cluster: Cluster, node: ClusterNode): object {
  const { interface: tunnel, servers } = cluster;
  const [first] = servers;
  const labels = node.labels.map(printLabel);
  const taints = node.taints.map(printTaint);
  return {
    "node-name": node.name,
    "node-ip": node.address,
    "flannel-iface": tunnel,
    ...(node === first
      ? {}
      : { server: `https://${first?.address}:6443`, "token-file": TOKEN_FILE }),
    ...(node.isServer ? serverConfig(cluster, node) : {}),
    ...(labels.length === 0 ? {} : { "node-label": labels }),
    ...(taints.length === 0 ? {} : { "node-taint": taints }),
  };
}

/** Of all servers alike, but for their own address and names. */
function serverConfig({ backend, pods, services, servers }: Cluster, node: ClusterNode): object {
  return {
    ...(servers.length > 1 && node === servers[0] ? { "cluster-init": true } : {}),
    "advertise-address": node.address,
    "tls-san": namesOf(node),
    "flannel-backend": backend,
    "cluster-cidr": pods,
    "service-cidr": services,
  };
}
