/** What the proof finds in meshes whose packets take several hops: one defect planted for each check. */
import { expect, test } from "vitest";
import { Diagnostics, parsePrefix, Problem, verify } from "../mod.ts";
import type { Device, Peer, Prefix } from "../mod.ts";
import { check, printDiagnostics, sampleOf } from "../../../../tools/sample.ts";

/** Two sites behind gateways, a node of neither that one of them may not talk to, and an exit. */
const REGIONS = `
  network: { name: t, addresses: [10.66.0.0/16] }
  sites:
    east: { network: 172.16.1.0/24, addresses: 10.66.1.0/24, gateways: [e1], reach: [172.16.0.0/12] }
    west: { network: 172.16.2.0/24, addresses: 10.66.2.0/24, gateways: [w1], reach: [10.9.0.0/16] }
  links:
    - { between: [west, lone], path: deny }
  nodes:
    e1: { site: east, lan: 172.16.1.1, endpoint: 203.0.113.1, subnets: [0.0.0.0/0] }
    e2: { site: east, lan: 172.16.1.2, exit: e1 }
    w1: { site: west, lan: 172.16.2.1, endpoint: 203.0.113.2, subnets: [172.16.2.0/24] }
    w2: { site: west, lan: 172.16.2.2 }
    lone: { endpoint: 203.0.113.3 }
`;

/** What the proof says when one peer of one device is not as compiled; undefined takes it away. */
function broken(self: string, other: string, change: (peer: Peer) => Peer | undefined): string {
  const { mesh, lock, devices } = sampleOf(REGIONS);
  const diagnostics = new Diagnostics();
  const changed = devices.map((device): Device => {
    if (device.name !== self) return device;
    const peers = device.peers.flatMap((peer) =>
      peer.name === other ? (change(peer) ?? []) : peer,
    );
    return { ...device, peers };
  });
  verify(mesh, lock, changed, diagnostics);
  return printDiagnostics(diagnostics);
}

function withIps(...texts: readonly string[]): (peer: Peer) => Peer {
  return (peer) => ({ ...peer, allowedIps: [...peer.allowedIps, ...texts.map(prefix)] });
}

function withoutIp(text: string): (peer: Peer) => Peer {
  const { bits, length } = prefix(text);
  return (peer) => ({
    ...peer,
    allowedIps: peer.allowedIps.filter((each) => each.bits !== bits || each.length !== length),
  });
}

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed instanceof Problem) throw new Error(String(parsed));
  return parsed;
}

test("verify() proves a mesh of regions, and counts what it wants", () => {
  expect(check(REGIONS)).toBe("");
  expect(sampleOf(REGIONS).proof).toEqual({
    nodes: 5,
    clients: 0,
    tunnels: 4,
    promised: 16,
    paths: 16,
    apart: 4,
  });
});

test("verify() finds a hop that is missing, and one that does not take what is sent over it", () => {
  expect(broken("e1", "w1", withoutIp("10.66.2.0/24"))).toContain(
    "error path-missing nodes.e1: packets from e1 to w1 have no tunnel at e1",
  );
  expect(broken("w2", "w1", withoutIp("10.66.1.0/24"))).toContain(
    "error path-asymmetric nodes.e1: packets from e1 to w2 arrive at w2 from w1, but w2 sends replies another way and drops them",
  );
});

test("verify() finds what a link denies, when both ends let it through", () => {
  const { mesh, lock, devices } = sampleOf(REGIONS);
  const extra: Record<string, readonly [string, string]> = {
    w2: ["w1", "10.66.0.1/32"],
    w1: ["e1", "10.66.0.1/32"],
    e1: ["lone", "10.66.0.1/32"],
    lone: ["e1", "10.66.2.2/32"],
  };
  const changed = devices.map((device): Device => {
    const [other, text] = extra[device.name] ?? ["", "10.66.0.1/32"];
    const peers = device.peers.map((peer) => (peer.name === other ? withIps(text)(peer) : peer));
    return { ...device, peers };
  });
  const diagnostics = new Diagnostics();
  verify(mesh, lock, changed, diagnostics);
  expect(printDiagnostics(diagnostics)).toContain(
    "error path-forbidden nodes.w2: packets from w2 get to lone, although a link denies all between them",
  );
});

test("verify() lets nobody send what nobody owns, but by the words of the document", () => {
  // A site's block is the site's as a whole: not so the mesh beside it, nor the own site's.
  expect(broken("e1", "w1", withIps("10.66.3.0/24"))).toContain(
    'error prefix-unowned nodes.e1: e1 would send addresses to "w1" that nobody in the mesh owns',
  );
  expect(broken("w2", "w1", withIps("10.66.2.128/25"))).toContain("prefix-unowned nodes.w2");
  // What a site reaches goes to its gateway, and dies there.
  expect(broken("e1", "w1", withIps("172.20.0.0/16"))).toContain(
    "device-differs nodes.e1: the device of e1 has another set of routes than the mesh says",
  );
  expect(broken("w2", "w1", withoutIp("10.9.0.0/16"))).toBe(
    'error reach-leaks nodes.w2: w2 does not send all that its site reaches to "w1": the rest would leave by its default route',
  );
  // To the exit, which is the gateway here, it goes all the same.
  expect(broken("e2", "e1", withoutIp("172.20.0.0/14"))).toBe("");
});

test("verify() finds what nobody owns going in circles", () => {
  const { mesh, lock, devices } = sampleOf(REGIONS);
  const changed = devices.map((device): Device => {
    const other = { e1: "w1", w1: "e1" }[device.name as string];
    const peers = device.peers.map((peer) =>
      peer.name === other ? withIps("10.66.2.64/26")(peer) : peer,
    );
    return { ...device, peers };
  });
  const diagnostics = new Diagnostics();
  verify(mesh, lock, changed, diagnostics);
  expect(printDiagnostics(diagnostics)).toContain(
    "error path-loops nodes.e1: packets from e1 to addresses that nobody has come back to e1",
  );
});

test("verify() finds an exit that gets less than the internet, and one behind another node", () => {
  expect(broken("e2", "e1", withoutIp("0.0.0.0/0"))).toContain(
    "error path-missing nodes.e2: packets from e2 to the internet have no tunnel at e2",
  );
  expect(check(REGIONS.replace("lan: 172.16.2.2 ", "lan: 172.16.2.2, exit: e1 "))).toContain(
    'error exit-not-direct nodes.w2.exit: nodes.w2.exit: the way to "e1" is not one tunnel',
  );
});

test("verify() finds a tunnel that nothing goes over", () => {
  const { mesh, lock, devices } = sampleOf(REGIONS);
  const changed = devices.map((device): Device => {
    const other = devices.find(
      ({ name }) => name === { e2: "w2", w2: "e2" }[device.name as string],
    );
    const like = device.peers[0];
    if (other === undefined || like === undefined) return device;
    const peer = { ...like, name: other.name, publicKey: other.publicKey, allowedIps: [] };
    return { ...device, peers: [...device.peers, peer] };
  });
  const diagnostics = new Diagnostics();
  verify(mesh, lock, changed, diagnostics);
  expect(printDiagnostics(diagnostics)).toContain(
    'error peer-unused nodes.e2: e2 lists "w2" as a peer, although nothing that is allowed goes that way',
  );
});

test("verify() reads who is connected from links, gateways and relays", () => {
  const mesh = (links: string, relay = false): string => `
    network: { name: t, addresses: [10.66.0.0/16] }
    sites: { home: { gateways: [h1] }, far: {} }
    links: [${links}]
    nodes:
      h1: { site: home, lan: 192.168.1.1 }
      h2: { site: home, lan: 192.168.1.2 }
      f1: { site: far, endpoint: 203.0.113.1, relay: ${relay} }
      f2: { site: far }
  `;
  expect(check(mesh(""))).toContain('nobody-dials nodes.f2: f2 cannot reach "h1", "h2"');
  expect(check(mesh("", true))).toBe("");
  expect(check(mesh("{ between: [home, far], path: deny }"))).toBe("");
  expect(check(mesh("{ between: [h1, far], path: deny }"))).toContain('f1 cannot reach "h2"');
  expect(
    check(mesh("{ between: [h1, far], path: deny }, { between: [h2, f1], path: direct }")),
  ).toBe('warning nobody-dials nodes.f2: f2 cannot reach "h2": neither side can be dialled');
});
