/** What a change touches, against a full compile. */
import { expect, test } from "vitest";
import fc from "fast-check";
import { affected, index } from "../mod.ts";
import type { Device, Index, Member, Name, PairName, Peer } from "../mod.ts";
import { compilePlan } from "../../../../tools/oracle/plans.contract.ts";
import { meshDocuments } from "../../../../tools/random-mesh.ts";
import type { MeshDocument, NodeDocument } from "../../../../tools/random-mesh.ts";
import { topologyDocuments } from "../../../../tools/random-topology.ts";
import type { TopologyDocument } from "../../../../tools/random-topology.ts";
import { runs } from "../../../../tools/runs.ts";
import { indexOfDocument, sampleOfDocument } from "../../../../tools/sample.ts";
import type { Sample } from "../../../../tools/sample.ts";
import { remember } from "../remember.ts";
import { assemble } from "./compile.ts";
import { assembleEntry } from "./entry-device.ts";
import { pair } from "./pair.ts";

test("affected() and pair() give the devices of a full compile, over random edits", () => {
  const edit = fc.tuple(meshDocuments(8), meshDocuments(8), fc.nat(5));
  fc.assert(
    fc.property(edit, ([document, other, kind]) => {
      const before = sampleOfDocument(document);
      const after = sampleOfDocument(edited(document, other, kind), before.lock);
      expect(byPatch(before, after)).toEqual(after.devices);
    }),
    runs(100, 300),
  );
});

test("affected() follows what carriers, rules and clients make of a changed node", () => {
  const change = fc.record({ at: fc.nat(), kind: fc.nat(CHANGES.length - 1) });
  fc.assert(
    fc.property(topologyDocuments(8), change, (document, { at, kind }) => {
      const before = compilePlan(document);
      const after = before && compilePlan(changed(document, at, CHANGES[kind]), before.lock);
      if (before === undefined || after === undefined) return;
      const sample = { index: index(before.mesh, before.lock), devices: before.devices };
      const now = { index: index(after.mesh, after.lock), devices: after.devices };
      expect(byPatch(sample, now)).toEqual(after.devices);
    }),
    { ...runs(100, 300), examples: [...LISTS_OF_OTHERS] },
  );
});

/** A node goes, and lists towards others change: out of what a site reaches, and of a site's block. */
const LISTS_OF_OTHERS: readonly [TopologyDocument, { at: number; kind: number }][] = [
  [
    {
      network: { name: "n", addresses: ["10.66.0.0/16"] },
      sites: { s: { network: "172.16.0.0/24", gateways: ["a"], reach: ["172.16.0.0/12"] } },
      nodes: {
        a: { site: "s", lan: "172.16.0.1" },
        b: { site: "s", lan: "172.16.0.2" },
        c: { site: "s", lan: "172.16.0.3", subnets: ["172.20.0.0/24"] },
      },
    },
    { at: 2, kind: 0 },
  ],
  [
    {
      network: { name: "n", addresses: ["10.66.0.0/16"] },
      sites: { s: { network: "172.16.0.0/24", addresses: ["10.66.1.0/24"], gateways: ["b"] } },
      nodes: {
        a: { site: "s", lan: "172.16.0.1", endpoint: "198.51.100.1" },
        b: { site: "s", lan: "172.16.0.2" },
        c: { endpoint: "198.51.100.3" },
      },
    },
    { at: 0, kind: 0 },
  ],
];

/** What becomes of one node of a document; undefined: it goes. */
const CHANGES: readonly ((node: NodeDocument) => NodeDocument | undefined)[] = [
  () => undefined,
  ({ endpoint: _, ...node }) => node,
  (node) => ({ ...node, endpoint: "198.51.100.200" }),
  (node) => ({ ...node, tags: ["db"] }),
  (node) => ({ ...node, subnets: ["192.168.250.0/24"] }),
  (node) => ({ ...node, local: ["172.31.0.0/16"] }),
  (node) => ({ ...node, relay: node["relay"] !== true }),
  ({ exit: _, ...node }) => node,
];

function changed(
  document: TopologyDocument,
  at: number,
  change: ((node: NodeDocument) => NodeDocument | undefined) | undefined,
): TopologyDocument {
  const nodes = Object.entries(document["nodes"] as Record<string, NodeDocument>);
  const rest = nodes.flatMap(([name, node], place) => {
    const now = place === at % nodes.length ? change?.(node) : node;
    return now === undefined ? [] : [[name, now] as const];
  });
  return { ...document, nodes: Object.fromEntries(rest) };
}

test("affected() sees a rotated preshared key", () => {
  const before = sampleOfDocument(meshOf(5));
  const [one, other] = before.mesh.nodes;
  const pair = `${one?.name} ${other?.name}` as never;
  const lock = { ...before.lock, presharedKeyEpochs: new Map([[pair, 1]]) };
  const after = sampleOfDocument(meshOf(5), lock);
  expect(after.devices).not.toEqual(before.devices);
  expect(byPatch(before, after)).toEqual(after.devices);
});

test("affected() sees a preshared key that was given where none are derived", () => {
  const { nodes, network } = meshOf(5);
  const document = { nodes, network: { ...network, presharedKeys: false } };
  const before = sampleOfDocument(document);
  const [one, other] = before.mesh.nodes.map(({ name }) => name);
  const pair = `${one} ${other}` as PairName;
  const after = sampleOfDocument(document, { ...before.lock, givenPresharedKeys: new Set([pair]) });
  expect(byPatch(before, after)).toEqual(after.devices);
  expect(byPatch(after, before)).toEqual(before.devices);
  expect(after.diagnostics.list).toEqual(before.diagnostics.list);
  const keyed = after.devices.flatMap(({ name, peers }) =>
    peers.filter((peer) => peer.presharedKeyId !== undefined).map((peer) => `${name} ${peer.name}`),
  );
  expect(keyed).toEqual([`${one} ${other}`, `${other} ${one}`]);
});

test("affected() asks at most 2N pairs when one of 1,000 endpoints changes", () => {
  const before = indexOfDocument(meshOf(1000));
  const document = meshOf(1000);
  const nodes = { ...document.nodes, n500: { endpoint: "203.0.113.77" } };
  const after = indexOfDocument({ ...document, nodes }, before.lock);
  const touched = affected(before.index, after.index);
  expect(touched.pairs.length).toBeGreaterThan(0);
  expect(touched.pairs.length).toBeLessThanOrEqual(2 * 1000);
});

test("affected() knows clients that come, go and change, and their nodes' side of them", () => {
  const phone = { via: ["n1", "n2"] };
  const steps = [
    {},
    { phone },
    { laptop: { via: ["n1"], access: ["nodes"], dns: true }, phone },
    { phone: { via: ["n2"] } },
    {},
  ];
  let before = sampleOfDocument(meshOf(4));
  for (const clients of steps) {
    const after = sampleOfDocument({ ...meshOf(4), clients }, before.lock);
    expect(byPatch(before, after)).toEqual(after.devices);
    before = after;
  }
  const narrow = meshOf(4);
  const nodes = { ...narrow.nodes, n1: { ...narrow.nodes["n1"], underlayMtu: 1400 } };
  const clients = { phone };
  const wide = sampleOfDocument({ ...narrow, clients });
  const after = sampleOfDocument({ ...narrow, nodes, clients }, wide.lock);
  expect(after.devices.map(({ mtu }) => mtu)).toEqual([1320, 1320, 1320, 1320, 1320, 1320]);
  expect(byPatch(wide, after)).toEqual(after.devices);
});

test("affected() asks at most 2N pairs when a node behind a gateway changes", () => {
  const before = indexOfDocument(regionsOf(10, 20));
  const document = regionsOf(10, 20);
  const nodes = { ...document.nodes, "n4-7": { site: "s4", lan: "172.16.4.99" } };
  const after = indexOfDocument({ ...document, nodes }, before.lock);
  const touched = affected(before.index, after.index);
  expect(touched.pairs.length).toBeGreaterThan(0);
  expect(touched.pairs.length).toBeLessThanOrEqual(2 * 200);
});

test("affected() asks nothing when nothing changed", () => {
  const before = sampleOfDocument(meshOf(20));
  expect(affected(before.index, sampleOfDocument(meshOf(20)).index).pairs).toEqual([]);
});

type Compiled = Pick<Sample, "index" | "devices">;

function byPatch(before: Compiled, after: Compiled): unknown[] {
  const devices = new Map(before.devices.map((device) => [device.name, device]));
  const touched = affected(before.index, after.index);
  return [...recompile(devices, after.index, touched).values()];
}

/** The devices after a change, from those before it and the pairs that it touched. */
function recompile(
  devices: ReadonlyMap<Name, Device>,
  after: Index,
  { pairs, removed }: ReturnType<typeof affected>,
): Map<Name, Device> {
  const news = new Map<Name, Map<Name, Peer | undefined>>();
  for (const [self, other] of pairs) {
    const entries = remember(news, self, () => new Map());
    entries.set(other, pair(after, known(after, self), known(after, other)));
  }
  const compiled = new Map(
    after.members.map((member) => {
      const { name } = member.node;
      // Clients' are told by assemble: they are few, and known without asking anybody.
      const all = devices.get(name)?.peers ?? [];
      const kept = all.filter((peer) => after.byName.has(peer.name));
      const fresh = news.get(name) ?? new Map<Name, Peer | undefined>();
      const peers = kept.filter((peer) => !fresh.has(peer.name) && !removed.has(peer.name));
      for (const peer of fresh.values()) if (peer !== undefined) peers.push(peer);
      peers.sort((one, other) => (one.name < other.name ? -1 : 1));
      return [name, assemble(after, member, peers)] as const;
    }),
  );
  for (const entry of after.entries) {
    compiled.set(entry.name, assembleEntry(after, entry, compiled.get(entry.via)?.mtu));
  }
  return compiled;
}

function known(index: Index, name: Name): Member {
  const member = index.byName.get(name);
  if (member === undefined) throw new Error(`${name} is not in the mesh`);
  return member;
}

function meshOf(count: number): MeshDocument {
  const nodes = Array.from({ length: count }, (_, at) => {
    return [`n${at}`, { endpoint: `198.51.${at >> 8}.${at & 255}` }];
  });
  const network = { name: "large", addresses: ["10.66.0.0/16"] };
  return { network, nodes: Object.fromEntries(nodes) };
}

/** One of the edits that people make: a field, a node more, a node less, the network, all of it. */
function edited(document: MeshDocument, other: MeshDocument, kind: number): MeshDocument {
  const names = Object.keys(document.nodes);
  const [first = "", second = ""] = names;
  const {
    site: _site,
    lan: _lan,
    subnets: _subnets,
    ...fields
  } = Object.values(other.nodes)[0] ?? {};
  switch (kind) {
    case 0:
      return { ...document, nodes: { ...document.nodes, [first]: fields } };
    case 1:
      return { ...document, nodes: { ...document.nodes, "a-newcomer": fields } };
    case 2: {
      const { [second]: _gone, ...nodes } = document.nodes;
      return { ...document, nodes };
    }
    case 3:
      return {
        ...document,
        network: { ...other.network, addresses: document.network["addresses"] },
      };
    case 4:
      return { ...other, network: document.network };
    default:
      return document;
  }
}

function regionsOf(siteCount: number, nodeCount: number): MeshDocument {
  const sites = Array.from({ length: siteCount }, (_, at) => {
    const gateways = [`n${at}-0`];
    return [`s${at}`, { network: `172.16.${at}.0/24`, addresses: `10.66.${at}.0/24`, gateways }];
  });
  const nodes = sites.flatMap((_, at) =>
    Array.from({ length: nodeCount }, (__, of) => {
      const endpoint = of === 0 ? { endpoint: `198.51.100.${at}` } : {};
      return [`n${at}-${of}`, { site: `s${at}`, lan: `172.16.${at}.${of + 1}`, ...endpoint }];
    }),
  );
  const network = { name: "regions", addresses: ["10.66.0.0/16"] };
  return { network, sites: Object.fromEntries(sites), nodes: Object.fromEntries(nodes) };
}
