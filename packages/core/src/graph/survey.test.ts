/** Tests of what a drawing shows: kinds of links, who carries, what hangs where; held against the devices. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { readGraph } from "../../../../tools/oracle/graph.ts";
import { readTopology } from "../../../../tools/oracle/plans.contract.ts";
import { topologyDocuments } from "../../../../tools/random-topology.ts";
import { runs } from "../../../../tools/runs.ts";
import { sampleOf } from "../../../../tools/sample.ts";
import { compile } from "../plan/compile.ts";
import type { Picture } from "./picture.ts";
import { pictureOf } from "./survey.ts";

const OFFICE = `
network: { name: tiny, addresses: [10.0.0.0/24] }
sites: { office: { network: 192.168.1.0/24, gateways: [door] } }
links: [{ between: [door, far], costPerGiB: 0.8 }]
nodes:
  door: { site: office, lan: 192.168.1.1, endpoint: door.example }
  desk: { site: office, lan: 192.168.1.2 }
  far:  { endpoint: "203.0.113.1:443", subnets: [172.16.0.0/24] }
clients: { phone: { via: door } }
`;

test("pictureOf() shows nodes, what is behind them, and tunnels by kind", () => {
  expect(lines(pictureOf(sampleOf(OFFICE).index))).toMatchInlineSnapshot(`
    "name "tiny"
    counts {"tunnels":2,"carried":1,"apart":0}
    places {"name":"far","kind":"node","networks":[],"nodes":["far"]}
    places {"name":"office","kind":"site","networks":["192.168.1.0/24"],"nodes":["desk","door"]}
    nodes {"name":"desk","kind":"node","site":"office","addresses":["10.0.0.1"],"lan":"192.168.1.2","subnets":[]}
    nodes {"name":"door","kind":"gateway","site":"office","addresses":["10.0.0.2"],"endpoint":"door.example:51820","lan":"192.168.1.1","subnets":[]}
    nodes {"name":"far","kind":"node","addresses":["10.0.0.3"],"endpoint":"203.0.113.1:443","subnets":[{"prefix":"172.16.0.0/24","standsBy":false}]}
    clients {"name":"phone","via":"door","addresses":["10.0.0.4"]}
    links {"between":["desk","door"],"kind":"lan","carries":1}
    links {"between":["door","far"],"kind":"carrier","carries":1,"costPerGiB":0.8}"
  `);
});

test("pictureOf() has no link where the policy lets nobody talk, and counts the pairs", () => {
  const { links, counts } = picture(`${OFFICE}policy: [{ from: desk, to: door }]`);
  expect(links.map(({ between }) => between)).toEqual([["desk", "door"]]);
  expect(counts).toEqual({ tunnels: 1, carried: 0, apart: 2 });
});

test("pictureOf() names what a link of the document keeps apart", () => {
  const text = OFFICE.replace("costPerGiB: 0.8", "path: deny");
  const { links, denials } = picture(text);
  expect(denials).toEqual([["door", "far"]]);
  expect(links.map(({ between }) => between)).toEqual([["desk", "door"]]);
});

test("pictureOf() calls no link of a site lan where no LAN address is dialled", () => {
  const text = OFFICE.replaceAll(/, lan: [\d.]+/g, "");
  expect(picture(text).links.map(({ kind }) => kind)).toEqual(["carrier", "carrier"]);
});

test("pictureOf() says which of two owners stands by", () => {
  const { nodes } = picture(`
network: { name: two, addresses: [10.0.0.0/24] }
nodes:
  a: { endpoint: a.example, subnets: [{ prefix: 172.16.0.0/24, metric: 2 }] }
  b: { endpoint: b.example, subnets: [{ prefix: 172.16.0.0/24, metric: 1 }, 0.0.0.0/0] }
`);
  expect(nodes.map(({ subnets }) => subnets)).toEqual([
    [{ prefix: "172.16.0.0/24", standsBy: true }],
    [
      { prefix: "172.16.0.0/24", standsBy: false },
      { prefix: "0.0.0.0/0", standsBy: false },
    ],
  ]);
});

test("pictureOf() bundles from 16 nodes on, and gathers who has no site but for relays", () => {
  const nodes = Array.from({ length: 13 }, (_, at) => `  n${at}: { endpoint: 203.0.113.${at} }\n`);
  const hub = "  hub: { relay: true, endpoint: hub.example }\n";
  const small = picture(OFFICE.replace("clients:", `${nodes.slice(1).join("")}clients:`));
  expect(small.bundles).toEqual([]);
  expect(small.places.map(({ kind }) => kind)).toEqual([...Array(13).fill("node"), "site"]);
  const { places, bundles, links } = picture(
    OFFICE.replace("clients:", `${nodes.join("")}${hub}clients:`),
  );
  expect(places.map(({ name, nodes: own }) => [name, own.length])).toEqual([
    ["hub", 1],
    ["no site", 14],
    ["office", 2],
  ]);
  expect(bundles).toMatchInlineSnapshot(`
    [
      {
        "between": [
          "hub",
          "no site",
        ],
        "kind": "public",
        "links": 14,
      },
      {
        "between": [
          "no site",
          "no site",
        ],
        "kind": "public",
        "links": 91,
      },
      {
        "between": [
          "no site",
          "office",
        ],
        "kind": "carrier",
        "links": 14,
      },
    ]
  `);
  const bundled = bundles.reduce((sum, bundle) => sum + bundle.links, 0);
  expect(links.length - bundled).toBe(2);
});

test("pictureOf() has a link wherever two devices list each other, and nowhere else", () => {
  fc.assert(
    fc.property(topologyDocuments(9), (document) => {
      const index = readTopology(document)?.index;
      if (index === undefined) return;
      const nodes = new Set<string>(index.members.map(({ node }) => node.name));
      const listed = [...compile(index)]
        .filter(({ name }) => nodes.has(name))
        .flatMap(({ name, peers }) =>
          peers
            .filter((peer) => nodes.has(peer.name) && name < peer.name)
            .map((peer) => [name, peer.name]),
        );
      expect(pictureOf(index).links.map(({ between }) => between)).toEqual(listed);
    }),
    runs(100),
  );
});

test("pictureOf() counts what is carried as the shortest paths say", () => {
  fc.assert(
    fc.property(topologyDocuments(9), (document) => {
      const { policy: _, ...open } = document;
      const topology = readTopology(open);
      if (topology === undefined) return;
      const { index, mesh } = topology;
      const graph = readGraph(mesh);
      const names = mesh.nodes.map(({ name }) => name);
      const pairs = names.flatMap((one, at) =>
        names.slice(at + 1).map((other) => [one, other] as const),
      );
      const allowed = pairs.filter(([one, other]) => !graph.isDenied(one, other));
      const hops = allowed.map(([one, other]) => graph.best(one, other)?.hops ?? 0);
      const { counts, links } = pictureOf(index);
      expect(counts.carried).toBe(hops.filter((count) => count > 1).length);
      expect(counts.apart).toBe(pairs.length - hops.filter((count) => count > 0).length);
      const loads = links.reduce((sum, { carries }) => sum + carries, 0);
      expect(loads).toBe(hops.reduce((sum, count) => sum + (count > 1 ? count : 0), 0));
    }),
    runs(100),
  );
});

function picture(text: string): Picture {
  return pictureOf(sampleOf(text).index);
}

/** JSON, one line for each thing. */
function lines(shown: Picture): string {
  return Object.entries(shown)
    .flatMap(([key, value]) =>
      Array.isArray(value)
        ? value.map((each) => `${key} ${JSON.stringify(each)}`)
        : [`${key} ${JSON.stringify(value)}`],
    )
    .join("\n");
}
