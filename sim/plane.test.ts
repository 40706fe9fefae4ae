/** Whatever happens to a control plane and its agents: when it is quiet again, every kernel has what the server means. */
import { AppError } from "@warren/api";
import { hashSecret, publicKeyOf } from "@warren/crypto";
import { parseAddress, Problem } from "@warren/core";
import { approveNode, createNetwork, joinNode, removeNode } from "@warren/server";
import { setNetwork, setNode } from "@warren/server";
import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../tools/runs.ts";
import { PlaneWorld } from "./plane-world.ts";

/** Longer than every back-off, and than what a second look takes. */
const QUIET_MS = 60_000;

async function createWorld(names: readonly string[]): Promise<PlaneWorld> {
  const world = new PlaneWorld();
  await world.startServer();
  const settings = { addresses: ["10.0.0.0/24"] };
  const wish = { name: world.network, settings, isOpen: true, secret: "sealed", at: 0 };
  await world.commit((state) => createNetwork(state, wish));
  for (const name of names) {
    await join(world, name);
    await world.commit((state) => approveNode(state, world.network, name, endpointOf(name)));
    world.host(name).startAgent();
  }
  await world.clock.pass(QUIET_MS);
  return world;
}

function endpointOf(name: string): { readonly endpoint: string } {
  return { endpoint: `203.0.113.${name.charCodeAt(0)}` };
}

async function join(world: PlaneWorld, name: string): Promise<void> {
  const { network, clock } = world;
  const publicKey = publicKeyOf(world.host(name).privateKey);
  const credential = hashSecret(`${name} ${clock.now()}`);
  await world.commit((state) =>
    joinNode(state, { network, name: name as never, publicKey, credential, at: clock.now() }),
  );
}

/**
 * Hosts whose kernel is not as the server means; none when all is well. One that was taken out while it
 * was away is told nothing: a server that does not know it may have lost its memory. The others have
 * let go of it.
 */
async function differences(world: PlaneWorld): Promise<readonly string[]> {
  const { state } = world.ledger;
  const known = world.hosts.filter(
    ({ name }) => state.node.get(`${world.network}/${name}`)?.joined !== undefined,
  );
  const all = known.map(async (host) => {
    const [has, wants] = [await host.peers(), world.wanted(host.name)];
    return has.join(";") === wants.join(";")
      ? []
      : [`${host.name} has ${has.length} peers of ${wants.length}`];
  });
  return (await Promise.all(all)).flat();
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

test("an agent that boots without its server begins handshakes: others speak by the old keys", async () => {
  const world = await createWorld(["a", "b"]);
  const a = world.host("a");
  expect(a.knocked).toEqual([]);
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
    const seen = parseAddress(`198.51.100.${name.charCodeAt(0)}`);
    if (seen instanceof Problem) throw new Error(String(seen));
    world.host(name).address = seen;
    await join(world, name);
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

const name = fc.constantFrom("a", "b", "c", "d");
const operation = fc.oneof(
  fc.record({ kind: fc.constant("join" as const), name }),
  fc.record({ kind: fc.constant("set" as const), name, last: fc.nat(3) }),
  fc.record({ kind: fc.constant("remove" as const), name }),
  fc.record({ kind: fc.constant("agent" as const), name }),
  fc.record({ kind: fc.constant("cut" as const), name, isCutOff: fc.boolean() }),
  fc.record({ kind: fc.constant("server" as const), awayMs: fc.nat(20_000) }),
  fc.record({ kind: fc.constant("pass" as const), spanMs: fc.nat(3000) }),
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

test("after any operations, restarts and losses of the line, quiet means right", async () => {
  const operations = fc.array(operation, { maxLength: 25, size: "max" });
  const property = fc.asyncProperty(operations, async (all) => {
    const world = await createWorld(["a", "b", "c"]);
    for (const each of all) {
      try {
        await perform(world, each);
      } catch (error) {
        // Refused by a rule of the mesh: then nothing has changed.
        if (!(error instanceof AppError)) throw error;
      }
    }
    for (const host of world.hosts) host.isCutOff = false;
    await world.clock.pass(QUIET_MS);
    return (await differences(world)).length === 0;
  });
  const found = await fc.check(property, runs(15));
  expect(found.failed ? fc.defaultReportMessage(found) : "").toBe("");
});

async function perform(world: PlaneWorld, each: Operation): Promise<void> {
  const { network } = world;
  switch (each.kind) {
    case "join":
      await join(world, each.name);
      await world.commit((state) => approveNode(state, network, each.name, endpointOf(each.name)));
      world.host(each.name).startAgent();
      return;
    case "set": {
      const subnets = each.last === 0 ? undefined : [`192.168.${each.last}.0/24`];
      await world.commit((state) => setNode(state, network, each.name, { subnets }));
      return;
    }
    case "remove":
      await world.commit((state) => removeNode(state, network, each.name));
      return;
    case "agent":
      world.host(each.name).startAgent();
      return;
    case "cut": {
      const host = world.host(each.name);
      host.isCutOff = each.isCutOff;
      host.cut();
      return;
    }
    case "server":
      world.killServer();
      await world.clock.pass(each.awayMs);
      await world.startServer();
      return;
    case "pass":
      await world.clock.pass(each.spanMs);
  }
}
