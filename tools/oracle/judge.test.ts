/** The judge: silent about what is right, and each of its complaints once. */
import { expect, test } from "vitest";
import fc from "fast-check";
import type { Device, Filter, Peer } from "@warren/core";
import { parse } from "yaml";
import { meshDocuments } from "../random-mesh.ts";
import { topologyDocuments } from "../random-topology.ts";
import { runs } from "../runs.ts";
import { sampleOfDocument } from "../sample.ts";
import { judge } from "./judge.ts";
import { compilePlan, featuresOf, prefixOf, withDevice, withPeer } from "./plans.contract.ts";
import type { Plan } from "./plans.contract.ts";

test("judge() finds nothing wrong with plain meshes as compiled", () => {
  fc.assert(
    fc.property(meshDocuments(8), (document) => {
      const { mesh, lock, devices } = sampleOfDocument(document);
      expect(judge(mesh, lock, devices)).toEqual([]);
    }),
    runs(15, 100),
  );
});

test("judge() finds nothing wrong with topologies as compiled, which have all that there is", () => {
  const counts = new Map<string, number>();
  const count = (name: string): void => {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  fc.assert(
    fc.property(topologyDocuments(12), (document) => {
      const plan = compilePlan(document);
      count(plan === undefined ? "refused" : "accepted");
      fc.pre(plan !== undefined);
      for (const feature of featuresOf(plan)) count(feature);
      expect(judge(plan.mesh, plan.lock, plan.devices)).toEqual([]);
    }),
    runs(300),
  );
  const { refused = 0, accepted = 0, ...features } = Object.fromEntries(counts);
  // Some 12 in 100 are; chance alone never makes it so many of these 300.
  expect(refused / (refused + accepted)).toBeLessThan(0.25);
  const rare = Object.entries(features).filter(([, number]) => number < accepted / 10);
  expect(rare).toEqual([]);
  expect(Object.keys(features)).toHaveLength(15);
});

const REGIONS = `
  network: { name: n, addresses: [10.66.0.0/16] }
  sites:
    east: { network: 172.16.0.0/24, addresses: 10.66.1.0/24, gateways: [g], reach: [172.16.0.0/12] }
  nodes:
    g: { site: east, lan: 172.16.0.1, endpoint: 203.0.113.1 }
    h: { site: east, lan: 172.16.0.2 }
    m: { site: east, lan: 172.16.0.3, subnets: [192.168.3.0/24] }
    w: { endpoint: 203.0.113.9, subnets: [192.168.9.0/24, 0.0.0.0/0] }
    x: { endpoint: x.example, exit: w }
  links: [{ between: [m, x], path: deny }]
`;

type Change = (plan: Plan) => Plan;

/** One change after the other. */
function inTurn(...changes: readonly Change[]): Change {
  return (plan) => changes.reduce((changed, each) => each(changed), plan);
}

function change(name: string, device: (device: Device) => Device): Change {
  return (plan) => withDevice(plan, name, device);
}

function changePeer(name: string, peer: string, changed: (peer: Peer) => Peer): Change {
  return change(name, (device) => withPeer(device, peer, changed));
}

function changeFilter(name: string, changed: Partial<Filter>): Change {
  return change(name, (device) => ({ ...device, filter: { ...device.filter, ...changed } }));
}

/** Gives prefixes of one peer to another. */
function move(
  name: string,
  [from, to]: readonly [string, string],
  ...ips: readonly string[]
): Change {
  return inTurn(changePeer(name, from, withoutIps(...ips)), changePeer(name, to, withIps(...ips)));
}

function addPeer(name: string, peer: Peer): Change {
  return change(name, (device) => ({ ...device, peers: [...device.peers, peer] }));
}

function withIps(...texts: readonly string[]): (peer: Peer) => Peer {
  return (peer) => ({ ...peer, allowedIps: [...peer.allowedIps, ...texts.map(prefixOf)] });
}

function withoutIps(...texts: readonly string[]): (peer: Peer) => Peer {
  const gone = texts.map(prefixOf);
  return (peer) => ({
    ...peer,
    allowedIps: peer.allowedIps.filter(
      ({ bits, length }) => !gone.some((each) => each.bits === bits && each.length === length),
    ),
  });
}

function without(field: "endpoint" | "presharedKeyId"): (peer: Peer) => Peer {
  return ({ [field]: _, ...peer }) => peer;
}

const broken: readonly (readonly [what: string, said: RegExp, change: Change])[] = [
  [
    "a prefix on two peers",
    /^overlap: h gives 192.168.3.0\/24 to two peers$/,
    changePeer("h", "g", withIps("192.168.3.0/24")),
  ],
  [
    "an address of its own",
    /^own: h gives 10.66.1.2\/32 to g$/,
    changePeer("h", "g", withIps("10.66.1.2/32")),
  ],
  [
    "a site's network",
    /^own: h gives 172.16.0.128\/25 to g$/,
    changePeer("h", "g", withIps("172.16.0.128/25")),
  ],
  [
    "a way out that is missing",
    /^lost: h 10.66.1.2 → w 10.66.0.1 by h: h has no peer for it$/,
    changePeer("h", "g", withoutIps("10.66.0.1/32")),
  ],
  [
    "a way back that is missing",
    /^lost: w 10.66.0.1 → h 10.66.1.2 by w → g → h: h takes no such source from g$/,
    changePeer("h", "g", withoutIps("10.66.0.1/32")),
  ],
  [
    "half a subnet that goes elsewhere",
    /^lost: m 10.66.1.3 → w 192.168.9.128 by m → h/,
    changePeer("m", "h", withIps("192.168.9.128/25")),
  ],
  [
    "a route that is missing",
    /^lost: h 10.66.1.2 → w 192.168.9.0 by h: ends default$/,
    change("h", (device) => ({
      ...device,
      routes: device.routes.filter(({ bits }) => bits !== prefixOf("192.168.9.0/24").bits),
    })),
  ],
  [
    "an answer that is lost",
    /^reply: of m 192.168.3.0 → 10.66.0.1 by w: ends default$/,
    change("w", (device) => ({ ...device, routes: [] })),
  ],
  [
    "a carrier that does not carry",
    /^lost: h 10.66.1.2 → w 10.66.0.1 by h → g: g drops it$/,
    changeFilter("g", { carries: false }),
  ],
  [
    "an exit that lets nobody out",
    /^lost: x 10.66.0.2 → w 9.0.0.0 by x → w: w drops it$/,
    changeFilter("w", { exitUsers: [] }),
  ],
  [
    "an exit that lets everybody out",
    /^leak: h 10.66.1.2 → w 9.0.0.0 when sent to h → g → w$/,
    inTurn(
      changePeer("g", "w", withIps("0.0.0.0/0")),
      change("g", (device) => ({ ...device, routes: [...device.routes, prefixOf("0.0.0.0/0")] })),
      changeFilter("w", { exitUsers: [prefixOf("10.66.0.0/16")] }),
    ),
  ],
  [
    "a denial that is not kept",
    /^leak: x 10.66.0.2 → m 10.66.1.3 by x → g → m$/,
    inTurn(
      changePeer("x", "g", withIps("10.66.1.3/32")),
      changePeer("m", "g", withIps("10.66.0.2/32")),
    ),
  ],
  [
    "a loop",
    /^loop: x 10.66.0.2 → h 10.66.1.2 by x → w → x → w/,
    inTurn(
      changePeer("x", "g", withoutIps("10.66.1.2/32")),
      changePeer("w", "x", withIps("10.66.1.2/32")),
      changeFilter("x", { carries: true }),
      changeFilter("w", { carries: true }),
    ),
  ],
  [
    "a way that costs more",
    /^cost: m 10.66.1.3 → h 10.66.1.2 by m → g → h costs 0\/2, not 0\/1$/,
    inTurn(move("m", ["h", "g"], "10.66.1.2/32"), move("h", ["m", "g"], "10.66.1.3/32")),
  ],
  [
    "a way through who carries nothing",
    /^transit: m 10.66.1.3 → g 10.66.1.1: h carries nothing$/,
    inTurn(
      move("m", ["g", "h"], "10.66.1.1/32"),
      move("g", ["m", "h"], "10.66.1.3/32"),
      changeFilter("h", { carries: true }),
    ),
  ],
  [
    "a peer for nothing",
    /^needless: x has m$/,
    (plan) => {
      const [m, x] = [peerOf(plan, "h", "m"), peerOf(plan, "w", "x")];
      const presharedKeyId = { low: m.publicKey, high: x.publicKey, epoch: 0 };
      return inTurn(
        addPeer("m", { ...x, presharedKeyId, allowedIps: [] }),
        addPeer("x", { ...without("endpoint")(m), presharedKeyId, allowedIps: [] }),
      )(plan);
    },
  ],
  [
    "an unknown address of the mesh that leaves",
    /^unknown: 10.66.0.0 goes h and ends default$/,
    change("h", (device) => ({
      ...device,
      addresses: device.addresses.map(({ address }) => ({ address, length: 24 })),
    })),
  ],
  [
    "an unknown address of a reach that leaves",
    /^reach: 172.16.1.0 goes h → g and ends default$/,
    inTurn(
      changeFilter("g", { exitUsers: [prefixOf("10.66.0.0/16")] }),
      change("g", (device) => ({
        ...device,
        subnets: [{ prefix: prefixOf("0.0.0.0/0"), masquerade: true }],
      })),
    ),
  ],
  [
    "one side alone",
    /^pair: g – h: only one side lists the other$/,
    change("h", (device) => ({
      ...device,
      peers: device.peers.filter(({ name }) => name !== "g"),
    })),
  ],
  [
    "a key of nobody",
    /^pair: h – g: nobody has this key$/,
    changePeer("h", "g", (peer) => ({ ...peer, publicKey: "nobody's" as Peer["publicKey"] })),
  ],
  [
    "a preshared key on one side",
    /^pair: h – g: the preshared keys differ$/,
    changePeer("h", "g", without("presharedKeyId")),
  ],
  [
    "a preshared key of another pair",
    /^preshared: h – g has not its pair's key$/,
    (plan) =>
      changePeer("h", "g", (peer) => ({ ...peerOf(plan, "h", "m"), ...idless(peer) }))(plan),
  ],
  [
    "an endpoint of somebody else",
    /^endpoint: 4 \d+ 51820 is not where h finds g$/,
    (plan) => changePeer("h", "g", (peer) => ({ ...peer, ...dialled(plan, "h", "m") }))(plan),
  ],
  [
    "a LAN address from outside",
    /^endpoint: .* is not where w finds g$/,
    (plan) => changePeer("w", "g", (peer) => ({ ...peer, ...dialled(plan, "h", "g") }))(plan),
  ],
  [
    "no endpoint on either side",
    /^pair: g – h: neither has an endpoint$/,
    inTurn(changePeer("h", "g", without("endpoint")), changePeer("g", "h", without("endpoint"))),
  ],
  [
    "a captured endpoint",
    /^endpoint: g sends what is for .* into its own tunnel$/,
    change("g", (device) => ({
      ...withPeer(device, "w", withIps("203.0.113.0/24")),
      routes: [...device.routes, prefixOf("203.0.113.0/24")],
    })),
  ],
  [
    "a device that is missing",
    /^device: h has 0$/,
    (plan) => ({ ...plan, devices: plan.devices.filter(({ name }) => name !== "h") }),
  ],
  ["a peer twice", /^peer: h has g twice$/, (plan) => addPeer("h", peerOf(plan, "h", "g"))(plan)],
];

test.each(broken)("judge() sees %s", (_, said, change) => {
  const plan = compilePlan(parse(REGIONS));
  if (plan === undefined) throw new Error("the sample is refused");
  expect(judge(plan.mesh, plan.lock, plan.devices)).toEqual([]);
  const { mesh, lock, devices } = change(plan);
  expect(judge(mesh, lock, devices)).toContainEqual(expect.stringMatching(said));
});

function peerOf({ devices }: Plan, name: string, peer: string): Peer {
  const found = devices
    .find((device) => device.name === name)
    ?.peers.find((each) => each.name === peer);
  if (found === undefined) throw new Error(`${name} has no peer ${peer}`);
  return found;
}

function dialled(plan: Plan, name: string, peer: string): Pick<Peer, "endpoint"> {
  const { endpoint } = peerOf(plan, name, peer);
  return endpoint === undefined ? {} : { endpoint };
}

/** All of a peer but its preshared key. */
function idless(peer: Peer): Omit<Peer, "presharedKeyId"> {
  return without("presharedKeyId")(peer);
}
