/** Whatever happens to a control plane and its agents: when it is quiet again, every kernel has what the server means. */
import { parseAddress, Problem } from "@warren/core";
import type { Address, Name } from "@warren/core";
import { approveNode, removeNode } from "@warren/server";
import { setNetwork, setNode } from "@warren/server";
import { expect, test } from "vitest";
import type { SimHost } from "./sim-host.ts";
import { createWorld, differences, endpointOf, joinAndStart, QUIET_MS } from "./sample-world.ts";

function addressOf(written: string): Address {
  const address = parseAddress(written);
  if (address instanceof Problem) throw new Error(String(address));
  return address;
}

test("hosts that have joined have the mesh, and a change reaches all", async () => {
  const world = await createWorld(["a", "b", "c"]);
  expect((await world.host("a").peers()).length).toBe(2);
  expect(await differences(world)).toEqual([]);
  await world.commit((state) =>
    setNode(state, world.network, "b", { subnets: ["192.168.1.0/24"] }),
  );
  await world.clock.pass(1000);
  expect(await differences(world)).toEqual([]);
  expect((await world.host("a").peers()).join()).toContain("192.168.1.0/24");
});

test("a server that is away takes nothing with it, and an agent starts without it", async () => {
  const world = await createWorld(["a", "b"]);
  const [before, index] = [await world.host("a").peers(), await world.host("a").linkIndex()];
  world.killServer();
  world.host("a").startAgent();
  await world.clock.pass(QUIET_MS);
  expect(await world.host("a").peers()).toEqual(before);
  expect(await world.host("a").linkIndex()).toBe(index);
  await world.startServer();
  await world.commit((state) => removeNode(state, world.network, "b"));
  await world.clock.pass(QUIET_MS);
  expect(await world.host("a").peers()).toEqual([]);
});

test("of two that are new to each other one begins, and the other where that was too soon", async () => {
  const world = await createWorld([]);
  for (const name of ["a", "b"]) await world.join(name);
  for (const name of ["a", "b"]) {
    await world.commit((state) => approveNode(state, world.network, name, endpointOf(name)));
  }
  for (const name of ["a", "b"]) world.host(name).startAgent();
  const knocked = (): readonly number[] => world.hosts.map((host) => host.knocked.length);
  await world.clock.pass(200);
  expect(knocked()).toEqual([0, 0]);
  await world.clock.pass(300);
  expect(Math.max(...knocked()) + Math.min(...knocked())).toBe(1);
  await world.clock.pass(QUIET_MS);
  expect(knocked()).toEqual([1, 1]);
});

test("an agent that boots without its server begins handshakes: others speak by the old keys", async () => {
  const world = await createWorld(["a", "b"]);
  const a = world.host("a");
  a.knocked.length = 0;
  world.killServer();
  a.startAgent();
  await world.clock.pass(1000);
  expect(a.knocked).toEqual([]);
  a.boot();
  await world.clock.pass(1000);
  expect(a.knocked).toEqual(["10.0.0.2/32"]);
});

test("whoever is taken out loses the mesh at once, and the others lose him", async () => {
  const world = await createWorld(["a", "b", "c"]);
  await world.commit((state) => removeNode(state, world.network, "b"));
  await world.clock.pass(2000);
  expect(await world.host("b").linkIndex()).toBeUndefined();
  expect(await differences(world)).toEqual([]);
});

test("who was away when it was taken out hears it as it comes back, but not of a server that never knew it", async () => {
  const world = await createWorld(["a", "b", "c"]);
  const [b, c] = [world.host("b"), world.host("c")];
  for (const host of [b, c]) host.killAgent();
  await world.commit((state) => removeNode(state, world.network, "b"));
  b.startAgent();
  await world.clock.pass(2000);
  expect([b.isOut, await b.linkIndex()]).toEqual([true, undefined]);
  await world.commit((state) => removeNode(state, world.network, "c"));
  await world.restart(() => undefined);
  c.startAgent();
  await world.clock.pass(2000);
  expect([c.isOut, c.ends.length]).toEqual([false, 1]);
  expect(await c.linkIndex()).toBeDefined();
});

test("a kernel that refuses, and a disk that is full, are told and are no end", async () => {
  const world = await createWorld(["a", "b"]);
  const a = world.host("a");
  const error = (): string | undefined => world.streams?.presence(world.network, "a")?.error;
  a.isRefusing = true;
  await a.removePeers();
  await world.clock.pass(QUIET_MS);
  expect(error()).toBe("it is not to be");
  a.isRefusing = false;
  await world.clock.pass(QUIET_MS);
  expect(error()).toBeUndefined();
  a.isRefusing = true;
  a.isFull = true;
  await world.commit((state) =>
    setNode(state, world.network, "b", { subnets: ["192.168.1.0/24"] }),
  );
  await world.clock.pass(QUIET_MS);
  expect(error()).toBe("it is not to be");
  a.isRefusing = false;
  await world.clock.pass(QUIET_MS);
  expect(error()).toBeUndefined();
  expect(await differences(world)).toEqual([]);
});

test("where hosts listen from now on is told to all who dial them by what was seen", async () => {
  const world = await createWorld([]);
  for (const name of ["a", "b"]) {
    world.host(name).address = addressOf(`198.51.100.${name.charCodeAt(0)}`);
    await world.join(name);
    await world.commit((state) => approveNode(state, world.network, name, {}));
    world.host(name).startAgent();
  }
  await world.clock.pass(QUIET_MS);
  expect(await world.host("a").endpoints()).toEqual(["198.51.100.98:51820"]);
  await world.commit((state) =>
    setNetwork(state, world.network, { settings: { listenPort: 51_999 } }),
  );
  await world.clock.pass(QUIET_MS);
  expect(await world.host("a").endpoints()).toEqual(["198.51.100.98:51999"]);
});

test("a backup of before its approval takes no host's mesh down", async () => {
  const world = await createWorld(["a", "b"]);
  await world.join("c");
  const copy = world.disk.content;
  await world.commit((state) => approveNode(state, world.network, "c", endpointOf("c")));
  const c = world.host("c");
  c.startAgent();
  await world.clock.pass(QUIET_MS);
  const before = await c.peers();
  expect(before.length).toBe(2);
  await world.restart(() => world.disk.restore(copy));
  await world.clock.pass(QUIET_MS);
  expect(await c.peers()).toEqual(before);
  await world.commit((state) => approveNode(state, world.network, "c", endpointOf("c")));
  await world.clock.pass(QUIET_MS);
  expect(await differences(world)).toEqual([]);
});

test("after a restore that changes nothing everybody is current, under the new log", async () => {
  const world = await createWorld(["a", "b"]);
  await world.restart(() => world.disk.restore(world.disk.content));
  await world.clock.pass(QUIET_MS);
  expect(world.streams?.presence(world.network, "a")).toMatchObject({ isBehind: false });
  expect(world.streams?.counts.snapshots).toBe(0);
  await world.commit((state) => removeNode(state, world.network, "b"));
  await world.clock.pass(QUIET_MS);
  expect(await differences(world)).toEqual([]);
  expect(world.streams?.counts.snapshots).toBe(0);
});

test("a restored store that lacks most of the nodes takes them from hosts once that is confirmed", async () => {
  const names = Array.from({ length: 12 }, (_, at) => `h${at}`);
  const world = await createWorld(names.slice(0, 2));
  const copy = world.disk.content;
  for (const name of names.slice(2)) await joinAndStart(world, name);
  await world.clock.pass(QUIET_MS);
  expect((await world.host("h0").peers()).length).toBe(11);
  await world.restart(() => world.disk.restore(copy));
  await world.clock.pass(QUIET_MS);
  expect((await world.host("h0").peers()).length).toBe(11);
  expect(world.streams?.presence(world.network, "h0")?.error).toBe(
    "refused: it would take away 10 of 11 peers, and nobody says that this is meant",
  );
  const { epoch } = world.ledger;
  cut(world.host("h1"), true);
  await world.commit((state) => setNetwork(state, world.network, { confirmedIn: epoch }));
  await world.clock.pass(1000);
  expect((await world.host("h0").peers()).length).toBe(1);
  // Whoever was away hears it when he comes.
  cut(world.host("h1"), false);
  await world.clock.pass(QUIET_MS);
  expect(await differences(world)).toEqual([]);
});

test("a store that was put back by hand takes nothing from hosts that have seen more", async () => {
  const world = await createWorld(["a", "b"]);
  const copy = world.disk.content;
  await joinAndStart(world, "c");
  await world.clock.pass(QUIET_MS);
  const before = await world.host("a").peers();
  await world.restart(() => world.disk.putBack(copy));
  await world.clock.pass(QUIET_MS);
  expect(await world.host("a").peers()).toEqual(before);
  expect(world.streams?.presence(world.network, "a")?.error).toContain("refused: the server is at");
});

test("what is wrong with one network is no trouble of another, nor of its own hosts", async () => {
  const world = await createWorld(["a", "b"]);
  const before = await world.host("a").peers();
  const { rows } = world.disk.content;
  const row = rows.get("network/m") ?? "";
  const wrong = new Map(rows)
    .set("network/m", row.replace("10.0.0.0/24", "10.0.0.0/99"))
    .set("network/other", row.replace('"m"', '"other"'));
  await world.restart(() => world.disk.putBack({ ...world.disk.content, rows: wrong }));
  await world.clock.pass(QUIET_MS);
  expect(world.ledger.trouble("m")?.message).toContain("network m would be wrong");
  expect(world.ledger.trouble("other")).toBeUndefined();
  expect(await world.host("a").peers()).toEqual(before);
  expect(world.host("a").status).toMatchObject({ isConnected: false, isWaiting: false });
  await world.commit((state) =>
    setNetwork(state, world.network, { settings: { addresses: ["10.0.0.0/25"] } }),
  );
  expect(world.ledger.trouble("m")).toBeUndefined();
  await world.clock.pass(QUIET_MS);
  expect(await differences(world)).toEqual([]);
});

test("what is seen while the store writes is not lost by what it writes", async () => {
  const world = await createWorld(["a"]);
  await world.join("b");
  await world.commit((state) => approveNode(state, world.network, "b", {}));
  const done = world.begin((state) =>
    setNode(state, world.network, "b", { subnets: ["10.9.0.0/24"] }),
  );
  await world.clock.pass(1);
  const endpoint = { host: addressOf("198.51.100.7"), port: 51_820 };
  world.ledger.observe(world.network, "b" as Name, { endpoint, isMapped: false });
  await world.clock.pass(QUIET_MS);
  await done;
  expect(await world.host("a").endpoints()).toEqual(["198.51.100.7:51820"]);
  expect((await world.host("a").peers()).join()).toContain("10.9.0.0/24");
});

test("a full disk takes nothing from anybody, and what was seen meanwhile is written later", async () => {
  const world = await createWorld(["a", "b"]);
  world.disk.isFull = true;
  const wish = world.commit((state) => removeNode(state, world.network, "b"));
  await expect(wish).rejects.toThrow("no space is left");
  await world.clock.pass(QUIET_MS);
  expect(await differences(world)).toEqual([]);
  expect((await world.host("a").peers()).length).toBe(1);
  world.ledger.observe(world.network, "a" as Name, {
    endpoint: { host: addressOf("198.51.100.7"), port: 51_820 },
    isMapped: true,
  });
  await world.clock.pass(QUIET_MS);
  expect(world.disk.content.facts.get("seen/m/a") ?? "").not.toContain("198.51.100.7");
  world.disk.isFull = false;
  await world.clock.pass(QUIET_MS);
  expect(world.disk.content.facts.get("seen/m/a")).toContain("198.51.100.7");
  await world.commit((state) => removeNode(state, world.network, "a"));
  await world.clock.pass(QUIET_MS);
  expect([...world.disk.content.facts.keys()]).not.toContain("seen/m/a");
});

test("an agent that is stopped before its tunnel is up calls no server", async () => {
  const world = await createWorld(["a", "b", "c"]);
  world.host("a").boot();
  world.host("a").startAgent();
  await world.commit((state) => removeNode(state, world.network, "a"));
  await world.clock.pass(QUIET_MS);
  expect(await differences(world)).toEqual([]);
});

test("many that come at once are told of each other together", async () => {
  const world = await createWorld([]);
  const names = Array.from({ length: 30 }, (_, at) => `h${at}`);
  for (const [at, each] of names.entries()) {
    world.host(each).address = addressOf(`198.51.100.${at + 1}`);
    await world.join(each);
    await world.commit((state) => approveNode(state, world.network, each, {}));
  }
  for (const each of names) world.host(each).startAgent();
  await world.clock.pass(QUIET_MS);
  expect((await world.host("h0").endpoints()).length).toBe(29);
  expect(await differences(world)).toEqual([]);
  // Each with each would be 870.
  expect(world.streams?.counts.patches).toBeLessThan(200);
});

function cut(host: SimHost, isCutOff: boolean): void {
  host.isCutOff = isCutOff;
  host.cut();
}
