/** A cluster as kubeadm reads it, in the form v1beta4, and what its hosts need besides. */
import { namesOf, printLabel } from "./cluster.ts";
import type { Cluster, ClusterNode } from "./cluster.ts";
import type { ClusterFile, Manifest } from "./cluster-file.ts";
import { KERNEL_PLACES, kernelFiles, orderingFile, orderingPlace } from "./host-files.ts";

const CONFIG = "etc/kubernetes/kubeadm.yaml";

/** Where all files for kubeadm are on hosts. */
export const KUBEADM_PLACES = [CONFIG, orderingPlace("kubelet"), ...KERNEL_PLACES] as const;

const VERSION = "kubeadm.k8s.io/v1beta4";
const PORT = 6443;

/** The first server alone is one: others would want a certificate key, and an address for all of them. */
export function kubeadmFiles(cluster: Cluster): readonly ClusterFile[] {
  return cluster.nodes.flatMap((node): ClusterFile[] => [
    {
      path: `${node.name}/${CONFIG}`,
      content: node.isServer ? initOf(cluster, node) : joinOf(cluster, node),
    },
    orderingFile(cluster, node, "kubelet"),
    ...kernelFiles(node),
  ]);
}

function initOf(cluster: Cluster, node: ClusterNode): Manifest {
  return {
    comments: [`kubeadm init --config /${CONFIG}`],
    documents: [
      {
        apiVersion: VERSION,
        kind: "InitConfiguration",
        localAPIEndpoint: { advertiseAddress: node.address, bindPort: PORT },
        nodeRegistration: registrationOf(node),
      },
      {
        apiVersion: VERSION,
        kind: "ClusterConfiguration",
        controlPlaneEndpoint: endpointOf(cluster),
        networking: { podSubnet: cluster.pods, serviceSubnet: cluster.services },
        apiServer: { certSANs: namesOf(node) },
      },
    ],
  };
}

function joinOf(cluster: Cluster, node: ClusterNode): Manifest {
  const [server] = cluster.servers;
  return {
    comments: [
      `TOKEN and HASH are what this prints on ${server?.name}, behind --token and sha256:`,
      "  kubeadm token create --print-join-command",
      `kubeadm join --config /${CONFIG}`,
    ],
    documents: [
      {
        apiVersion: VERSION,
        kind: "JoinConfiguration",
        discovery: {
          bootstrapToken: {
            apiServerEndpoint: endpointOf(cluster),
            token: "TOKEN",
            caCertHashes: ["sha256:HASH"],
          },
        },
        nodeRegistration: registrationOf(node),
      },
    ],
  };
}

/** A name, so that another server can take its place; each host must know it, out of the mesh's hosts file. */
function endpointOf({ servers: [server] }: Cluster): string {
  return `${server?.dnsName}:${PORT}`;
}

/** Without taints a server has kubeadm's own, which an empty list would take away. */
function registrationOf({ name, address, labels, taints }: ClusterNode): object {
  const printed = labels.map(printLabel).join(",");
  return {
    name,
    kubeletExtraArgs: [
      { name: "node-ip", value: address },
      ...(printed === "" ? [] : [{ name: "node-labels", value: printed }]),
    ],
    ...(taints.length === 0 ? {} : { taints }),
  };
}
