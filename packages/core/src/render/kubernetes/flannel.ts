/** What changes in flannel's own manifest on a mesh, and what says to a running cluster where nodes are. */
import { EXPORT_HEADER } from "../wg-setconf.ts";
import { printLabel, printTaint } from "./cluster.ts";
import type { Cluster, ClusterNode } from "./cluster.ts";
import type { ClusterFile } from "./cluster-file.ts";

/** `kustomization.yaml` beside flannel's manifest, its two changes, and `nodes.sh`. */
export function flannelFiles(cluster: Cluster): readonly ClusterFile[] {
  return [
    {
      path: "kustomization.yaml",
      content: {
        comments: [
          "Put flannel's manifest beside this file, as kube-flannel.yml, and apply both: kubectl apply -k .",
          "  https://github.com/flannel-io/flannel/releases/latest/download/kube-flannel.yml",
        ],
        documents: [kustomization()],
      },
    },
    { path: "iface.yaml", content: { comments: [], documents: [ifacePatch(cluster)] } },
    { path: "net-conf.yaml", content: { comments: [], documents: [netConf(cluster)] } },
    { path: "nodes.sh", content: `${EXPORT_HEADER}${nodeCommands(cluster.nodes)}` },
  ];
}

function kustomization(): object {
  return {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    resources: ["kube-flannel.yml"],
    patches: [
      { path: "iface.yaml", target: { kind: "DaemonSet", name: "kube-flannel-ds" } },
      { path: "net-conf.yaml" },
    ],
  };
}

/** One argument more (RFC 6902): a list of arguments cannot be merged, only replaced. */
function ifacePatch({ interface: tunnel }: Cluster): object {
  const path = "/spec/template/spec/containers/0/args/-";
  return [{ op: "add", path, value: `--iface=${tunnel}` }];
}

function netConf({ pods, backend, mtu }: Cluster): object {
  // That of the packets outside; flannel takes its own 50 bytes off. host-gw has none.
  const own = backend === "vxlan" ? { MTU: mtu.tunnel } : {};
  const conf = { Network: pods, Backend: { Type: backend, ...own } };
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "kube-flannel-cfg", namespace: "kube-flannel" },
    data: { "net-conf.json": `${JSON.stringify(conf, undefined, 2)}\n` },
  };
}

/** Words of names alone, so that a shell has nothing to take otherwise. */
function nodeCommands(nodes: readonly ClusterNode[]): string {
  const lines = nodes.flatMap(({ name, labels, taints }) => [
    ...(labels.length === 0
      ? []
      : [`label --overwrite node ${name} ${labels.map(printLabel).join(" ")}`]),
    ...(taints.length === 0
      ? []
      : [`taint --overwrite node ${name} ${taints.map(printTaint).join(" ")}`]),
  ]);
  return `# sh nodes.sh, once the nodes are there: which site each is in.\nset -eu\n${lines.map((line) => `kubectl ${line}\n`).join("")}`;
}
