/** The commands of the table that export a cluster: k3s, kubeadm and flannel take the same words. */
import { say } from "@warren/core";
import { Option } from "commander";
import type { Command } from "commander";
import type { ClusterOptions } from "../commands/cluster.ts";
import type { Table } from "./options.ts";

export function addClusterCommands(formats: Command, { terminal, done, addOnMesh }: Table): void {
  const { read } = terminal;
  const kubernetes = { pods: "10.244.0.0/16", services: "10.96.0.0/12" };
  const distributions = [
    {
      name: "k3s",
      about: say`write what k3s needs to run on the mesh, for every node`,
      ranges: { pods: "10.42.0.0/16", services: "10.43.0.0/16" },
    },
    {
      name: "kubeadm",
      about: say`write what kubeadm needs for a cluster on the mesh, for every node`,
      ranges: kubernetes,
    },
    {
      name: "flannel",
      about: say`write what flannel is to know of the mesh, and the nodes' labels`,
      ranges: kubernetes,
    },
  ] as const;
  for (const { name, about, ranges } of distributions) {
    addOnMesh(formats, name, about)
      .requiredOption(
        "--server <names>",
        read(say`the nodes that run the control plane, the first one first`),
      )
      .option("--nodes <names>", read(say`the nodes of the cluster, where it does not have all`))
      .addOption(
        new Option("--backend <name>", read(say`how flannel carries pods' packets`))
          .choices(["vxlan", "host-gw"])
          .default("vxlan"),
      )
      .option("--pods <range>", read(say`the range of all pods`), ranges.pods)
      .option("--services <range>", read(say`the range of services`), ranges.services)
      .option(
        "--pod-cidr <node=range>",
        read(say`what the cluster gave to a node, to be checked; may be said several times`),
        (word: string, words: readonly string[]) => [...words, word],
        [],
      )
      .option("-o, --output <folder>", read(say`where they go`), `out-${name}`)
      .action(async (options: ClusterOptions) => {
        const { exportCluster } = await import("../commands/cluster.ts");
        done(exportCluster(terminal, name, options));
      });
  }
}
