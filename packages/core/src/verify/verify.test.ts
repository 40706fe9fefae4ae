/** What the proof finds: one defect planted for each check. */
import { expect, test } from "vitest";
import fc from "fast-check";
import { Diagnostics, parsePrefix, Problem, verify } from "../mod.ts";
import type { Device, Peer, Prefix } from "../mod.ts";
import { meshDocuments } from "../../../../tools/random-mesh.ts";
import { runs } from "../../../../tools/runs.ts";
import {
  check,
  printDiagnostics,
  sampleKey,
  sampleOf,
  sampleOfDocument,
} from "../../../../tools/sample.ts";

const CLOUDS = `
  network: { name: clouds, addresses: [10.0.0.0/24] }
  nodes:
    a: { endpoint: 203.0.113.1, subnets: [192.168.1.0/24] }
    b: { endpoint: 203.0.113.2, subnets: [192.168.2.0/24], local: [172.17.0.0/16] }
    c: {}
`;

/** What the proof says when one device of the sample is not as compiled. */
function broken(name: string, change: (device: Device) => Device): string {
  const { mesh, lock, devices } = sampleOf(CLOUDS);
  const diagnostics = new Diagnostics();
  const changed = devices.map((device) => (device.name === name ? change(device) : device));
  verify(mesh, lock, changed, diagnostics);
  return printDiagnostics(diagnostics);
}

function withPeer(device: Device, name: string, change: (peer: Peer) => Peer): Device {
  return {
    ...device,
    peers: device.peers.map((peer) => (peer.name === name ? change(peer) : peer)),
  };
}

function withIps(device: Device, name: string, ...extra: readonly string[]): Device {
  return withPeer(device, name, (peer) => ({
    ...peer,
    allowedIps: [...peer.allowedIps, ...extra.map(prefix)],
  }));
}

test("verify() finds nothing wrong with what was compiled, over random meshes", () => {
  fc.assert(
    fc.property(meshDocuments(8), (document) => {
      const { diagnostics, proof, devices } = sampleOfDocument(document);
      const codes = new Set(diagnostics.list.map(({ code }) => code));
      for (const said of [
        "node-isolated",
        "nobody-dials",
        "keepalive-missing",
        "mtu-too-large",
        "routes-by-hand",
      ]) {
        codes.delete(said);
      }
      expect([...codes]).toEqual([]);
      const tunnels = devices.reduce((count, { peers }) => count + peers.length, 0);
      expect(proof.paths).toBe(tunnels);
      expect(proof.tunnels).toBe(tunnels / 2);
    }),
    runs(120, 300),
  );
});

test("verify() counts nodes, tunnels and paths", () => {
  expect(sampleOf(CLOUDS).proof).toEqual({
    nodes: 3,
    clients: 0,
    tunnels: 3,
    promised: 6,
    paths: 6,
    apart: 0,
  });
});

test("verify() finds a prefix on two peers", () => {
  expect(broken("c", (device) => withIps(device, "a", "192.168.2.0/24"))).toContain(
    'error prefix-on-two-peers nodes.c: c would send 192.168.2.0/24 to both "a" and "b"',
  );
});

test("verify() finds a prefix that nobody owns", () => {
  expect(broken("c", (device) => withIps(device, "a", "10.0.0.128/25"))).toContain(
    "error prefix-unowned nodes.c",
  );
});

test("verify() finds a narrower prefix that draws part of a subnet to another peer", () => {
  const text = broken("c", (device) => withIps(device, "a", "192.168.2.128/25"));
  expect(text).toMatch(/error path-(asymmetric|missing|loops) /);
});

test.each([
  ["its own address", "10.0.0.2/32"],
  ["its own subnet", "192.168.2.0/25"],
  ["a range local to it", "172.17.3.0/24"],
])("verify() finds that a device would tunnel %s", (_what, entry) => {
  const text = broken("b", (device) => {
    const routes = [...device.routes, prefix(entry)];
    return { ...withIps(device, "a", entry), routes };
  });
  expect(text).toContain("error own-prefix-on-peer nodes.b: b would send its own");
  expect(text).toContain(`into the tunnel to "a" (${entry})`);
});

test("verify() finds an endpoint inside a subnet, and inside the mesh's own range", () => {
  const mesh = (endpoint: string): string => `
    network: { name: n, addresses: [10.0.0.0/24] }
    nodes:
      a: { endpoint: a.example, subnets: [192.168.1.0/24] }
      b: { endpoint: ${endpoint} }
      c: {}
  `;
  expect(check(mesh("192.168.1.7"))).toContain(
    'error endpoint-captured nodes.b.endpoint: the endpoint 192.168.1.7 of "b" lies inside 192.168.1.0/24',
  );
  expect(check(mesh("10.0.0.77"))).toContain("lies inside 10.0.0.0/24");
  expect(check(mesh("192.168.2.7"))).toBe("");
});

test("verify() finds a LAN address that a neighbour's subnet would draw into the tunnel", () => {
  const mesh = (site: string): string => `
    network: { name: n, addresses: [10.0.0.0/24] }
    sites: { home: ${site} }
    nodes:
      nas: { site: home, lan: 192.168.1.2, subnets: [192.168.1.0/24] }
      tv:  { site: home, lan: 192.168.1.3 }
  `;
  expect(check(mesh("{}"))).toContain(
    'error own-prefix-on-peer nodes.tv: tv would send its own 192.168.1.3/32 into the tunnel to "nas" (192.168.1.0/24)',
  );
  expect(check(mesh("{ network: 192.168.1.0/24 }"))).toBe("");
});

test("verify() finds a reply that goes another way", () => {
  const text = broken("a", (device) => {
    const less = withPeer(device, "c", (peer) => ({ ...peer, allowedIps: [] }));
    return withIps(less, "b", "10.0.0.3/32");
  });
  expect(text).toContain("error path-asymmetric nodes.c: packets from c to a arrive at a from c");
});

test("verify() finds a loop", () => {
  const { mesh, lock, devices } = sampleOf(
    CLOUDS.replaceAll("{ endpoint", "{ relay: true, endpoint"),
  );
  const diagnostics = new Diagnostics();
  const own = ["10.0.0.1/32", "192.168.1.0/24"];
  // a hands what is for c to b, which hands it back; and a takes its own packets from b.
  const turned = devices.map((device) => {
    const [other, extra] = device.name === "a" ? ["b", own] : ["a", own];
    if (device.name === "c") return device;
    const peer = {
      ...peerOf(device, other),
      allowedIps: ips("10.0.0.2/32", "10.0.0.3/32", ...extra),
    };
    return { ...device, routes: ips("192.168.1.0/24"), peers: [peer] };
  });
  verify(mesh, lock, turned, diagnostics);
  expect(printDiagnostics(diagnostics)).toContain(
    "error path-loops nodes.a: packets from a to c come back to",
  );
});

test("verify() finds a packet that nobody passes on", () => {
  // a hands what is for c to b, which carries for nobody.
  const { mesh, lock, devices } = sampleOf(CLOUDS);
  const diagnostics = new Diagnostics();
  const turned = devices.map((device) => {
    if (device.name === "a") return withIps(withoutPeer(device, "c"), "b", "10.0.0.3/32");
    return device.name === "c" ? withIps(withoutPeer(device, "a"), "b", "10.0.0.1/32") : device;
  });
  verify(mesh, lock, turned, diagnostics);
  expect(printDiagnostics(diagnostics)).toContain(
    "error path-missing nodes.a: packets from a to c have no tunnel at b",
  );
});

function withoutPeer(device: Device, name: string): Device {
  return { ...device, peers: device.peers.filter((peer) => peer.name !== name) };
}

test("verify() finds a route that is missing, although the peer has the prefix", () => {
  expect(broken("c", (device) => ({ ...device, routes: [] }))).toContain(
    "error path-missing nodes.c: packets from c to a have no tunnel at c",
  );
});

test("verify() finds a device that does not forward to its subnet", () => {
  expect(broken("a", (device) => ({ ...device, subnets: [] }))).toContain(
    "error forwarding-off nodes.a: a must forward to 192.168.1.0/24",
  );
});

test("verify() finds a pair that nobody starts, and one without the keepalive it needs", () => {
  expect(broken("c", (device) => withPeer(device, "a", withoutEndpoint))).toContain(
    'error cannot-start nodes.a: neither a nor "c" knows an endpoint of the other',
  );
  expect(broken("c", (device) => withPeer(device, "a", withoutKeepalive))).toContain(
    'warning keepalive-missing nodes.c: "a" cannot dial c back',
  );
});

test("verify() finds that unknown addresses of the mesh would leak", () => {
  const text = broken("c", (device) => ({
    ...device,
    addresses: device.addresses.map((each) => ({ ...each, length: 32 })),
    routes: [...device.routes, ...ips("10.0.0.1/32", "10.0.0.2/32")],
  }));
  expect(text).toBe(
    "error range-leaks nodes.c: on c unknown addresses of 10.0.0.0/24 would leave by the default route",
  );
});

test("verify() finds an MTU that a path does not hold, and one too small for IPv6", () => {
  expect(
    check(`
      network: { name: n, addresses: [10.0.0.0/24], mtu: 1420 }
      nodes: { a: { endpoint: a.example }, gcp: { endpoint: gcp.example, underlayMtu: 1460 } }
    `),
  ).toContain(
    'warning mtu-too-large nodes.a.mtu: a has an MTU of 1420, but the path to "gcp" holds 1380',
  );
  expect(
    check(`
      network: { name: n, addresses: ["fd00::/64"], underlayMtu: 1300 }
      nodes: { a: { endpoint: a.example } }
    `),
  ).toContain("error mtu-below-ipv6 nodes.a");
});

test("verify() finds preshared keys that differ, or are another pair's", () => {
  const rotated = (peer: Peer): Peer => ({
    ...peer,
    presharedKeyId: { ...idOf(peer), epoch: 1 },
  });
  expect(broken("a", (device) => withPeer(device, "b", rotated))).toContain(
    'error preshared-key-differs nodes.a: a and "b" hold different preshared keys',
  );
  const foreign = (device: Device): Device =>
    withPeer(device, "b", (peer) => ({ ...peer, presharedKeyId: idOf(peerOf(device, "c")) }));
  expect(broken("a", foreign)).toContain("error preshared-key-foreign nodes.a");
  const absent = ({ presharedKeyId: _, ...peer }: Peer): Peer => peer;
  expect(broken("a", (device) => withPeer(device, "b", absent))).toContain("preshared-key-differs");
});

test("verify() finds a peer known by a foreign key, and one that is listed on one side only", () => {
  const foreign = (peer: Peer): Peer => ({ ...peer, publicKey: sampleKey("somebody") });
  expect(broken("a", (device) => withPeer(device, "b", foreign))).toContain(
    'error public-key-differs nodes.a: a knows "b" by a public key that is not its own',
  );
  const text = broken("a", (device) => ({
    ...device,
    peers: device.peers.filter(({ name }) => name !== "b"),
  }));
  expect(text).toContain('error peer-one-sided nodes.b: b lists "a" as a peer');
});

test.each([
  ["public key", (device: Device): Device => ({ ...device, publicKey: sampleKey("nobody") })],
  ["listen port", (device: Device): Device => ({ ...device, listenPort: 1 })],
  ["addresses", (device: Device): Device => ({ ...device, addresses: [] })],
  [
    "use of preshared keys",
    (device: Device): Device => ({
      ...device,
      peers: device.peers.map(({ presharedKeyId: _, ...peer }) => peer),
    }),
  ],
])("verify() finds a device with another %s than the mesh says", (what, change) => {
  expect(broken("a", change)).toContain(
    `error device-differs nodes.a: the device of a has another ${what} than the mesh says`,
  );
});

test("verify() finds a peer that is dialled elsewhere, and one that is listed twice", () => {
  const moved = (peer: Peer): Peer => ({
    ...peer,
    endpoint: { ...peer.endpoint, port: 1 } as never,
  });
  expect(broken("a", (device) => withPeer(device, "b", moved))).toContain(
    "error endpoint-differs nodes.a",
  );
  const twice = (device: Device): Device => ({
    ...device,
    peers: [...device.peers, ...device.peers.slice(0, 1)],
  });
  expect(broken("a", twice)).toContain("error peer-twice nodes.a");
});

test("verify() finds a subnet that is no longer masqueraded", () => {
  const text = broken("a", (device) => ({
    ...device,
    subnets: device.subnets.map((subnet) => ({ ...subnet, masquerade: false })),
  }));
  expect(text).toContain("error forwarding-off nodes.a");
});

test("verify() finds a node's own endpoint inside the subnet of its only peer", () => {
  expect(
    check(`
      network: { name: n, addresses: [10.0.0.0/24] }
      nodes:
        a: { endpoint: 203.0.113.5 }
        b: { subnets: [203.0.113.0/24] }
    `),
  ).toContain("error own-prefix-on-peer nodes.a: a would send its own 203.0.113.5/32");
});

test("verify() finds an endpoint in a range of the mesh that has no address on it", () => {
  expect(
    check(`
      network: { name: n, addresses: [10.0.0.0/24, 10.1.0.0/24] }
      nodes: { a: {}, b: { endpoint: 10.1.0.200 } }
    `),
  ).toContain("lies inside 10.1.0.0/24");
});

test("verify() warns of a routing table that is somebody else's", () => {
  expect(
    check(`
      network: { name: n, addresses: [10.0.0.0/24] }
      nodes: { a: { table: "off" }, b: { endpoint: b.example, subnets: [192.168.1.0/24] } }
    `),
  ).toContain("warning routes-by-hand nodes.a.table");
});

test("verify() names both ends of a pair that nobody can dial, and a node that reaches nobody", () => {
  expect(
    check(`
      network: { name: n, addresses: [10.0.0.0/24] }
      nodes: { laptop: {}, phone: {}, server: { endpoint: server.example } }
    `),
  ).toBe(
    'warning nobody-dials nodes.laptop: laptop cannot reach "phone": neither side can be dialled',
  );
  expect(
    check(`
      network: { name: n, addresses: [10.0.0.0/24] }
      sites: { home: {} }
      nodes:
        laptop: {}
        nas: { site: home, lan: 192.168.1.2 }
        tv: { site: home, lan: 192.168.1.3 }
    `),
  ).toContain("error node-isolated nodes.laptop: laptop can reach nobody");
});

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed instanceof Problem) throw new Error(String(parsed));
  return parsed;
}

function ips(...texts: readonly string[]): Prefix[] {
  return texts.map(prefix);
}

function peerOf(device: Device, name: string): Peer {
  const peer = device.peers.find((each) => each.name === name);
  if (peer === undefined) throw new Error(`${device.name} has no peer ${name}`);
  return peer;
}

function idOf({ presharedKeyId }: Peer): NonNullable<Peer["presharedKeyId"]> {
  if (presharedKeyId === undefined) throw new Error("there is no preshared key");
  return presharedKeyId;
}

function withoutEndpoint({ endpoint: _, ...peer }: Peer): Peer {
  return peer;
}

function withoutKeepalive({ keepaliveSeconds: _, ...peer }: Peer): Peer {
  return peer;
}
