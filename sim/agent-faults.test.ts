/** An agent whose kernel, server or own process fails it, at any moment. */
import { printText, say } from "@warren/core";
import { removeNode, setNetwork, setNode } from "@warren/server";
import { expect, test } from "vitest";
import type { SimHost } from "./sim-host.ts";
import { createWorld, differences, joinAndStart, QUIET_MS } from "./sample-world.ts";

test("who is taken out while its kernel refuses, or its agent is killed, lets go once it can", async () => {
  const world = await createWorld(["a", "b", "c", "d"]);
  const [b, c, d] = ["b", "c", "d"].map((each) => world.host(each)) as [SimHost, SimHost, SimHost];
  await world.commit((state) =>
    setNode(state, world.network, "c", { subnets: ["192.168.1.0/24"] }),
  );
  await world.clock.pass(1000);
  b.isRefusing = true;
  c.kernel.killsAfter = 1;
  d.isUnreadable = true;
  for (const each of ["b", "c", "d"]) {
    await world.commit((state) => removeNode(state, world.network, each));
  }
  await world.clock.pass(1000);
  expect(await differences(world)).not.toEqual([]);
  expect(b.status).toMatchObject({ isConnected: false, error: say`it is not to be` });
  // A start of its own, too, finds only what is to go.
  b.startAgent();
  b.isRefusing = d.isUnreadable = false;
  await world.clock.pass(QUIET_MS);
  expect(await differences(world)).toEqual([]);
  expect(world.hosts.map(({ isRunning }) => isRunning)).toEqual([true, false, false, false]);
});

test("a kernel that cannot be read is no end while newcomers are roused", async () => {
  const world = await createWorld(["a"]);
  await joinAndStart(world, "b");
  await world.clock.pass(150);
  for (const host of world.hosts) host.isUnreadable = true;
  await world.clock.pass(QUIET_MS);
  expect(world.host("a").status?.error).toEqual(say`it is not to be`);
  for (const host of world.hosts) host.isUnreadable = false;
  await world.clock.pass(QUIET_MS);
  expect(await differences(world)).toEqual([]);
});

test("what is wrong stands in the host's own status until it has come right", async () => {
  const names = Array.from({ length: 12 }, (_, at) => `h${at}`);
  const world = await createWorld(names.slice(0, 2));
  const copy = world.disk.content;
  for (const name of names.slice(2)) await joinAndStart(world, name);
  await world.clock.pass(QUIET_MS);
  await world.restart(() => world.disk.restore(copy));
  await world.clock.pass(1000);
  const [h0, stranger] = [world.host("h0"), world.host("h5")];
  for (let second = 0; second < 60; second += 1) {
    await world.clock.pass(1000);
    expect(printText(h0.status?.error ?? "")).toContain("it would take away 10 of 11 peers");
    expect(stranger.status?.error).toBe("gone");
  }
  h0.isRefusing = true;
  await h0.removePeers();
  await world.clock.pass(10_000);
  expect(printText(h0.status?.error ?? "")).toMatch(/take away.*; it is not to be$/);
  const { epoch } = world.ledger;
  await world.commit((state) => setNetwork(state, world.network, { confirmedIn: epoch }));
  h0.isRefusing = false;
  await world.clock.pass(QUIET_MS);
  expect(h0.status?.error).toBeUndefined();
});

test("who is told once more what it has says once more that it has it", async () => {
  const world = await createWorld(["a", "b"]);
  const copy = world.disk.content;
  await joinAndStart(world, "c");
  await world.clock.pass(QUIET_MS);
  await world.restart(() => world.disk.restore(copy));
  await world.clock.pass(QUIET_MS);
  const { epoch } = world.ledger;
  await world.commit((state) => setNetwork(state, world.network, { confirmedIn: epoch }));
  await world.clock.pass(1000);
  expect(world.streams?.presence(world.network, "a")).toMatchObject({ isBehind: false });
});

test("what a full disk did not take it is given again once it takes it", async () => {
  const world = await createWorld(["a", "b"]);
  const a = world.host("a");
  a.isFull = true;
  await world.commit((state) => setNode(state, world.network, "b", { subnets: ["10.9.0.0/24"] }));
  await world.clock.pass(QUIET_MS);
  expect(a.disk.device?.hash).not.toBe(a.kept?.hash);
  a.isFull = false;
  await world.clock.pass(QUIET_MS);
  expect(a.disk.device?.hash).toBe(a.kept?.hash);
  world.killServer();
  a.boot();
  await world.clock.pass(1000);
  expect((await a.peers()).join()).toContain("10.9.0.0/24");
});

test("who is told twice that it is out lets go all the same", async () => {
  const world = await createWorld(["a", "b"]);
  const b = world.host("b");
  b.isRefusing = true;
  b.spoil("agent", "doubled");
  await world.commit((state) => removeNode(state, world.network, "b"));
  await world.clock.pass(1000);
  b.isRefusing = false;
  await world.clock.pass(QUIET_MS);
  expect(await differences(world)).toEqual([]);
  expect(b.isRunning).toBe(false);
});

test("a server that ends each line once it has welcomed is called as seldom as one that is away", async () => {
  const world = await createWorld(["a"]);
  const { streams } = world;
  if (streams === undefined) throw new Error("it runs");
  const connect = streams.connect.bind(streams);
  let calls = 0;
  streams.connect = (arrival, line) => {
    calls += 1;
    const { receive, end } = connect(arrival, line);
    const answerOnly = (text: string): void => {
      receive(text);
      line.close("garbage");
    };
    return { receive: answerOnly, end };
  };
  world.host("a").startAgent();
  await world.clock.pass(60_000);
  expect(calls).toBeLessThan(20);
});
