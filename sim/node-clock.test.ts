/** A host whose clock goes back is refused by its peers, until they forget what they have seen of it. */
import type { InterfaceName, Name } from "@warren/core";
import { removeNode } from "@warren/server";
import { expect, test } from "vitest";
import type { PlaneWorld } from "./plane-world.ts";
import { createWorld, differences, joinAndStart, QUIET_MS } from "./sample-world.ts";
import type { SimHost } from "./sim-host.ts";

const OWN = "warren0" as InterfaceName;
const DAY_MS = 86_400_000;
/** Where it was heard, which is not where the mesh has it. */
const HEARD = { endpoint: "203.0.113.9:7", handshakeSeconds: 9 };

function generation(world: PlaneWorld, node: string): number | undefined {
  return world.ledger.seenOf(world.network, node as Name).generation;
}

/** As if packets had come from its only peer. */
function hear({ kernel }: SimHost, handshakeSeconds = HEARD.handshakeSeconds): void {
  kernel.disturb(OWN, ({ link }) => {
    if (link?.kind !== "wireguard") throw new Error("it has a tunnel");
    const peers = [...link.peers].map(
      ([key, peer]) => [key, { ...peer, ...HEARD, handshakeSeconds }] as const,
    );
    return { link: { ...link, peers: new Map(peers) } };
  });
}

/** Where its only peer is, and when it was heard there: a new entry of it was never heard. */
async function peerOf({ kernel }: SimHost): Promise<readonly unknown[]> {
  const { link } = await kernel.read(OWN);
  if (link?.kind !== "wireguard") throw new Error("it has a tunnel");
  return [...link.peers.values()].map(({ endpoint, handshakeSeconds }) => ({
    endpoint,
    handshakeSeconds,
  }));
}

const KNOWN = [HEARD];
const ANEW = [{ endpoint: HEARD.endpoint, handshakeSeconds: undefined }];

test("peers of a host whose clock went back while it runs know it anew within 10 s, and once", async () => {
  const world = await createWorld(["a", "b"]);
  const [a, b] = [world.host("a"), world.host("b")];
  hear(a);
  b.clockAheadMs = DAY_MS;
  await world.clock.pass(QUIET_MS);
  b.clockAheadMs -= 5000;
  await world.clock.pass(QUIET_MS);
  expect({ peer: await peerOf(a), is: generation(world, "b") }).toEqual({
    peer: KNOWN,
    is: undefined,
  });
  b.clockAheadMs = 0;
  await world.clock.pass(10_000);
  expect({ peer: await peerOf(a), is: generation(world, "b") }).toEqual({ peer: ANEW, is: 1 });
  expect(a.knocked.at(-1)).toBe("10.0.0.2/32");
  hear(a);
  await world.clock.pass(QUIET_MS);
  for (const host of [a, b]) host.startAgent();
  await world.clock.pass(QUIET_MS);
  await world.restart(() => undefined);
  await world.clock.pass(QUIET_MS);
  expect({ peer: await peerOf(a), is: generation(world, "b") }).toEqual({ peer: KNOWN, is: 1 });
  expect(await differences(world)).toEqual([]);
});

test("a host that joins under the name of one that is out is another, whatever the other's clock was", async () => {
  const world = await createWorld(["a", "b"]);
  const b = world.host("b");
  b.clockAheadMs = DAY_MS;
  await world.clock.pass(QUIET_MS);
  await world.commit((state) => removeNode(state, world.network, "b"));
  await world.clock.pass(QUIET_MS);
  b.clockAheadMs = 0;
  await joinAndStart(world, "b");
  await world.clock.pass(QUIET_MS);
  expect([b.isRunning, generation(world, "b")]).toEqual([true, undefined]);
});

test("a host that booted with an older clock while the server was away is known anew, also by who comes later", async () => {
  const world = await createWorld(["a", "b"]);
  const [a, b] = [world.host("a"), world.host("b")];
  hear(a);
  b.clockAheadMs = DAY_MS;
  await world.clock.pass(QUIET_MS);
  world.killServer();
  a.killAgent();
  b.clockAheadMs = 0;
  b.boot();
  await world.clock.pass(QUIET_MS);
  await world.startServer();
  await world.clock.pass(QUIET_MS);
  expect({ peer: await peerOf(a), is: generation(world, "b") }).toEqual({ peer: KNOWN, is: 1 });
  a.startAgent();
  await world.clock.pass(QUIET_MS);
  expect(await peerOf(a)).toEqual(ANEW);
  // Who was killed between what is said and what is done finds a peer that is silent.
  for (const [seconds, after] of [
    [10, 10],
    [999, undefined],
  ]) {
    hear(a, seconds);
    a.startAgent();
    await world.clock.pass(QUIET_MS);
    expect(await peerOf(a)).toMatchObject([{ handshakeSeconds: after }]);
  }
});
