/**
 * The data plane that `warren export k3s` describes, over real WireGuard: two regions, a pod on each node,
 * and a laptop that has nothing but a file. The mesh is changed by the commands that the export names.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runWarren } from "../lab/plan.ts";
import type { Host } from "../lab/world.ts";
import { podOf, readCluster, runFlannel, serve } from "./flannel.ts";
import type { Cluster } from "./flannel.ts";
import { askAll, expectAnswers, findReached, startServers } from "./questions.ts";
import { renderPlan } from "./rendered-mesh.ts";
import { createUnderlay } from "./underlay.ts";
import type { Drawing, Port, Underlay } from "./underlay.ts";
import { useWorld } from "./world-fixture.ts";

const EXAMPLE = join(import.meta.dirname, "../examples/regions.yaml");
const NODES = ["n1", "n2", "n3", "s1"] as const;
const SERVICE = "10.43.0.80";
const NODE_PORT = 30_080;
/** IPv4 and ICMP. */
const HEADERS = 28;

const fixture = useWorld();

test("vxlan: pods reach pods, and a laptop all of them and a service, in 1370 bytes", async () => {
  const { cluster, pods, underlay } = await build("vxlan");
  expect(cluster.mtu).toBe(1370);
  await expectAllReached(cluster, pods, underlay.host("laptop"));
  // Whoever comes from outside has the address of the node that it came through, among the pods.
  expect(await seenBy(cluster, underlay.host("laptop"))).toEqual({
    n1: "10.42.0.1",
    n2: "10.42.0.0",
    n3: "10.42.0.0",
    s1: "10.42.0.0",
    service: "10.42.0.0",
  });
  expect(await servedOn(cluster, underlay.host("laptop"))).toEqual(["n1", "n2", "n3"]);
  await expectExactMtu(cluster, [...pods, underlay.host("laptop")], 1342);
  // Flannel's port is in use inside the tunnels alone.
  expect(await underlay.counts()).toEqual({ forged: 0, strays: 0 });
  expect(await findReached(underlay.host("n2"), ["tcp/80 172.16.0.1"])).toEqual([]);
  expect((await underlay.counts())["strays"]).toBeGreaterThan(0);
  // Why a cluster's service restarts with the tunnel: flannel's device goes with the one below it.
  const n3 = underlay.host("n3");
  await print(n3, "wg-quick", "down", "wg0");
  const links = await n3.attempt({ words: ["ip", "link", "show", "flannel.1"], wayOut: "" });
  expect(links.errors).toContain('"flannel.1" does not exist');
});

test("host-gw: the same without a second header, in 1420 bytes", async () => {
  const { cluster, pods, underlay } = await build("host-gw");
  expect(cluster.mtu).toBe(1420);
  await expectAllReached(cluster, pods, underlay.host("laptop"));
  expect(await seenBy(cluster, underlay.host("laptop"))).toEqual({
    n1: "10.66.0.4",
    n2: "10.66.0.1",
    n3: "10.66.0.1",
    s1: "10.66.0.1",
    service: "10.66.0.1",
  });
  // The pod is on s1, which has it behind itself; n2 and n3 pass nothing on.
  expect(await servedOn(cluster, underlay.host("laptop"))).toEqual(["n1", "s1"]);
  await expectExactMtu(cluster, [...pods, underlay.host("laptop")], 1392);
  expect(await underlay.counts()).toEqual({ forged: 0, strays: 0 });
});

interface Built {
  readonly cluster: Cluster;
  /** In the order of the nodes. */
  readonly pods: readonly Host[];
  readonly underlay: Underlay;
}

/** From the example to a cluster: the mesh, what the export says of it, the tunnels, and then flannel. */
async function build(backend: string): Promise<Built> {
  const files = join(fixture.folder.path, "mesh");
  const laptop = join(fixture.folder.path, "laptop-wireguard");
  for (const folder of [files, laptop]) mkdirSync(folder);
  const [mesh, out] = [join(files, "warren.yaml"), join(files, "out")];
  const { hosts } = await renderPlan(EXAMPLE, out);
  await runWarren("add", "laptop", "--client", "via=n1", "-f", mesh);
  const exported = join(files, "out-k3s");
  const given = NODES.flatMap((name, at) => ["--pod-cidr", `${name}=10.42.${at}.0/24`]);
  const words = ["export", "k3s", "--server", "n1", "--backend", backend, ...given];
  await obey(await runWarren(...words, "-f", mesh, "-o", exported));
  const said = await runWarren(...words, "-f", mesh, "-o", exported);
  expect(said).not.toContain("warning");
  await runWarren("qr", "laptop", "-f", mesh, "--conf", join(laptop, "wg0.conf"));
  await runWarren("render", "-f", mesh, "-o", out);
  const folders = new Map(hosts.map(({ name, folder }) => [name, folder]));
  const underlay = await createUnderlay(fixture, draw(folders.set("laptop", laptop)));
  const all = [...NODES, "laptop"].map((name) => underlay.host(name));
  await Promise.all(all.map((host) => print(host, "wg-quick", "up", "wg0")));
  const cluster = await readCluster(exported, all.slice(0, NODES.length));
  // What was worked out is what the kernel says.
  expect(said).toContain(`pods have an MTU of ${cluster.mtu}:`);
  const pods = await runFlannel(fixture.world, cluster);
  await serve(cluster, {
    address: SERVICE,
    port: 80,
    nodePort: NODE_PORT,
    backend: podAt(cluster, "s1"),
  });
  await Promise.all(pods.map((pod) => startServers(pod, "tcp/80")));
  return { cluster, pods, underlay };
}

/** Does what the export names as the way out, to the letter. */
async function obey(said: string): Promise<void> {
  const commands = said.match(/^ {2}warren set .*$/gm) ?? [];
  expect(commands.length).toBeGreaterThan(0);
  for (const command of commands) {
    const words = command.match(/(?:[^\s']|'[^']*')+/g) ?? [];
    const [, ...rest] = words.map((word) => word.replaceAll("'", ""));
    await runWarren(...rest);
  }
}

async function expectAllReached(
  cluster: Cluster,
  pods: readonly Host[],
  laptop: Host,
): Promise<void> {
  const targets = cluster.nodes.flatMap((node) => [`icmp ${podOf(node)}`, `tcp/80 ${podOf(node)}`]);
  const service = `tcp/80 ${SERVICE}`;
  // Nodes themselves, too, as probes and webhooks do. That a pod is its own backend is no matter of ways.
  const hosts = cluster.nodes.map(({ host }) => host);
  for (const from of [...pods, ...hosts, laptop]) {
    const isBackend = from.name === "pod-s1";
    await expectAnswers(from, isBackend ? targets : [...targets, service]);
  }
}

/** Who the pods, and the service's, think that somebody is. */
async function seenBy(cluster: Cluster, from: Host): Promise<Readonly<Record<string, string>>> {
  const pods = cluster.nodes.map((node) => [node.name, `tcp/80 ${podOf(node)}`] as const);
  const targets = [...pods, ["service", `tcp/80 ${SERVICE}`] as const];
  const seen = await askAll(
    from,
    targets.map(([, target]) => target),
  );
  return Object.fromEntries(targets.map(([name, target]) => [name, seen.get(target) ?? ""]));
}

/** The nodes at whose own address the service answers, too. */
async function servedOn({ nodes }: Cluster, from: Host): Promise<readonly string[]> {
  const targets = nodes.map(({ address }) => `tcp/${NODE_PORT} ${address}`);
  const reached = new Set(await findReached(from, targets));
  return nodes.filter((_, at) => reached.has(targets[at] ?? "")).map(({ name }) => name);
}

/** In a site, across sites and from outside: the last byte that fits, and the first one that does not. */
async function expectExactMtu(
  cluster: Cluster,
  hosts: readonly Host[],
  payload: number,
): Promise<void> {
  expect(payload + HEADERS).toBe(cluster.mtu);
  const ping = (from: Host, to: string, bytes: number) => {
    const words = ["ping", "-c", "1", "-w", "5", "-M", "do", "-s", String(bytes), to];
    return from.attempt({ words, wayOut: "" });
  };
  for (const from of hosts.filter(({ name }) => name === "pod-n2" || name === "laptop")) {
    for (const name of ["n1", "n3", "s1"]) {
      const fits = await ping(from, podAt(cluster, name), payload);
      const exceeds = await ping(from, podAt(cluster, name), payload + 1);
      expect([from.name, name, fits.status]).toEqual([from.name, name, 0]);
      // Its own interface says so, or the node that would have to pass it on.
      const said = `${exceeds.output}${exceeds.errors}`;
      expect(said).toMatch(/message too long|frag needed and df set \(mtu = 1370\)/i);
    }
  }
}

function podAt({ nodes }: Cluster, name: string): string {
  const node = nodes.find((each) => each.name === name);
  if (node === undefined) throw new Error(`the cluster has no ${name}`);
  return podOf(node);
}

/** Two private networks, and gateways with a port in a public one, where nothing passes but WireGuard. */
function draw(folders: ReadonlyMap<string, string>): Drawing {
  const port = (address: string, end = "sport"): Port => {
    // Who dials before the other is up is told so by ICMP.
    const others = ["ip protocol != { icmp, udp }", `udp ${end} != 51820`];
    const rules = others.map((other) => `${other} counter name strays drop`);
    return { addresses: [`${address}/24`], rules };
  };
  const out = "default via 203.0.113.1";
  const hosts: Drawing["hosts"] = {
    n1: { ports: { nanjing: port("172.16.0.1"), public: port("203.0.113.10") }, routes: [out] },
    n2: { ports: { nanjing: port("172.16.0.2") } },
    n3: { ports: { nanjing: port("172.16.0.3") } },
    s1: { ports: { shanghai: port("172.16.128.1"), public: port("203.0.113.20") }, routes: [out] },
    laptop: { ports: { public: port("203.0.113.50", "dport") } },
  };
  const withFolders = Object.entries(hosts).map(([name, host]) => {
    const folder = folders.get(name);
    return [name, folder === undefined ? host : { ...host, folder }];
  });
  return { counters: ["strays"], hosts: Object.fromEntries(withFolders) };
}

function print(from: Host, ...words: readonly string[]): Promise<string> {
  return from.run({ words, wayOut: "look at the host" });
}
