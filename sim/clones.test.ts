/** Two hosts with one disk are told apart from one host that starts anew. */
import { printText } from "@warren/core";
import { removeNode } from "@warren/server";
import { expect, test } from "vitest";
import { createWorld, joinAndStart, QUIET_MS } from "./sample-world.ts";

const TOLD = "two hosts come as this node by turns";

test("an agent that starts anew, however often and however soon, is no copy of itself", async () => {
  const world = await createWorld(["a", "b"]);
  for (const ms of [1, 100, 1000, 5000, 20_000, 60_000]) {
    world.host("a").startAgent();
    await world.clock.pass(ms);
  }
  world.host("a").cut({ agentMs: 0, serverMs: 45_000 });
  await world.clock.pass(QUIET_MS);
  const error = (): string | undefined => world.streams?.presence(world.network, "a")?.error;
  expect(error()).toBeUndefined();
  await world.restart(() => undefined);
  await world.clock.pass(QUIET_MS);
  expect(world.streams?.presence(world.network, "a")).toMatchObject({ isBehind: false });
  expect(error()).toBeUndefined();
});

test("a host that runs from another's disk is shown to the server and on both, until it is gone", async () => {
  const world = await createWorld(["a", "b"]);
  const a = world.host("a");
  const copy = world.copyOf(a);
  copy.startAgent();
  await world.clock.pass(2 * QUIET_MS);
  expect(world.streams?.presence(world.network, "a")?.error).toContain(TOLD);
  for (let seconds = 0; seconds < 60; seconds += 1) {
    await world.clock.pass(1000);
    for (const host of [a, copy]) {
      expect(printText(host.status?.error ?? "")).toContain("replaced");
    }
  }
  copy.killAgent();
  await world.clock.pass(10 * QUIET_MS);
  expect(world.streams?.presence(world.network, "a")?.error).toBeUndefined();
  expect(a.status?.error).toBeUndefined();
});

test("a host that joins under the name of one that was copied is no copy", async () => {
  const world = await createWorld(["a", "b"]);
  world.copyOf(world.host("a")).startAgent();
  await world.clock.pass(2 * QUIET_MS);
  await world.commit((state) => removeNode(state, world.network, "a"));
  await world.clock.pass(1000);
  await joinAndStart(world, "a");
  await world.clock.pass(1000);
  expect(world.streams?.presence(world.network, "a")).toMatchObject({ isBehind: false });
  expect(world.streams?.presence(world.network, "a")?.error).toBeUndefined();
});
