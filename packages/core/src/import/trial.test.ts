/** Whatever files say, what is made of them holds, and is what they say or is named. */
import { expect, test } from "vitest";
import fc from "fast-check";
import { parsePrefix, printText, Problem } from "../mod.ts";
import type { ForeignDevice, Name, Prefix } from "../mod.ts";
import type { ForeignPeer, Placed } from "../read/foreign.ts";
import { compilePlan } from "../../../../tools/oracle/plans.contract.ts";
import { topologyDocuments } from "../../../../tools/random-topology.ts";
import { sampleKey } from "../../../../tools/sample.ts";
import { runs } from "../../../../tools/runs.ts";
import { withoutIdleSites } from "./document.ts";
import type { MeshDocument } from "./document.ts";
import { devicesOf, foreignFolder, imported } from "./round-trip.contract.ts";
import { settle } from "./trial.ts";

interface Damage {
  readonly device: number;
  readonly peer: number;
  readonly peerKind: (typeof PEER_KINDS)[number] | undefined;
  readonly kind: (typeof DEVICE_KINDS)[number] | undefined;
  readonly prefix: string;
}

const PEER_KINDS = [
  "no peer",
  "one more range",
  "other ranges",
  "no ranges",
  "no endpoint",
  "endpoint",
] as const;

const DEVICE_KINDS = [
  "no device",
  "other address",
  "no address",
  "host address",
  "no key",
  "name",
  "mtu",
  "table",
  "dns",
] as const;

const PREFIXES = [
  "10.66.0.0/16",
  "10.66.0.7/32",
  "10.0.0.0/8",
  "192.168.1.0/24",
  "192.168.0.0/16",
  "172.16.0.0/12",
  "203.0.113.0/24",
  "203.0.113.2/32",
  "224.0.0.0/4",
  "127.0.0.1/32",
  "0.0.0.0/0",
  "128.0.0.0/1",
  "::/0",
  "fd66::/64",
  "fe80::/64",
] as const;

function damages(): fc.Arbitrary<Damage> {
  return fc.record({
    device: fc.nat(99),
    peer: fc.nat(99),
    peerKind: fc.constantFrom(undefined, ...PEER_KINDS),
    kind: fc.constantFrom(undefined, ...DEVICE_KINDS),
    prefix: fc.constantFrom(...PREFIXES),
  });
}

function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix instanceof Problem) throw new Error(String(prefix));
  return prefix;
}

function damaged(devices: readonly ForeignDevice[], damage: Damage): readonly ForeignDevice[] {
  const at = damage.device % Math.max(1, devices.length);
  const device = devices[at];
  if (device === undefined || (damage.kind === "no device" && devices.length === 1)) return devices;
  if (damage.kind === "no device") return devices.filter((each) => each !== device);
  return devices.with(at, {
    ...damagedDevice(device, damage),
    peers: damagedPeers(device, damage),
  });
}

function damagedDevice(device: ForeignDevice, { kind, prefix: text }: Damage): ForeignDevice {
  const prefix = prefixOf(text);
  const { place } = device;
  const { publicKey: _, addresses, ...rest } = device;
  switch (kind) {
    case "other address": {
      const address = { family: prefix.family, bits: prefix.bits + 9n };
      return { ...device, addresses: [{ value: { address, length: prefix.length }, place }] };
    }
    case "no address":
      return { ...device, addresses: [] };
    case "host address": {
      const bare = addresses.map(({ value }) => ({
        value: { ...value, length: value.address.family === 4 ? 32 : 128 },
        place,
      }));
      return { ...device, addresses: bare };
    }
    case "no key":
      return { ...rest, addresses };
    case "name":
      return { ...device, name: prefix.length > 20 ? "hosts" : "Ä b/.." };
    case "mtu":
      return { ...device, mtu: { value: prefix.length * 100, place } };
    case "table":
      return { ...device, table: { value: prefix.length > 20 ? "vpn" : "off", place } };
    case "dns":
      return { ...device, dns: [{ value: "Ä.example", place }] };
    case "no device":
    case undefined:
      return device;
  }
}

function damagedPeers(
  { peers, place }: ForeignDevice,
  { peerKind, peer: number, prefix: text }: Damage,
): readonly ForeignPeer[] {
  const at = number % Math.max(1, peers.length);
  const peer = peers[at];
  if (peer === undefined) return peers;
  const range: Placed<Prefix> = { value: prefixOf(text), place };
  const { endpoint: _, ...undialled } = peer;
  switch (peerKind) {
    case "no peer":
      return peers.filter((each) => each !== peer);
    case "one more range":
      return peers.with(at, { ...peer, allowedIps: [...peer.allowedIps, range] });
    case "other ranges":
      return peers.with(at, { ...peer, allowedIps: [range] });
    case "no ranges":
      return peers.with(at, { ...peer, allowedIps: [] });
    case "no endpoint":
      return peers.with(at, undialled);
    case "endpoint": {
      const host = { family: range.value.family, bits: range.value.bits + 5n };
      return peers.with(at, { ...peer, endpoint: { value: { host, port: 51820 }, place } });
    }
    case undefined:
      return peers;
  }
}

/** What goes to whom by the longest prefix, asked at each edge of all lists. */
function routesOf(
  peers: readonly { readonly key: string; readonly ranges: readonly Prefix[] }[],
  edges: readonly Prefix[],
): readonly string[] {
  const lists = peers.flatMap(({ key, ranges }) => ranges.map((range) => ({ key, range })));
  return edges.flatMap(({ family, bits, length }) => {
    const size = 1n << BigInt((family === 4 ? 32 : 128) - length);
    return [bits, bits + size].map((place) => {
      let best: { key: string; range: Prefix } | undefined;
      for (const each of lists) {
        const hostBits = BigInt((family === 4 ? 32 : 128) - each.range.length);
        const isIn =
          each.range.family === family && each.range.bits >> hostBits === place >> hostBits;
        // Of one prefix at two peers the later has it.
        if (isIn && each.range.length >= (best?.range.length ?? 0)) best = each;
      }
      return best?.key ?? "nobody";
    });
  });
}

test("settle() says once that somebody is gone, and not of all who refer to it", () => {
  const place = { file: "c.conf", line: 1, column: 1 };
  const document: MeshDocument = {
    network: { name: "n", addresses: ["10.0.0.0/24"] },
    sites: {},
    nodes: { a: { endpoint: "a.example" }, c: { exit: "b" } },
    links: [{ between: ["a", "b"], path: "deny" }],
    clients: { phone: { via: "b" } },
  };
  const keys = new Map(["a", "c"].map((name) => [name as Name, sampleKey(name)]));
  const { findings, ...settled } = settle(document, { keys, placeOf: () => place });
  expect(findings.map(({ message }) => printText(message))).toMatchInlineSnapshot(`
    [
      "clients.phone is left out: clients.phone.via[0]: there is no node "b"",
    ]
  `);
  expect(settled.document.nodes["c"]).toEqual({});
});

test("settle() does without a lan address inside the tunnel, and not without its node", () => {
  const place = { file: "b.conf", line: 1, column: 1 };
  const node = { site: "s", lan: "10.66.0.9" };
  const document: MeshDocument = {
    network: { name: "n", addresses: ["10.66.0.0/16"] },
    sites: { s: {} },
    nodes: { a: { endpoint: "a.example", site: "s" }, b: node },
    links: [],
    clients: {},
  };
  const keys = new Map(["a", "b"].map((name) => [name as Name, sampleKey(name)]));
  const { findings, ...settled } = settle(document, { keys, placeOf: () => place });
  expect(findings.map(({ message }) => printText(message))).toMatchInlineSnapshot(`
    [
      "nodes.b.lan is left out: the endpoint 10.66.0.9 of "b" lies inside 10.66.0.0/16, which goes into the tunnel: it would swallow itself",
    ]
  `);
  expect(settled.document.nodes["b"]).toEqual({ site: "s" });
  const idle = withoutIdleSites(settled.document);
  expect([idle.sites, idle.nodes["b"]]).toEqual([{}, {}]);
});

test("importMesh() makes of damaged files a mesh that holds, and that does what they say or names the file", () => {
  fc.assert(
    fc.property(topologyDocuments(6), fc.array(damages(), { maxLength: 6 }), (document, list) => {
      const plan = compilePlan(document);
      if (plan === undefined) return;
      const foreign = list.reduce(damaged, foreignFolder(plan.devices));
      if (foreign.every(({ publicKey }) => publicKey === undefined)) return;
      const made = imported(foreign);
      const now = new Map(devicesOf(made).map((device) => [device.publicKey, device]));
      const named = new Set(made.findings.map(({ file }) => file));
      for (const { publicKey, place, peers } of foreign) {
        const device = now.get(publicKey?.value as never);
        if (publicKey === undefined || named.has(place.file)) continue;
        const before = peers.map((peer) => {
          return { key: peer.publicKey.value, ranges: peer.allowedIps.map(({ value }) => value) };
        });
        const after = (device?.peers ?? []).map((peer) => {
          return { key: peer.publicKey, ranges: peer.allowedIps };
        });
        const edges = [...before, ...after].flatMap(({ ranges }) => ranges);
        expect(routesOf(after, edges)).toEqual(routesOf(before, edges));
      }
    }),
    runs(25, 50),
  );
});
