/** Clusters on meshes: what stands in their files, and what the mesh lacks for them. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import * as core from "../../mod.ts";
import type { Index } from "../../mod.ts";
import { meshDocuments } from "../../../../../tools/random-mesh.ts";
import { runs } from "../../../../../tools/runs.ts";
import { indexOfDocument, printDiagnostics, sampleOf } from "../../../../../tools/sample.ts";

const MESH = `
network: { name: k8s, addresses: [10.66.0.0/16, "fd00:66::/64"], interface: wg0 }
sites:
  home: { network: 172.16.0.0/24, gateways: [a] }
  far: { network: 172.16.1.0/24, gateways: [c] }
nodes:
  a: { site: home, lan: 172.16.0.1, endpoint: 203.0.113.1 }
  b: { site: home, lan: 172.16.0.2 }
  c: { site: far, lan: 172.16.1.1, endpoint: "c.example:77" }
  d: { endpoint: 203.0.113.4 }
`;

function wishOf(wish: Partial<core.ClusterWish>): core.ClusterWish {
  return {
    servers: ["a"],
    backend: "vxlan",
    pods: rangeOf("10.42.0.0/16"),
    services: rangeOf("10.43.0.0/16"),
    podRanges: new Map(),
    ...wish,
  };
}

function rangeOf(text: string): core.Prefix {
  const range = core.parsePrefix(text);
  if (range instanceof core.Problem) throw new Error(text);
  return range;
}

function checked(index: Index, wish: Partial<core.ClusterWish>): string {
  const diagnostics = new core.Diagnostics();
  const commandOn = (words: string): string => `warren ${words}`;
  core.checkCluster(index, wishOf(wish), { diagnostics, commandOn });
  const fixes = diagnostics.list.map(({ fix }) => core.printText(fix));
  return printDiagnostics(diagnostics)
    .split("\n")
    .map((line, at) => (line === "" ? "" : `${line}\n  ${fixes[at]}`))
    .join("\n");
}

test("clusterOf() puts labels on who is in a site, and taints on who is away from the servers'", () => {
  const { index } = sampleOf(MESH);
  const { nodes, servers } = core.clusterOf(index, wishOf({ servers: ["b", "a"] }));
  expect(servers.map(({ name }) => name)).toEqual(["b", "a"]);
  const printed = nodes.map(({ name, address, labels, taints }) => {
    const words = [...labels, ...taints].map(({ key, value }) => `${key}=${value}`);
    return `${name} ${address} ${words.join(" ")}`;
  });
  expect(printed).toEqual([
    "a 10.66.0.1 topology.kubernetes.io/region=home topology.kubernetes.io/zone=home",
    "b 10.66.0.2 topology.kubernetes.io/region=home topology.kubernetes.io/zone=home",
    "c 10.66.0.3 topology.kubernetes.io/region=far topology.kubernetes.io/zone=far zone=far",
    "d 10.66.0.4 ",
  ]);
  // Where servers have no site, no site is away from theirs.
  const { nodes: others } = core.clusterOf(index, wishOf({ servers: ["d"] }));
  expect(others.flatMap(({ taints }) => taints)).toEqual([]);
});

test("clusterOf() gives pods what fits through the narrowest tunnel, and names whose it is", () => {
  const narrow = MESH.replace("172.16.0.2 }", "172.16.0.2, mtu: 1300 }");
  const mtuOf = (mesh: string, backend: core.Backend) =>
    core.clusterOf(sampleOf(mesh).index, wishOf({ backend })).mtu;
  expect(mtuOf(MESH, "vxlan")).toEqual({ tunnel: 1420, pods: 1370, narrowest: [] });
  expect(mtuOf(MESH, "host-gw")).toEqual({ tunnel: 1420, pods: 1420, narrowest: [] });
  expect(mtuOf(narrow, "vxlan")).toEqual({ tunnel: 1300, pods: 1250, narrowest: ["b"] });
});

test("checkCluster() refuses what no files can be written for", () => {
  const { index } = sampleOf(MESH);
  expect(checked(index, { servers: ["x"] })).toMatchInlineSnapshot(`
    "error unknown-name nodes: the mesh has no node "x"
      known are a, b, c, d"
  `);
  expect(checked(index, { nodes: ["b", "c"] })).toMatchInlineSnapshot(`
    "error unknown-name nodes.a: "a" is not among the nodes of --nodes
      add it there, or leave it out here"
  `);
  expect(checked(index, { servers: ["a", "b"] })).toBe("");
  expect(checked(index, { servers: ["a", "c"] })).toMatchInlineSnapshot(`
    "error servers-apart nodes.a: the servers "a", "c" are not in one site: their etcd stops when the way between them is slow or down
      take servers of one site, or one alone"
  `);
  expect(checked(index, { servers: ["d", "a"] })).toContain("error servers-apart");
  // Nobody knows how far those are apart that are in no site, nor that they are.
  const { index: wide } = sampleOf(`${MESH}  e: { endpoint: 203.0.113.5 }\n`);
  expect(checked(wide, { servers: ["d", "e"] })).toContain("warning servers-apart");
  expect(checked(index, { pods: rangeOf("10.43.128.0/17") })).toMatchInlineSnapshot(`
    "error cluster-range : the services' range 10.43.0.0/16 overlaps the pods' 10.43.128.0/17
      choose others: --pods, --services"
  `);
  expect(checked(index, { pods: rangeOf("10.66.64.0/18") })).toMatchInlineSnapshot(`
    "error cluster-range network.addresses[0]: network.addresses[0]: 10.66.0.0/16 overlaps 10.66.64.0/18, which is to be the cluster's
      choose others: --pods, --services"
  `);
  expect(checked(index, { services: rangeOf("172.16.0.0/16") })).toMatchInlineSnapshot(`
    "error cluster-range sites.far.network[0]: sites.far.network[0]: 172.16.1.0/24 overlaps 172.16.0.0/16, which is to be the cluster's
      choose others: --pods, --services
    error cluster-range sites.home.network[0]: sites.home.network[0]: 172.16.0.0/24 overlaps 172.16.0.0/16, which is to be the cluster's
      choose others: --pods, --services"
  `);
  const exit = MESH.replace("203.0.113.4 }", "203.0.113.4, subnets: [0.0.0.0/0, 10.42.9.0/24] }");
  expect(checked(sampleOf(exit).index, { nodes: ["a", "b"] })).toMatchInlineSnapshot(`
    "error cluster-range nodes.d.subnets[1]: nodes.d.subnets[1]: 10.42.9.0/24 overlaps 10.42.0.0/16, which is to be the cluster's
      choose others: --pods, --services"
  `);
  const sixth =
    'network: { name: n, addresses: ["fd00::/64"] }\nnodes: { a: { endpoint: a.example } }';
  expect(checked(sampleOf(sixth).index, {})).toMatchInlineSnapshot(`
    "error cluster-family network.addresses: these files have IPv4 alone, and the mesh has no range of it
      add one, such as 10.66.0.0/16"
  `);
});

test("checkCluster() takes no network of somebody else for the cluster's, whoever offers it", () => {
  const offered = MESH.replace("172.16.0.2 }", "172.16.0.2, subnets: [10.40.0.0/13] }");
  const { index } = sampleOf(`${offered}clients: { laptop: { via: a } }\n`);
  expect(checked(index, {})).toMatchInlineSnapshot(`
    "error cluster-range nodes.b.subnets[0]: nodes.b.subnets[0]: 10.40.0.0/13 overlaps 10.42.0.0/16, which is to be the cluster's
      choose others: --pods, --services"
  `);
  const inside = MESH.replace("172.16.0.2 }", "172.16.0.2, subnets: [10.43.7.0/24] }");
  expect(checked(sampleOf(inside).index, { backend: "host-gw" })).toContain(
    "error cluster-range nodes.b.subnets[0]: nodes.b.subnets[0]: 10.43.7.0/24 overlaps",
  );
});

test("checkCluster() names what a site reaches, a host has and an endpoint is in the cluster's ranges", () => {
  const near = MESH.replace("172.16.0.2 }", "172.16.0.2, local: [172.18.0.0/16, 10.42.0.0/16] }");
  const { index } = sampleOf(near.replace("[a] }", "[a], reach: [172.16.0.0/12] }"));
  expect(checked(index, {})).not.toContain("error");
  expect(checked(index, { pods: rangeOf("172.18.0.0/17") })).toMatchInlineSnapshot(`
    "error cluster-range sites.home.reach[0]: sites.home.reach[0]: 172.16.0.0/12 overlaps 172.18.0.0/17, which is to be the cluster's
      choose others: --pods, --services
    error cluster-range nodes.b.local[0]: nodes.b.local[0]: 172.18.0.0/16 overlaps 172.18.0.0/17, which is to be the cluster's
      choose others: --pods, --services"
  `);
  expect(checked(index, { services: rangeOf("203.0.113.0/24") })).toMatchInlineSnapshot(`
    "error cluster-range nodes.a.endpoint: nodes.a.endpoint: 203.0.113.1/32 overlaps 203.0.113.0/24, which is to be the cluster's
      choose others: --pods, --services
    error cluster-range nodes.d.endpoint: nodes.d.endpoint: 203.0.113.4/32 overlaps 203.0.113.0/24, which is to be the cluster's
      choose others: --pods, --services"
  `);
});

test("checkCluster() names nodes of the cluster that do not talk to each other", () => {
  const apart = `${MESH}links: [{ between: [b, d], path: deny }]\n`;
  const { index } = sampleOf(apart);
  expect(checked(index, {})).toMatchInlineSnapshot(`
    "warning cluster-apart nodes.b: b does not talk to "d", as in a cluster all nodes do
      let the policy and the links allow it, and give one side an endpoint; or leave a node out with --nodes
    warning cluster-apart nodes.d: d does not talk to "b", as in a cluster all nodes do
      let the policy and the links allow it, and give one side an endpoint; or leave a node out with --nodes"
  `);
  expect(checked(index, { nodes: ["a", "b", "c"] })).not.toContain("cluster-apart");
});

test("checkCluster() names ports that a policy keeps from those who need them", () => {
  const open =
    "{ from: [a, b], to: [a, b] }, { from: [a, b], to: c, ports: [tcp/10250, udp/8472] }";
  const { index } = sampleOf(`${MESH}policy: [${open}, { from: c, to: a, ports: [udp/*] }]\n`);
  const nodes = ["a", "b", "c"];
  expect(checked(index, { nodes })).toMatchInlineSnapshot(`
    "warning cluster-shut policy: the policy keeps tcp/6443 on a from "c", and a cluster needs it
      add a rule from the cluster's nodes to each other; without ports, so that all goes
    warning cluster-shut policy: the policy keeps udp/8472 on b from "c", and a cluster needs it
      add a rule from the cluster's nodes to each other; without ports, so that all goes
    warning cluster-hidden nodes.a: nobody outside the cluster reaches 10.42.0.0/16, 10.43.0.0/16: no node offers them
      warren set a subnets=10.42.0.0/16,10.43.0.0/16"
  `);
  expect(checked(index, { nodes, backend: "host-gw" })).not.toContain("8472");
  const ports = "tcp/6443, tcp/10250, udp/8472";
  const { index: few } = sampleOf(
    `${MESH}policy: [{ from: [a, b, c], to: [a, b, c], ports: [${ports}] }]\n`,
  );
  expect(checked(few, { nodes })).not.toContain("cluster-shut");
  expect(checked(few, { nodes, servers: ["a", "b"] })).toContain(
    'the policy keeps tcp/2379-2380 on b from "a", and a cluster needs it',
  );
});

test("checkCluster() names pods that a policy keeps from those who need them, where host-gw shows them", () => {
  const offered = MESH.replace(
    /(203.0.113.1|172.16.0.2) }/g,
    (_, host) => `${host}, subnets: [10.42.${host === "172.16.0.2" ? 2 : 1}.0/24] }`,
  );
  const said = (policy: string, backend: core.Backend): string =>
    checked(sampleOf(`${offered}policy: [${policy}]\n`).index, { nodes: ["a", "b"], backend })
      .split("\n")
      .filter((line) => line.includes("cluster-shut"))
      .join("\n");
  const hosts = "{ from: [10.66.0.0/16], to: [10.66.0.0/16] }";
  const pods = "{ from: [10.42.0.0/16], to: [10.42.0.0/16] }";
  expect(said(hosts, "host-gw")).toMatchInlineSnapshot(`
    "warning cluster-shut policy: the policy keeps "b", or pods there, from the pods of a, and a cluster needs it
    warning cluster-shut policy: the policy keeps "a", or pods there, from the pods of b, and a cluster needs it"
  `);
  // Probes and webhooks are the nodes' own.
  expect(said(`${hosts}, ${pods}`, "host-gw")).toContain("from the pods of a,");
  const both = "{ from: [10.66.0.0/16, 10.42.0.0/16], to: [10.66.0.0/16, 10.42.0.0/16] }";
  expect(said(both, "host-gw")).toBe("");
  expect(said(hosts, "vxlan")).toBe("");
});

test("checkCluster() with vxlan wants all pods and services behind the node that clients enter through", () => {
  const { index } = sampleOf(`${MESH}clients: { laptop: { via: c } }\n`);
  expect(checked(index, {})).toMatchInlineSnapshot(`
    "warning cluster-hidden nodes.c: nobody outside the cluster reaches 10.42.0.0/16, 10.43.0.0/16: no node offers them
      warren set c subnets=10.42.0.0/16,10.43.0.0/16"
  `);
  const offered = MESH.replace("203.0.113.1 }", "203.0.113.1, subnets: [10.42.0.0/16] }");
  expect(checked(sampleOf(`${offered}clients: { laptop: { via: c } }\n`).index, {}))
    .toMatchInlineSnapshot(`
    "warning cluster-hidden nodes.a: nobody outside the cluster reaches 10.43.0.0/16: no node offers them
      warren set a subnets=10.42.0.0/16,10.43.0.0/16
    warning cluster-entrance clients.laptop.via: laptop comes in through c, where flannel takes its packets for pods and the rules drop them: a offers the pods
      warren set laptop via=a; or take --backend host-gw"
  `);
  const own = "203.0.113.1, subnets: [10.42.0.0/16, 10.43.0.0/16] }";
  const whole = MESH.replace("203.0.113.1 }", own);
  expect(checked(sampleOf(`${whole}clients: { laptop: { via: a } }\n`).index, {})).toBe("");
  // A node that is not in the cluster is outside of it, too.
  expect(checked(sampleOf(MESH).index, { nodes: ["a", "b", "c"] })).toContain(
    "set a subnets=10.42.0.0/16,10.43.0.0/16",
  );
});

test("checkCluster() with host-gw wants each node's pods behind it, under their own addresses", () => {
  const own = MESH.replace("172.16.0.2 }", "172.16.0.2, subnets: [10.42.7.0/24, 192.168.1.0/24] }");
  const { index } = sampleOf(`${own}clients: { laptop: { via: a } }\n`);
  expect(checked(index, { backend: "host-gw" })).toMatchInlineSnapshot(`
    "warning cluster-hidden nodes.a: nobody outside the cluster reaches 10.43.0.0/16: no node offers them
      warren set a subnets=10.43.0.0/16
    warning pods-masked nodes.b.subnets: b hides who speaks to its pods in 10.42.7.0/24: they see its own address
      warren set b 'subnets=[{prefix: 10.42.7.0/24, masquerade: false}, 192.168.1.0/24]'
    warning pods-unreached nodes: "a", "c", "d" do not offer their pods' ranges: with host-gw nothing reaches these from another node
      once the cluster has given them out, export again with what this prints: kubectl get nodes -o jsonpath='{range .items[*]}--pod-cidr {.metadata.name}={.spec.podCIDR} {end}'"
  `);
  const podRanges = new Map(
    ["a", "b", "c", "d"].map((name, at) => [name, rangeOf(`10.42.${at}.0/24`)]),
  );
  expect(checked(index, { backend: "host-gw", podRanges })).toMatchInlineSnapshot(`
    "warning pods-unreached nodes.a: a does not offer 10.42.0.0/24, where its pods are: with host-gw nothing reaches them
      warren set a 'subnets=[{prefix: 10.42.0.0/24, masquerade: false}, 10.43.0.0/16]'
    warning cluster-hidden nodes.a: nobody outside the cluster reaches 10.43.0.0/16: no node offers them
      warren set a 'subnets=[{prefix: 10.42.0.0/24, masquerade: false}, 10.43.0.0/16]'
    warning pods-unreached nodes.b: b does not offer 10.42.1.0/24, where its pods are: with host-gw nothing reaches them
      warren set b 'subnets=[{prefix: 10.42.1.0/24, masquerade: false}, 192.168.1.0/24]'
    warning pods-foreign nodes.b.subnets: b offers 10.42.7.0/24, where flannel goes another way
      warren set b 'subnets=[{prefix: 10.42.1.0/24, masquerade: false}, 192.168.1.0/24]'
    warning pods-unreached nodes.c: c does not offer 10.42.2.0/24, where its pods are: with host-gw nothing reaches them
      warren set c 'subnets=[{prefix: 10.42.2.0/24, masquerade: false}]'
    warning pods-unreached nodes.d: d does not offer 10.42.3.0/24, where its pods are: with host-gw nothing reaches them
      warren set d 'subnets=[{prefix: 10.42.3.0/24, masquerade: false}]'"
  `);
});

test("checkCluster() finds what the other backend has left", () => {
  const hostGw = MESH.replace(
    "203.0.113.1 }",
    "203.0.113.1, subnets: [{ prefix: 10.42.0.0/24, masquerade: false }] }",
  );
  expect(checked(sampleOf(hostGw).index, {})).toMatchInlineSnapshot(`
    "warning pods-foreign nodes.a.subnets: a offers 10.42.0.0/24, where flannel goes another way
      warren set a subnets="
  `);
  const vxlan = MESH.replace(
    "203.0.113.1 }",
    "203.0.113.1, subnets: [10.42.0.0/16, 10.43.0.0/16] }",
  );
  const podRanges = new Map([["a", rangeOf("10.42.0.0/24")]]);
  const wish = { backend: "host-gw", podRanges, nodes: ["a"] } as const;
  expect(checked(sampleOf(vxlan).index, wish)).toMatchInlineSnapshot(`
    "warning pods-unreached nodes.a: a does not offer 10.42.0.0/24, where its pods are: with host-gw nothing reaches them
      warren set a 'subnets=[{prefix: 10.42.0.0/24, masquerade: false}, 10.43.0.0/16]'
    warning pods-foreign nodes.a.subnets: a offers 10.42.0.0/16, where flannel goes another way
      warren set a 'subnets=[{prefix: 10.42.0.0/24, masquerade: false}, 10.43.0.0/16]'"
  `);
});

test("no file has an address but the mesh's, the cluster's and where nodes are dialled", () => {
  const property = fc.property(
    meshDocuments(6),
    fc.constantFrom("vxlan", "host-gw"),
    (document, backend) => {
      const { index } = indexOfDocument(document);
      const servers = index.members.slice(0, 1).map(({ node }) => node.name);
      const wish = wishOf({ servers, backend });
      const diagnostics = new core.Diagnostics();
      core.checkCluster(index, wish, { diagnostics, commandOn: String });
      fc.pre(!diagnostics.hasErrors);
      const cluster = core.clusterOf(index, wish);
      const text = JSON.stringify([
        ...core.k3sFiles(cluster),
        ...core.kubeadmFiles(cluster),
        ...core.flannelFiles(cluster),
      ]);
      expect(text).not.toMatch(/external-ip/);
      const known = new Set([
        ...index.members.flatMap(({ addresses }) =>
          addresses.map((each) => core.printAddress(each.address)),
        ),
        ...index.members
          .map(({ node }) => node.endpoint?.host ?? "")
          .map((host) => (typeof host === "string" ? host : core.printAddress(host))),
        "10.42.0.0",
        "10.43.0.0",
      ]);
      for (const [address] of text.matchAll(/\b\d+\.\d+\.\d+\.\d+\b/g)) {
        expect(known).toContain(address);
      }
    },
  );
  fc.assert(property, runs(60));
});
