/** warren export k3s, kubeadm, flannel: what a Kubernetes cluster needs to sit on the mesh. Changes no mesh. */
import { dirname, join, relative } from "node:path";
import * as core from "@warren/core";
import { AppError } from "@warren/api";
import { removeIfEmpty } from "../files/folders.ts";
import { isForeign, listPlaced } from "../files/output-folder.ts";
import { staged } from "../files/staging.ts";
import type { Written } from "../files/staging.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { commandOn } from "../terminal/words.ts";
import { printManifest } from "../yaml/manifest.ts";
import { loadPlan } from "./plan.ts";
import { foreignFiles, summary } from "./render.ts";

export type Distribution = "k3s" | "kubeadm" | "flannel";

export interface ClusterOptions {
  readonly file: string;
  readonly output: string;
  readonly server: string;
  readonly nodes?: string;
  readonly backend: core.Backend;
  readonly pods: string;
  readonly services: string;
  /** NODE=RANGE. */
  readonly podCidr: readonly string[];
}

/** Inside a node's folder; files of ours that stand there and are of no use any more go. */
const PLACES: Readonly<Record<Distribution, readonly string[]>> = {
  k3s: core.K3S_PLACES,
  kubeadm: core.KUBEADM_PLACES,
  flannel: [],
};

/** As on the hosts: whoever brings them there with their modes must not lock others out of /etc. */
const FOLDER_MODE = 0o755;

export function exportCluster(
  terminal: Terminal,
  distribution: Distribution,
  options: ClusterOptions,
): number {
  const wish = readWish(distribution, options);
  const { file } = options;
  const plan = loadPlan(
    terminal,
    { file, isWordy: true },
    {
      keys: "public",
      judge: (_, diagnostics, index) =>
        core.checkCluster(index, wish, {
          diagnostics,
          commandOn: (words) => commandOn(file, words),
        }),
    },
  );
  if (plan === undefined) return 2;
  if (plan.keys.missing.size > 0) {
    // An address is for life once it is recorded; a cluster's nodes cannot change theirs.
    const [push, render] = [commandOn(file, "push"), commandOn(file, "render")];
    const fix = core.say`bring up the mesh first: ${push}; by hand: ${render}`;
    throw new AppError("cannot-read", core.say`some nodes have no key yet`, { fix });
  }
  const cluster = core.clusterOf(plan.index, wish);
  const written = writeFiles(options.output, filesOf(distribution, cluster), PLACES[distribution]);
  terminal.print(summary(options.output, written));
  sayWhatFollows(terminal, { plan, wish, cluster }, { distribution, ...options });
  return 0;
}

function filesOf(distribution: Distribution, cluster: core.Cluster): readonly core.ClusterFile[] {
  switch (distribution) {
    case "k3s":
      return core.k3sFiles(cluster);
    case "kubeadm":
      return core.kubeadmFiles(cluster);
    case "flannel":
      return core.flannelFiles(cluster);
  }
}

function readWish(distribution: Distribution, options: ClusterOptions): core.ClusterWish {
  const { backend, pods, services, podCidr, nodes } = options;
  const servers = readNames("--server", options.server);
  if (distribution === "kubeadm" && servers.length > 1) {
    const fix = core.say`name one; kubeadm joins others with a certificate key and an address for all of them`;
    throw new AppError("usage", core.say`the files for kubeadm are for one server`, { fix });
  }
  const range = readRange("--pods", pods);
  return {
    servers,
    ...(nodes === undefined ? {} : { nodes: readNames("--nodes", nodes) }),
    backend,
    pods: range,
    services: readRange("--services", services),
    podRanges: readPodRanges(podCidr, range),
  };
}

/** A cluster gives each node one part of the pods' range, and no two the same. */
function readPodRanges(
  words: readonly string[],
  pods: core.Prefix,
): ReadonlyMap<string, core.Prefix> {
  const ranges = new Map<string, core.Prefix>();
  for (const word of words) {
    const [name = "", text, more] = word.split("=");
    if (text === undefined || name === "" || more !== undefined) {
      const fix = core.say`write NODE=RANGE, such as n1=10.42.0.0/24`;
      const message = core.say`--pod-cidr: ${core.quote(word)} is not NODE=RANGE`;
      throw new AppError("usage", message, { fix });
    }
    const range = readRange("--pod-cidr", text);
    const fix = core.say`say what the cluster has: kubectl get nodes -o custom-columns=:metadata.name,:spec.podCIDR`;
    if (!core.hasPrefix(pods, range)) {
      const all = core.printPrefix(pods);
      throw new AppError("usage", core.say`--pod-cidr: ${text} is not in ${all}`, { fix });
    }
    const other = [...ranges].find(([, each]) => core.isOverlapping(each, range))?.[0];
    if (ranges.has(name)) {
      throw new AppError("usage", core.say`--pod-cidr: ${name} has two ranges`, { fix });
    }
    if (other !== undefined) {
      const message = core.say`--pod-cidr: ${text} of ${name} overlaps the range of ${other}`;
      throw new AppError("usage", message, { fix });
    }
    ranges.set(name, range);
  }
  return ranges;
}

function readNames(option: string, text: string): readonly string[] {
  const names = [...new Set(text.split(",").map((name) => name.trim()))];
  if (!names.includes("")) return names;
  const fix = core.say`write names with commas between them, such as n1,n2`;
  throw new AppError("usage", core.say`${option}: ${core.quote(text)} lacks a name`, { fix });
}

function readRange(option: string, text: string): core.Prefix {
  const range = core.parsePrefix(text);
  if (range instanceof core.Problem) {
    throw new AppError("usage", core.say`${option}: ${range.message}`, { fix: range.fix });
  }
  if (range.family === 4) return range;
  const fix = core.say`write a range of IPv4: these files have no other`;
  throw new AppError("usage", core.say`${option}: ${text} is IPv6`, { fix });
}

/** Those of ours that are there and no longer wanted go; what is not ours stays, or stops all. */
function writeFiles(
  output: string,
  files: readonly core.ClusterFile[],
  places: readonly string[],
): Written {
  const foreign = files.map(({ path }) => path).filter((path) => isForeign(join(output, path)));
  if (foreign.length > 0) throw foreignFiles(output, foreign);
  const written = staged((staging) => {
    const kept = new Set(files.map(({ path }) => path));
    for (const { path, content } of files) {
      staging.put(join(output, path), printContent(content), "everybody");
    }
    for (const path of listPlaced(output, places)) {
      if (!kept.has(path)) staging.remove(join(output, path));
    }
  }, FOLDER_MODE);
  for (const file of written.removed) removeEmpty(output, dirname(file));
  return written;
}

/** With those above it, up to the output folder itself. */
function removeEmpty(output: string, folder: string): void {
  if (folder === output || relative(output, folder).startsWith("..")) return;
  removeIfEmpty(folder);
  removeEmpty(output, dirname(folder));
}

function printContent(content: core.ClusterFile["content"]): string {
  if (typeof content === "string") return content;
  const comments = content.comments.map((line) => `# ${line}\n`).join("");
  return printManifest(`${core.EXPORT_HEADER}${comments}`, content.documents);
}

interface Exported {
  readonly plan: { readonly index: core.Index };
  readonly wish: core.ClusterWish;
  readonly cluster: core.Cluster;
}

function sayWhatFollows(
  terminal: Terminal,
  { plan, wish, cluster }: Exported,
  { distribution, file }: ClusterOptions & { readonly distribution: Distribution },
): void {
  const { tunnel, pods, narrowest } = cluster.mtu;
  const whose =
    narrowest.length === 0
      ? core.say`the tunnels' ${tunnel}`
      : core.say`the ${tunnel} of ${core.listSome(narrowest)}`;
  terminal.say(
    pods === tunnel
      ? core.say`pods have an MTU of ${pods}: ${whose}`
      : core.say`pods have an MTU of ${pods}: ${whose} less ${tunnel - pods} for ${cluster.backend}`,
  );
  if (distribution !== "flannel") {
    terminal.say(
      core.say`each folder is its host's /: there, first the tunnel, then these, then ${distribution}`,
    );
  }
  const entry = core.entryOf(plan.index, wish);
  if (entry === undefined || plan.index.mesh.clients.length > 0) return;
  const command = commandOn(file, `add laptop --client via=${entry.name}`);
  terminal.say(core.say`from a laptop to pods and services: ${command}; then export again`);
}
