/** Files of a host beside the cluster's own: what waits for the tunnel, and what the kernel must do. */
import { EXPORT_HEADER } from "../wg-setconf.ts";
import type { Cluster, ClusterNode } from "./cluster.ts";
import type { ClusterFile } from "./cluster-file.ts";

const MODULES = "etc/modules-load.d/90-warren-kubernetes.conf";
const SYSCTLS = "etc/sysctl.d/90-warren-kubernetes.conf";

/** Where `kernelFiles` are on a host. */
export const KERNEL_PLACES = [MODULES, SYSCTLS] as const;

/** Where the file is on a host that has a service wait for the tunnel. */
export function orderingPlace(service: string): string {
  return `etc/systemd/system/${service}.service.d/10-warren.conf`;
}

/** A kubelet refuses a node's address that no interface has (kubernetes#82869): the tunnel is up first. */
export function orderingFile(
  { interface: tunnel }: Cluster,
  { name }: ClusterNode,
  service: string,
): ClusterFile {
  const unit = `wg-quick@${tunnel}.service`;
  const lines = [
    `# The node's address is on ${tunnel}: ${service} starts after it, and restarts with it.`,
    "[Unit]",
    `Requires=${unit}`,
    `After=${unit}`,
  ];
  return {
    path: `${name}/${orderingPlace(service)}`,
    content: `${EXPORT_HEADER}${lines.join("\n")}\n`,
  };
}

/** What k3s switches on by itself, and kubeadm asks for. */
export function kernelFiles({ name }: ClusterNode): readonly ClusterFile[] {
  return [
    {
      path: `${name}/${MODULES}`,
      content: `${EXPORT_HEADER}overlay\nbr_netfilter\n`,
    },
    {
      path: `${name}/${SYSCTLS}`,
      content: `${EXPORT_HEADER}net.ipv4.ip_forward = 1\nnet.bridge.bridge-nf-call-iptables = 1\n`,
    },
  ];
}
