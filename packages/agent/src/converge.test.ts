/** From anything to anything, on the fake kernel; and what must not be touched. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Device, HostRoute, InterfaceName } from "@warren/core";
import { parsePrefix, printText, Problem } from "@warren/core";
import { publicKeyOf } from "@warren/crypto";
import { meshDocuments } from "../../../tools/random-mesh.ts";
import { topologyDocuments } from "../../../tools/random-topology.ts";
import { runs } from "../../../tools/runs.ts";
import { sampleOf, sampleOfDocument } from "../../../tools/sample.ts";
import { converge, takeDown } from "./converge.ts";
import { FakeKernel } from "../../../tools/fake-kernel.ts";
import type { FakeInterface } from "../../../tools/fake-kernel.ts";
import { desiredFor, memory } from "./kernel/kernel.contract.ts";
import type { Kernel, Link, PeerState } from "./kernel/kernel.ts";

const MESH = `
network: { name: n, addresses: [10.66.0.0/16], interface: warren0 }
nodes:
  a: { endpoint: 192.0.2.1, subnets: [192.168.1.0/24], listenPort: 51871 }
  b: { endpoint: 192.0.2.2, subnets: [192.168.2.0/24] }
  c: { endpoint: 192.0.2.3 }
`;

describe("converge()", () => {
  test("comes from any state to any device, then has nothing to do, and is as on a new host", async () => {
    const disturbances = fc.array(fc.nat(), { maxLength: 6 });
    const drawn = fc.tuple(devices(), devices(), disturbances);
    await fc.assert(
      fc.asyncProperty(drawn, async ([before, target, seeds]) => {
        const kernel = new FakeKernel(publicKeyOf);
        const last = memory();
        const { interface: own, name } = before;
        // The same host, and so the same key.
        const after = { ...target, interface: own, name, publicKey: before.publicKey };
        await converge(kernel, desiredFor(before), last);
        for (const seed of seeds) kernel.disturb(own, (now) => damage(now, seed));
        await converge(kernel, desiredFor(after), last);
        expect((await converge(kernel, desiredFor(after), last)).done).toEqual([]);
        expect(await stateOf(kernel, own)).toEqual(await fresh(after));
        await takeDown(kernel, desiredFor(after).device);
        expect(await kernel.read(own)).toEqual(await new FakeKernel(publicKeyOf).read(own));
      }),
      runs(60),
    );
  });

  test("touches one peer where one has changed", async () => {
    const { kernel, desired } = await converged();
    const [[publicKey, peer] = []] = desired.peers;
    if (publicKey === undefined || peer === undefined) throw new Error("it has two");
    const peers = new Map([...desired.peers, [publicKey, { ...peer, keepaliveSeconds: 9 }]]);
    const { done } = await converge(kernel, { ...desired, peers }, memory());
    expect(done).toEqual([`peer ~ ${publicKey} allowedIps keepaliveSeconds`]);
  });

  test("leaves a peer where it was heard, until it is silent and should be elsewhere", async () => {
    const { kernel, desired, name } = await converged();
    const [publicKey] = [...desired.peers.keys()];
    if (publicKey === undefined) throw new Error("it has two");
    const roam = (handshakeSeconds: number): void =>
      kernel.disturb(name, withPeer(publicKey, { endpoint: "203.0.113.9:7", handshakeSeconds }));
    const endpoint = async (): Promise<string | undefined> => {
      const { link } = await kernel.read(name);
      return link?.kind === "wireguard" ? link.peers.get(publicKey)?.endpoint : undefined;
    };
    const last = memory();
    roam(10);
    await converge(kernel, desired, last);
    expect(await endpoint()).toBe("203.0.113.9:7");
    roam(500);
    await converge(kernel, desired, last);
    expect(await endpoint()).toBe("192.0.2.2:51820");
    // It was told once already, and the peer roamed from there.
    roam(500);
    await converge(kernel, desired, last);
    expect(await endpoint()).toBe("203.0.113.9:7");
  });

  test("dials a peer that was wanted where it was heard, and is wanted where it was before", async () => {
    const { kernel, desired, name } = await converged();
    const [[publicKey, peer] = []] = desired.peers;
    if (publicKey === undefined || peer === undefined) throw new Error("it has two");
    const last = memory();
    const [there, here] = ["203.0.113.9:7", peer.endpoint];
    const wanting = (endpoint = ""): typeof desired => ({
      ...desired,
      peers: new Map([...desired.peers, [publicKey, { ...peer, endpoint }]]),
    });
    const roam = (handshakeSeconds: number): void =>
      kernel.disturb(name, withPeer(publicKey, { endpoint: there, handshakeSeconds }));
    roam(500);
    await converge(kernel, wanting(here), last);
    roam(10);
    expect((await converge(kernel, wanting(there), last)).done).toEqual([]);
    roam(500);
    await converge(kernel, wanting(here), last);
    const { link } = await kernel.read(name);
    expect((link as Link).peers.get(publicKey)?.endpoint).toBe(here);
    // Made anew where it was heard, since its clock went back, it is wanted elsewhere all the same.
    kernel.disturb(name, withPeer(publicKey, { handshakeSeconds: 10 }));
    const { device } = desired;
    const peers = device.peers.map((each) =>
      each.publicKey === publicKey ? { ...each, generation: 1 } : each,
    );
    last.generations.set(publicKey, 0);
    await converge(kernel, { ...wanting(there), device: { ...device, peers } }, last);
    const made = (await kernel.read(name)).link as Link;
    expect(made.peers.get(publicKey)).toMatchObject({ endpoint: there, received: 0 });
  });

  test("adopts a link without a key, and refuses somebody else's", async () => {
    const { kernel, desired, name } = await converged();
    const index = await indexOf(kernel, name);
    kernel.disturb(name, ({ link }) => {
      const { publicKey: _, ...bare } = link as Link;
      return { link: bare };
    });
    expect((await converge(kernel, desired, memory())).done).toEqual(["device ~ privateKey"]);
    expect(await indexOf(kernel, name)).toBe(index);
    const [other] = [...desired.peers.keys()];
    for (const link of [
      { kind: "foreign", what: "bridge" } as const,
      { ...((await kernel.read(name)).link as Link), ...(other && { publicKey: other }) },
    ]) {
      kernel.disturb(name, () => ({ link }));
      const refusal = { code: "kernel", message: expect.stringContaining("somebody else's") };
      await expect(converge(kernel, desired, memory())).rejects.toMatchObject(refusal);
    }
    // What is ours goes all the same.
    expect(await takeDown(kernel, desired.device)).toEqual(["setting - forward4", "table -"]);
    expect(await indexOf(kernel, name)).toBe(index);
  });

  test("leaves a range alone that the host has on another interface, and says so", async () => {
    const prefix = parsePrefix("192.168.2.0/24");
    if (prefix instanceof Problem) throw new Error("it is one");
    const hostRoutes: HostRoute[] = [{ prefix, interface: "eth1" }];
    const { kernel, desired, name } = await converged({ hostRoutes });
    expect((await kernel.read(name)).routes).toEqual(new Set());
    expect((await converge(kernel, desired, memory())).clashes).toEqual(["192.168.2.0/24"]);
  });

  test("says after three rounds that somebody undoes what it does", async () => {
    const { kernel, desired, name } = await converged();
    const stubborn = {
      read: async () => {
        kernel.disturb(name, () => ({ addresses: new Set() }));
        return await kernel.read(name);
      },
      run: kernel.run.bind(kernel),
    };
    await expect(converge(stubborn, desired, memory())).rejects.toThrow(
      "warren0 still differs after 3 rounds: address + 10.66.0.1/16",
    );
  });

  test("admits in others' chains what they would drop, once", async () => {
    const rules = ["*filter", ":INPUT DROP [0:0]", ":FORWARD DROP [0:0]", ":DOCKER-USER - [0:0]"];
    const jump = ["-A FORWARD -j DOCKER-USER", "-A DOCKER-USER -j RETURN"];
    const iptables = [...rules, ...jump].join("\n");
    const { done, kernel, desired } = await converged({ firewalls: { iptables } });
    const admissions = done.filter((step) => step.startsWith("admission"));
    expect(admissions).toMatchInlineSnapshot(`
      [
        "admission + iptables ip filter INPUT warren warren0 in",
        "admission + iptables ip filter INPUT warren warren0 port-51871",
        "admission + iptables ip filter DOCKER-USER warren warren0 in",
        "admission + iptables ip filter DOCKER-USER warren warren0 back",
      ]
    `);
    expect((await converge(kernel, desired, memory())).done).toEqual([]);
    const device = { ...desired.device, firewall: "off" } as const;
    const off = await converge(kernel, { ...desired, device }, memory());
    expect(off.done).toEqual(admissions.map((each) => each.replace("+", "-")));
  });

  test("names what drops packets where nobody lets a rule of ours in, and does all else", async () => {
    const iptables = "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]";
    const { kernel, desired } = await converged({ firewalls: { iptables } });
    await takeDown(kernel, desired.device);
    const guarded: Kernel = {
      read: kernel.read.bind(kernel),
      run: async (name, steps) => {
        await kernel.run(
          name,
          steps.filter(({ kind }) => kind !== "admission"),
        );
        return steps.flatMap((step) => (step.kind === "admission" ? [step.admission] : []));
      },
    };
    const { blocks, done } = await converge(guarded, desired, memory());
    expect(blocks.map(({ message, fix }) => `${printText(message)}; ${printText(fix)}`))
      .toMatchInlineSnapshot(`
      [
        "iptables drops what comes from warren0: the policy of chain INPUT of table filter; run on the host, and keep it with the rules that it loads at boot: iptables -I INPUT -i warren0 -j ACCEPT",
        "iptables drops UDP to port 51871: the policy of chain INPUT of table filter; run on the host, and keep it with the rules that it loads at boot: iptables -I INPUT -p udp --dport 51871 -j ACCEPT",
      ]
    `);
    expect(done.filter((step) => step.startsWith("admission"))).toEqual([]);
    expect((await kernel.read(desired.name)).routes.size).toBe(1);
  });
});

async function converged(host: ConstructorParameters<typeof FakeKernel>[1] = {}) {
  const [device] = sampleOf(MESH).devices;
  if (device === undefined) throw new Error("the sample has a first node");
  const kernel = new FakeKernel(publicKeyOf, host);
  const desired = desiredFor(device);
  const { done } = await converge(kernel, desired, memory());
  return { kernel, desired, name: device.interface, done };
}

function devices(): fc.Arbitrary<Device> {
  return fc
    .oneof(meshDocuments(5), topologyDocuments(5))
    .map((document) => {
      try {
        return sampleOfDocument(document).devices[0];
      } catch {
        return undefined;
      }
    })
    .filter((device) => device !== undefined);
}

/** What a hand may do. */
function damage(now: FakeInterface, seed: number): Partial<FakeInterface> {
  const { link, addresses, routes, settings } = now;
  const some = <T>(all: Iterable<T>): T[] => [...all].filter((_, at) => (seed >> at) % 2 === 0);
  if (link?.kind !== "wireguard") return {};
  const gone = { link: undefined, addresses: new Set<string>(), routes: new Set<string>() };
  const peers = new Map(
    some(link.peers).map(([key, peer]) => [key, { ...peer, keepaliveSeconds: 3 }]),
  );
  const changes: readonly Partial<FakeInterface>[] = [
    gone,
    { link: { ...link, peers } },
    { link: { ...link, isUp: false }, routes: new Set() },
    { link: { ...link, mtu: 1280, fwmark: 5, listenPort: 9 } },
    { addresses: new Set([...some(addresses), "203.0.113.4/24"]) },
    { routes: new Set([...some(routes), "198.51.100.0/24"]) },
    { table: undefined },
    { table: "another" },
    { settings: new Map([...settings.keys()].map((each) => [each, false])) },
  ];
  return changes[seed % changes.length] ?? {};
}

function withPeer(key: string, change: Partial<PeerState>) {
  return ({ link }: FakeInterface): Partial<FakeInterface> => {
    if (link?.kind !== "wireguard") return {};
    const peers = [...link.peers].map(
      ([each, peer]) => [each, each === key ? { ...peer, ...change } : peer] as const,
    );
    return { link: { ...link, peers: new Map(peers) } };
  };
}

async function indexOf(kernel: FakeKernel, name: InterfaceName): Promise<number | undefined> {
  const { link } = await kernel.read(name);
  return link?.kind === "wireguard" ? link.index : undefined;
}

/** Without what tells one link from another; endpoints nobody can take from a peer. */
async function stateOf(kernel: FakeKernel, name: InterfaceName) {
  const { link, policyRules, ...rest } = await kernel.read(name);
  if (link?.kind !== "wireguard") throw new Error("there is no link of ours");
  const peers = [...link.peers].map(([key, { endpoint: _, ...peer }]) => [key, peer] as const);
  const rules = policyRules.map((rule) => JSON.stringify(rule)).sort();
  return { ...rest, rules, link: { ...link, index: 0, peers: new Map(peers) } };
}

async function fresh(device: Device) {
  const kernel = new FakeKernel(publicKeyOf);
  await converge(kernel, desiredFor(device), memory());
  return await stateOf(kernel, device.interface);
}
