/** Devices of whole meshes, and what must hold for any mesh. */
import { BlockList } from "node:net";
import { expect, test } from "vitest";
import fc from "fast-check";
import { printAddress, printEndpoint, printPrefix } from "../mod.ts";
import type { Device } from "../mod.ts";
import { meshDocuments } from "../../../../tools/random-mesh.ts";
import type { MeshDocument } from "../../../../tools/random-mesh.ts";
import { runs } from "../../../../tools/runs.ts";
import { sampleOf, sampleOfDocument } from "../../../../tools/sample.ts";

/** Devices in a few words: a line a device, a line a peer. */
function plan(text: string): string {
  return sampleOf(text).devices.map(printDevice).join("\n");
}

function printDevice({ name, addresses, mtu, peers, routes }: Device): string {
  const own = addresses.map(
    ({ address, length }) =>
      `${printPrefix({ ...address, length: address.family === 4 ? 32 : 128 }).split("/")[0]}/${length}`,
  );
  const lines = peers.map((peer) => {
    const endpoint = peer.endpoint === undefined ? "-" : printEndpoint(peer.endpoint);
    const keepalive = peer.keepaliveSeconds === undefined ? "" : ` every ${peer.keepaliveSeconds}`;
    return `  ${peer.name} ${peer.allowedIps.map(printPrefix).join(",")} ${endpoint}${keepalive}`;
  });
  const routed = routes.map(printPrefix).join(",");
  return [`${name} ${own.join(",")} mtu ${mtu} routes ${routed || "-"}`, ...lines].join("\n");
}

test("compile() gives two hosts each other", () => {
  expect(
    plan(`
      network: { name: two, addresses: [10.0.0.0/24] }
      nodes:
        a: { address: 10.0.0.1 }
        b: { address: 10.0.0.2, endpoint: "172.17.3.1:51820" }
    `),
  ).toMatchInlineSnapshot(`
    "a 10.0.0.1/24 mtu 1420 routes -
      b 10.0.0.2/32 172.17.3.1:51820 every 25
    b 10.0.0.2/24 mtu 1420 routes -
      a 10.0.0.1/32 -"
  `);
});

test("compile() puts each private network behind its owner on all others", () => {
  expect(
    plan(`
      network: { name: clouds, addresses: [10.0.0.0/24] }
      nodes:
        aws:    { address: 10.0.0.1, endpoint: aws.com,    subnets: [192.168.10.0/24] }
        azure:  { address: 10.0.0.2, endpoint: azure.com,  subnets: [192.168.20.0/24] }
        gcp:    { address: 10.0.0.3, endpoint: gcp.com,    subnets: [192.168.30.0/24] }
        aliyun: { address: 10.0.0.4, endpoint: aliyun.com, subnets: [192.168.40.0/24] }
    `),
  ).toMatchInlineSnapshot(`
    "aliyun 10.0.0.4/24 mtu 1420 routes 192.168.10.0/24,192.168.20.0/24,192.168.30.0/24
      aws 10.0.0.1/32,192.168.10.0/24 aws.com:51820
      azure 10.0.0.2/32,192.168.20.0/24 azure.com:51820
      gcp 10.0.0.3/32,192.168.30.0/24 gcp.com:51820
    aws 10.0.0.1/24 mtu 1420 routes 192.168.20.0/24,192.168.30.0/24,192.168.40.0/24
      aliyun 10.0.0.4/32,192.168.40.0/24 aliyun.com:51820
      azure 10.0.0.2/32,192.168.20.0/24 azure.com:51820
      gcp 10.0.0.3/32,192.168.30.0/24 gcp.com:51820
    azure 10.0.0.2/24 mtu 1420 routes 192.168.10.0/24,192.168.30.0/24,192.168.40.0/24
      aliyun 10.0.0.4/32,192.168.40.0/24 aliyun.com:51820
      aws 10.0.0.1/32,192.168.10.0/24 aws.com:51820
      gcp 10.0.0.3/32,192.168.30.0/24 gcp.com:51820
    gcp 10.0.0.3/24 mtu 1420 routes 192.168.10.0/24,192.168.20.0/24,192.168.40.0/24
      aliyun 10.0.0.4/32,192.168.40.0/24 aliyun.com:51820
      aws 10.0.0.1/32,192.168.10.0/24 aws.com:51820
      azure 10.0.0.2/32,192.168.20.0/24 azure.com:51820"
  `);
});

test("compile() dials LAN addresses inside a site and public ones outside", () => {
  expect(
    plan(`
      network: { name: s, addresses: [10.66.0.0/16] }
      sites:
        home: { network: 192.168.1.0/24 }
      nodes:
        nas:    { site: home, lan: 192.168.1.10, listenPort: 4000, subnets: [192.168.1.0/24] }
        tv:     { site: home, lan: 192.168.1.11 }
        server: { endpoint: "203.0.113.1:443" }
    `),
  ).toMatchInlineSnapshot(`
    "nas 10.66.0.1/16 mtu 1420 routes -
      server 10.66.0.2/32 203.0.113.1:443 every 25
      tv 10.66.0.3/32 192.168.1.11:51820
    server 10.66.0.2/16 mtu 1420 routes 192.168.1.0/24
      nas 10.66.0.1/32,192.168.1.0/24 -
      tv 10.66.0.3/32 -
    tv 10.66.0.3/16 mtu 1420 routes -
      nas 10.66.0.1/32 192.168.1.10:4000
      server 10.66.0.2/32 203.0.113.1:443 every 25"
  `);
});

test("compile() sends keepalives only where nobody can dial back", () => {
  const { devices } = sampleOf(`
    network: { name: k, addresses: [10.66.0.0/16], keepalive: 20 }
    nodes:
      server: { endpoint: 203.0.113.1 }
      laptop: {}
      quiet:  { keepalive: 0 }
  `);
  const sent = devices.map(({ name, peers }) => [name, peers.map((peer) => peer.keepaliveSeconds)]);
  expect(sent).toEqual([
    ["laptop", [20]],
    ["quiet", [undefined]],
    ["server", [undefined, undefined]],
  ]);
});

test("compile() takes the least MTU over the hops, and a fixed one as it is", () => {
  const { devices } = sampleOf(`
    network: { name: m, addresses: [10.66.0.0/16] }
    sites:
      jumbo: { underlayMtu: 9000 }
    nodes:
      gcp:   { endpoint: 203.0.113.1, underlayMtu: 1460 }
      big:   { endpoint: 203.0.113.2, site: jumbo }
      fixed: { endpoint: 203.0.113.3, mtu: 1280 }
      nat:   {}
  `);
  expect(devices.map(({ name, mtu }) => `${name} ${mtu}`)).toEqual([
    "big 1380",
    "fixed 1280",
    "gcp 1380",
    "nat 1380",
  ]);
});

test("compile() gives every node an address of each family", () => {
  expect(
    plan(`
      network: { name: d, addresses: [10.66.0.0/30, "fd00:66::/64"] }
      nodes:
        a: { endpoint: "2001:db8::1", address: "fd00:66::a" }
        b: { endpoint: "[2001:db8::2]:443", subnets: ["fd00:99::/64"] }
    `),
  ).toMatchInlineSnapshot(`
    "a 10.66.0.1/30,fd00:66::a/64 mtu 1420 routes fd00:99::/64
      b 10.66.0.2/32,fd00:66::1/128,fd00:99::/64 [2001:db8::2]:443
    b 10.66.0.2/30,fd00:66::1/64 mtu 1420 routes -
      a 10.66.0.1/32,fd00:66::a/128 [2001:db8::1]:51820"
  `);
});

test("compile() gives each pair a preshared key of its own, the same on both ends", () => {
  fc.assert(
    fc.property(meshDocuments(8), (document) => {
      const { devices } = sampleOfDocument(document);
      const entries = devices.flatMap(({ name, peers }) =>
        peers.map((peer) => ({
          pair: [name, peer.name].toSorted().join(" "),
          id: JSON.stringify(peer.presharedKeyId),
        })),
      );
      const byPair = Map.groupBy(entries, ({ pair }) => pair);
      const isWanted = document.network["presharedKeys"] !== false;
      for (const [one, other] of byPair.values()) expect(one?.id).toBe(other?.id);
      const ids = new Set(entries.map(({ id }) => id).filter((id) => id !== undefined));
      expect(ids.size).toBe(isWanted ? byPair.size : 0);
    }),
    runs(80, 200),
  );
});

test("compile() does not depend on the order of the document", () => {
  fc.assert(
    fc.property(meshDocuments(8), fc.infiniteStream(fc.nat()), (document, numbers) => {
      const shuffled = (value: unknown): unknown => {
        if (Array.isArray(value) || typeof value !== "object" || value === null) return value;
        const entries = Object.entries(value).map(([key, each]) => [key, shuffled(each)] as const);
        const keyed = entries.map((entry) => [numbers.next().value ?? 0, entry] as const);
        return Object.fromEntries(keyed.toSorted(([a], [b]) => a - b).map(([, entry]) => entry));
      };
      const again = sampleOfDocument(shuffled(document));
      expect(again.devices).toEqual(sampleOfDocument(document).devices);
    }),
    runs(80, 200),
  );
});

test("compile() keeps everybody's address and preshared key when nodes come and go", () => {
  fc.assert(
    fc.property(meshDocuments(8), meshDocuments(8), fc.nat(7), (document, other, removed) => {
      const before = sampleOfDocument(document);
      const names = Object.keys(document.nodes);
      const gone = names[removed % names.length];
      const kept = Object.entries(document.nodes).filter(([name]) => name !== gone);
      // A newcomer brings its name, which may sort first, and nothing that is taken.
      const added = Object.keys(other.nodes).map((name) => [`${name}0`, {}] as const);
      const nodes = Object.fromEntries([...added, ...kept]);
      const after = sampleOfDocument({ ...document, nodes }, before.lock);
      for (const [name] of kept) {
        const old = before.devices.find((device) => device.name === name);
        const now = after.devices.find((device) => device.name === name);
        expect(now?.addresses).toEqual(old?.addresses);
        const others = old?.peers.filter((peer) => peer.name !== gone) ?? [];
        for (const { name: other, presharedKeyId } of others) {
          const same = now?.peers.find((each) => each.name === other);
          expect(same?.presharedKeyId).toEqual(presharedKeyId);
        }
      }
    }),
    runs(80, 200),
  );
});

test("compile() sends every address to its owner alone, judged by node's own block lists", () => {
  fc.assert(
    fc.property(meshDocuments(8), (document) => {
      const { devices } = sampleOfDocument(document);
      const tables = new Map(devices.map((device) => [device.name as string, tableOf(device)]));
      for (const [source, target] of orderedPairs(devices)) {
        const isMet = canMeet(document, source.name, target.name);
        for (const address of targetsOf(document, target)) {
          expect(takers(tables.get(source.name), address)).toEqual(isMet ? [target.name] : []);
        }
      }
    }),
    runs(50, 100),
  );
});

type Table = ReadonlyMap<string, BlockList>;

/** Peer → what it is sent, in a matcher that has nothing of ours. */
function tableOf({ peers }: Device): Table {
  return new Map(
    peers.map(({ name, allowedIps }) => {
      const list = new BlockList();
      for (const prefix of allowedIps) {
        const [address = "", length] = printPrefix(prefix).split("/");
        list.addSubnet(address, Number(length), prefix.family === 4 ? "ipv4" : "ipv6");
      }
      return [name, list];
    }),
  );
}

function takers(table: Table | undefined, address: string): readonly string[] {
  const family = address.includes(":") ? "ipv6" : "ipv4";
  return [...(table ?? [])].filter(([, list]) => list.check(address, family)).map(([name]) => name);
}

function orderedPairs(devices: readonly Device[]): (readonly [Device, Device])[] {
  return devices.flatMap((source) =>
    devices.filter((target) => target !== source).map((target) => [source, target] as const),
  );
}

/** By the document: somebody has an endpoint, or both are in one site and somebody has a LAN address. */
function canMeet({ nodes }: MeshDocument, one: string, other: string): boolean {
  const ends = [nodes[one], nodes[other]];
  const isOneSite = ends[0]?.["site"] !== undefined && ends[0]["site"] === ends[1]?.["site"];
  return ends.some((end) => end?.["endpoint"] !== undefined || (isOneSite && "lan" in (end ?? {})));
}

/** The target's own addresses, and the first address of each range behind it. */
function targetsOf({ nodes }: MeshDocument, target: Device): readonly string[] {
  const own = target.addresses.map(({ address }) => printAddress(address));
  const subnets = (nodes[target.name]?.["subnets"] ?? []) as readonly (
    | string
    | { prefix: string }
  )[];
  const ranges = subnets.map((subnet) => (typeof subnet === "string" ? subnet : subnet.prefix));
  return [...own, ...ranges.map((range) => range.split("/")[0] ?? "")];
}
