/**
 * What k3s makes of a node, by hand: a bridge with a pod, flannel's device or its routes, its rules and
 * kube-proxy's. Takes all its numbers from the files that were exported. Knows no mesh.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Host, World } from "../lab/world.ts";

/** What a node is told, and what the cluster gave to it. */
export interface ClusterHost {
  readonly name: string;
  readonly host: Host;
  readonly address: string;
  /** The interface that flannel sends from. */
  readonly tunnel: string;
  /** The first three bytes of its pods' range, which is a /24: `10.42.3`. */
  readonly pods: string;
}

export interface Cluster {
  readonly nodes: readonly ClusterHost[];
  readonly backend: string;
  readonly range: string;
  /** That of pods, as flannel finds it: the tunnel's, less its own 50 bytes. */
  readonly mtu: number;
}

export interface ServedPort {
  readonly address: string;
  readonly port: number;
  /** The same on every node's own addresses. */
  readonly nodePort: number;
  readonly backend: string;
}

const VXLAN = { id: "1", port: "8472", bytes: 50 } as const;
const WAY_OUT = "look at the host";

/** The exported folder as k3s reads it: pods' ranges are given out in the order of `hosts`, as nodes join. */
export async function readCluster(folder: string, hosts: readonly Host[]): Promise<Cluster> {
  const configs = hosts.map(({ name }) => configOf(folder, name));
  const server = configs.find((config) => "cluster-cidr" in config) ?? {};
  const range = wordOf(server, "cluster-cidr");
  const nodes = hosts.map((host, at): ClusterHost => {
    const config = configs[at] ?? {};
    const pods = range.replace(/\.0\.0\/16$/, `.${at}`);
    const [address, tunnel] = [wordOf(config, "node-ip"), wordOf(config, "flannel-iface")];
    return { name: host.name, host, address, tunnel, pods };
  });
  const backend = wordOf(server, "flannel-backend");
  const [first] = nodes;
  if (first === undefined) throw new Error("a cluster has nodes");
  const [link] = JSON.parse(await print(first.host, "ip", "-j", "link", "show", first.tunnel));
  const mtu = link.mtu - (backend === "vxlan" ? VXLAN.bytes : 0);
  return { nodes, backend, range, mtu };
}

/** The pods, one a node, each the tenth address of its range. */
export async function runFlannel(world: World, cluster: Cluster): Promise<readonly Host[]> {
  return await Promise.all(
    cluster.nodes.map(async (node) => {
      const pod = await world.createHost(`pod-${node.name}`, new Map());
      await batch(node.host, [...bridgeLines(node, pod, cluster.mtu), ...wayLines(node, cluster)]);
      await batch(pod, [
        "link set lo up",
        "link set eth0 up",
        `address add ${podOf(node)}/24 dev eth0`,
        `route add default via ${node.pods}.1`,
      ]);
      await print(node.host, "sysctl", "-q", "-w", "net.ipv4.ip_forward=1");
      if (cluster.backend === "vxlan") await sayWhere(node, cluster);
      await load(node.host, flannelRules(node, cluster));
      return pod;
    }),
  );
}

/** On every node, as kube-proxy does: whatever is for the service is for its backend, from wherever it comes. */
export async function serve(cluster: Cluster, service: ServedPort): Promise<void> {
  const { address, port, nodePort, backend } = service;
  const rules = [
    `ip daddr ${address} tcp dport ${port} dnat to ${backend}`,
    `fib daddr type local tcp dport ${nodePort} dnat to ${backend}:${port}`,
  ].join("; ");
  const table = `table ip kube-proxy {
    chain prerouting { type nat hook prerouting priority dstnat; ${rules}; }
    chain output { type nat hook output priority -100; ${rules}; }
    chain postrouting {
      type nat hook postrouting priority srcnat;
      ct status dnat ip saddr != ${cluster.range} masquerade
    }
  }\n`;
  await Promise.all(cluster.nodes.map(({ host }) => load(host, table)));
}

export function podOf({ pods }: ClusterHost): string {
  return `${pods}.10`;
}

function bridgeLines({ pods }: ClusterHost, pod: Host, mtu: number): readonly string[] {
  return [
    "link add cni0 type bridge",
    `link set cni0 mtu ${mtu} up`,
    `address add ${pods}.1/24 dev cni0`,
    `link add pod0 mtu ${mtu} type veth peer name eth0 mtu ${mtu} netns /proc/${pod.pid}/ns/net`,
    "link set pod0 master cni0 up",
  ];
}

/** vxlan: each other node's bridge is behind its own device; host-gw: behind its address in the mesh. */
function wayLines(node: ClusterHost, { nodes, backend, mtu }: Cluster): readonly string[] {
  const others = nodes.filter((other) => other !== node);
  const { tunnel, address, pods } = node;
  if (backend === "host-gw") {
    // Where wg-quick has a route for the range, flannel puts its own in the place of it.
    return others.map(
      (other) => `route replace ${other.pods}.0/24 via ${other.address} dev ${tunnel}`,
    );
  }
  const how = `id ${VXLAN.id} dev ${tunnel} local ${address} dstport ${VXLAN.port} nolearning`;
  return [
    `link add flannel.1 mtu ${mtu} address ${macOf(node)} type vxlan ${how}`,
    `address add ${pods}.0/32 dev flannel.1`,
    "link set flannel.1 up",
    ...others.flatMap((other) => [
      `neighbour add ${other.pods}.0 lladdr ${macOf(other)} dev flannel.1 nud permanent`,
      `route add ${other.pods}.0/24 via ${other.pods}.0 dev flannel.1 onlink`,
    ]),
  ];
}

async function sayWhere(node: ClusterHost, { nodes }: Cluster): Promise<void> {
  for (const other of nodes.filter((each) => each !== node)) {
    const entry = [macOf(other), "dev", "flannel.1", "dst", other.address, "self", "permanent"];
    await print(node.host, "bridge", "fdb", "append", ...entry);
  }
}

function macOf({ pods }: ClusterHost): string {
  return `0a:42:00:00:00:0${pods.split(".")[2]}`;
}

/** What flannel's --ip-masq says, which k3s and flannel's own manifest have. */
function flannelRules({ pods }: ClusterHost, { range }: Cluster): string {
  return `table ip flannel {
    chain postrouting {
      type nat hook postrouting priority srcnat;
      ip saddr ${range} ip daddr ${range} return
      ip saddr ${range} ip daddr != 224.0.0.0/4 masquerade
      ip saddr != ${range} ip daddr ${pods}.0/24 return
      ip saddr != ${range} ip daddr ${range} masquerade
    }
  }\n`;
}

function configOf(folder: string, name: string): Readonly<Record<string, unknown>> {
  return parse(readFileSync(join(folder, name, "etc/rancher/k3s/config.yaml"), "utf8"));
}

function wordOf(config: Readonly<Record<string, unknown>>, key: string): string {
  const word = config[key];
  if (typeof word !== "string") throw new Error(`the exported file has no ${key}`);
  return word;
}

async function batch(host: Host, lines: readonly string[]): Promise<void> {
  const input = lines.map((line) => `${line}\n`).join("");
  await host.run({ words: ["ip", "-batch", "-"], input, wayOut: WAY_OUT });
}

async function load(host: Host, rules: string): Promise<void> {
  await host.run({ words: ["nft", "-f", "-"], input: rules, wayOut: WAY_OUT });
}

function print(host: Host, ...words: readonly string[]): Promise<string> {
  return host.run({ words, wayOut: WAY_OUT });
}
