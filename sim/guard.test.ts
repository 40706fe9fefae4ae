/** A change that cuts a host off is taken back; whatever else is silent at that moment takes nothing back. */
import type { InterfaceName } from "@warren/core";
import { printText } from "@warren/core";
import { removeNode, setNode } from "@warren/server";
import { expect, test } from "vitest";
import type { PlaneWorld } from "./plane-world.ts";
import { createWorld, differences } from "./sample-world.ts";
import type { SimHost } from "./sim-host.ts";

const OWN = "warren0" as InterfaceName;
const NAMES = ["a", "b", "c", "d"];
/** With a route to it nothing comes through any more. */
const BAD = "198.51.100.0/24";
const GOOD = "192.168.2.0/24";

/** A second in which all hosts hear of all that still hear them, but for those that are silent. */
async function passSecond(world: PlaneWorld, silent: ReadonlySet<string>): Promise<void> {
  for (const host of world.hosts) {
    const isCut = silent.has(host.name) || (await isSwallowed(host));
    host.kernel.disturb(OWN, ({ link }) => {
      if (link?.kind !== "wireguard") return {};
      const peers = [...link.peers].map(([key, peer]) => {
        const from = world.hosts.find((each) => each.publicKey === key)?.name ?? "";
        // Whom nobody answers begins one handshake after the other, which may come through.
        const received = peer.received + (isCut || silent.has(from) ? 148 : 100);
        return [key, { ...peer, received }] as const;
      });
      return { link: { ...link, peers: new Map(peers) } };
    });
    if (isCut) host.stall(1100);
  }
  await world.clock.pass(1000);
}

/** With the route itself, and not a moment later. */
function whenRouted(host: SimHost, route: string, work: () => void): void {
  const run = host.kernel.run.bind(host.kernel);
  host.kernel.run = async (name, steps) => {
    const refused = await run(name, steps);
    if ((await host.routes()).includes(route)) work();
    return refused;
  };
}

async function isSwallowed(host: SimHost): Promise<boolean> {
  return host.name !== "b" && (await host.routes()).includes(BAD);
}

async function pass(
  world: PlaneWorld,
  seconds: number,
  silent: readonly string[] = [],
): Promise<void> {
  for (let second = 0; second < seconds; second += 1) await passSecond(world, new Set(silent));
}

async function setSubnets(world: PlaneWorld, subnets: readonly string[]): Promise<void> {
  await world.commit((state) =>
    setNode(state, world.network, "b", {
      ...state.node.get(`${world.network}/b`)?.fields,
      subnets,
    }),
  );
}

function error(world: PlaneWorld, name: string): string {
  return printText(world.host(name).status?.error ?? "");
}

test("hosts that a change has cut off go back to what they had within 20 s, and say so, until it is another", async () => {
  const world = await createWorld(NAMES);
  await pass(world, 20);
  for (const host of world.hosts) {
    if (host.name !== "b") whenRouted(host, BAD, () => host.stall(1100));
  }
  const before = await Promise.all(world.hosts.map((host) => host.routes()));
  await setSubnets(world, [BAD]);
  await pass(world, 10);
  expect(await isSwallowed(world.host("a"))).toBe(true);
  await pass(world, 10);
  const after = await Promise.all(world.hosts.map((host) => host.routes()));
  expect(after).toEqual(before);
  // When they call anew they are told of it again.
  for (const host of world.hosts) host.cut();
  for (let second = 0; second < 60; second += 1) {
    await pass(world, 1);
    expect(await isSwallowed(world.host("a"))).toBe(false);
  }
  expect(error(world, "a")).toMatch(
    /^revision \d+ has cut this host off and was taken back: neither the server nor 3 of 3 peers answered/,
  );
  // Its server knows it, too, and a reboot does not bring it.
  expect(world.streams?.presence(world.network, "a")?.error).toContain("has cut this host off");
  await setSubnets(world, []);
  await pass(world, 60);
  expect(error(world, "a")).toBe("");
  expect(await differences(world)).toEqual([]);
  // What nobody wants any more is not asked for again.
  const asked = world.hosts.map(({ resyncs }) => resyncs);
  await world.clock.pass(700_000);
  expect(world.hosts.map(({ resyncs }) => resyncs)).toEqual(asked);
});

test("a host that dies while a change is judged boots with what worked; once it stands, with the change", async () => {
  const world = await createWorld(NAMES);
  const a = world.host("a");
  for (const [subnet, booted] of [
    [GOOD, [GOOD]],
    [BAD, [GOOD]],
  ] as const) {
    whenRouted(a, BAD, () => a.stall(1100));
    await pass(world, 20);
    await setSubnets(world, [subnet]);
    await world.clock.pass(100);
    expect(await a.routes()).toEqual([subnet]);
    world.killServer();
    a.boot();
    await pass(world, 2);
    expect(await a.routes()).toEqual(booted);
    await world.startServer();
  }
});

test("who loses all whom it heard, and its server with them, has them again", async () => {
  const world = await createWorld(NAMES);
  const a = world.host("a");
  await pass(world, 20);
  const [before, run] = [await a.peers(), a.kernel.run.bind(a.kernel)];
  a.kernel.run = async (name, steps) => {
    const refused = await run(name, steps);
    if ((await a.peers()).length === 0) a.stall(30_000);
    return refused;
  };
  await world.commit((state) =>
    NAMES.slice(1).reduce((all, each) => removeNode(all, world.network, each), state),
  );
  await world.clock.pass(1000);
  expect(await a.peers()).toEqual([]);
  await world.clock.pass(19_000);
  expect(await a.peers()).toEqual(before);
});

test("a change stays while most peers answer, or the server does, or nobody was heard before", async () => {
  for (const [silentServer, silent, hasTraffic] of [
    [true, [], true],
    [true, ["d"], true],
    [false, ["b", "c", "d"], true],
    [true, ["b", "c", "d"], false],
  ] as const) {
    const world = await createWorld(NAMES);
    if (hasTraffic) await pass(world, 20);
    const kill = (): void => {
      if (silentServer) world.killServer();
    };
    whenRouted(world.host("a"), GOOD, kill);
    await setSubnets(world, [GOOD]);
    await pass(world, 60, silent);
    if (silentServer) await world.startServer();
    const routes = await world.host("a").routes();
    expect({ silentServer, silent, hasTraffic, routes }).toMatchObject({
      routes: [GOOD],
    });
    expect(error(world, "a")).not.toContain("cut");
  }
});

test("a change that was taken back because a site lost its uplink just then is tried again", async () => {
  const world = await createWorld(["a", "b"]);
  await pass(world, 20);
  const a = world.host("a");
  const uplink = { isLost: true };
  whenRouted(a, GOOD, () => uplink.isLost && a.stall(1100));
  await setSubnets(world, [GOOD]);
  await pass(world, 20, ["a"]);
  uplink.isLost = false;
  expect([await a.routes(), error(world, "a")]).toEqual([[], expect.stringContaining("cut")]);
  await world.clock.pass(500_000);
  expect(await a.routes()).toEqual([]);
  await world.clock.pass(120_000);
  expect([await a.routes(), error(world, "a")]).toEqual([[GOOD], ""]);
  expect(await differences(world)).toEqual([]);
});

test("a change stays where the server takes a new line, though nobody else answers", async () => {
  const world = await createWorld(NAMES);
  await pass(world, 20);
  const host = world.host("a");
  // When it has asked by the old one for the last time.
  whenRouted(host, GOOD, () => host.cut({ agentMs: 9000 }));
  await setSubnets(world, [GOOD]);
  await pass(world, 60, ["b", "c", "d"]);
  expect([await host.routes(), error(world, "a")]).toEqual([[GOOD], ""]);
});
