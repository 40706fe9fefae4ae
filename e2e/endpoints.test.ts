/**
 * Peers whose endpoints are names, as real WireGuard with a resolver: they move, they have addresses at
 * which nobody is, their names are dead or slow; and where they answer, nobody touches them.
 */
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MovingNodes } from "./moving-nodes.ts";
import type { Places } from "./moving-nodes.ts";
import { useWorld } from "./world-fixture.ts";

const DUAL = ["203.0.113.40", "203.0.113.41"] as const;
const MOVER = ["203.0.113.10", "203.0.113.20"] as const;
const SLOW = ["203.0.113.30", "203.0.113.31"] as const;
const PLACES: Places = { dual: DUAL, mover: MOVER, slow: SLOW };
/** In the hub's network, and nobody's. */
const NOBODY = "2001:db8:1::dead";
const SLOW_MS = 3500;
const LIMIT_SECONDS = 60;
/** A first handshake may take its second attempt, after 5 s; a busy machine adds to that. */
const PATIENCE = { timeout: 30_000, interval: 100 };
const NONE = "(none)";
/** An empty packet, and one that begins a handshake. */
const [EMPTY, INITIATION] = [32, 148];

const fixture = useWorld();

test("peers that move are back within a minute, whatever becomes of other names", async () => {
  const nodes = await MovingNodes.create(fixture, PLACES, { isClockOurs: false });
  const others = {
    dual: { addresses: [NOBODY, DUAL[0]] },
    dead: { addresses: [], isSilent: true },
  };
  nodes.tell({
    ...others,
    mover: { addresses: [MOVER[0]] },
    slow: { addresses: [SLOW[0]], delayMs: SLOW_MS },
  });
  for (const name of ["dual", "dead"]) nodes.startPings(name);
  nodes.startLoop();
  const started = performance.now();
  const isSet = async (name: string): Promise<boolean> => (await nodes.see(name)).endpoint !== NONE;
  await expect.poll(() => isSet("mover"), PATIENCE).toBe(true);
  // One name is answered late, and one never: nobody waits for them.
  expect(await isSet("slow")).toBe(false);
  const untilReached = async (name: string, since: number): Promise<number> => {
    const limit = { ...PATIENCE, timeout: 100_000 };
    await expect.poll(() => nodes.reaches(name), limit).toBe(true);
    return (performance.now() - since) / 1000;
  };
  const dualSeconds = untilReached("dual", started);
  await Promise.all(["mover", "slow"].map((name) => untilReached(name, started)));
  await Promise.all([nodes.restartAt("mover", MOVER[1]), nodes.restartAt("slow", SLOW[1])]);
  nodes.tell({
    ...others,
    mover: { addresses: [MOVER[1]] },
    slow: { addresses: [SLOW[1]], delayMs: SLOW_MS },
  });
  const moved = performance.now();
  const seconds = await Promise.all([
    dualSeconds,
    untilReached("mover", moved),
    untilReached("slow", moved),
  ]);
  expect(Math.max(...seconds)).toBeLessThan(LIMIT_SECONDS);
  expect(await isSet("dead")).toBe(false);
});

test("a peer with a dead IPv6 address and a live IPv4 one is found, and stays where it is", async () => {
  const nodes = await MovingNodes.create(fixture, PLACES, { isClockOurs: true });
  nodes.tell({ dual: { addresses: [NOBODY, DUAL[0]] } });
  const lookAfter = async (bytes: number): Promise<string> => {
    const before = await nodes.see("dual");
    await nodes.look();
    const { tx } = before;
    const grown = async (): Promise<number> => (await nodes.see("dual")).tx - tx;
    await expect.poll(grown, PATIENCE).toBeGreaterThanOrEqual(bytes);
    return (await nodes.see("dual")).endpoint;
  };
  nodes.startPings("dual");
  const endpoints: string[] = [];
  for (let look = 0; look < 4; look += 1) endpoints.push(await lookAfter(INITIATION));
  expect(endpoints).toEqual([
    `[${NOBODY}]:51820`,
    `[${NOBODY}]:51820`,
    `${DUAL[0]}:51820`,
    `${DUAL[0]}:51820`,
  ]);
  await expect.poll(() => nodes.reaches("dual"), PATIENCE).toBe(true);
  for (let look = 0; look < 3; look += 1) {
    expect(await lookAfter(INITIATION)).toBe(`${DUAL[0]}:51820`);
  }
});

test("a peer that answers from elsewhere, or is idle there, is left alone", async () => {
  const nodes = await MovingNodes.create(fixture, PLACES, { isClockOurs: true });
  nodes.tell({ mover: { addresses: [MOVER[0]] } });
  await nodes.look();
  await expect.poll(() => nodes.reaches("mover"), PATIENCE).toBe(true);
  expect(nodes.asked).toContain("mover.example");
  // It comes from its other address, and its name does not say so.
  await nodes.restartAt("mover", MOVER[1]);
  await nodes.dial("mover");
  await expect.poll(() => nodes.reaches("mover"), PATIENCE).toBe(true);
  const roamed = `${MOVER[1]}:51820`;
  nodes.forget();
  for (let look = 0; look < 4; look += 1) {
    const { rx } = await nodes.see("mover");
    expect(await nodes.reaches("mover")).toBe(true);
    expect((await nodes.see("mover")).rx).toBeGreaterThan(rx);
    expect(await nodes.look()).toBe("");
  }
  await nodes.keepAlive("mover");
  for (let look = 0; look < 4; look += 1) {
    const { rx, tx } = await nodes.see("mover");
    const grown = async (): Promise<number> => (await nodes.see("mover")).tx - tx;
    await expect.poll(grown, PATIENCE).toBeGreaterThanOrEqual(EMPTY);
    expect((await nodes.see("mover")).rx).toBe(rx);
    expect(await nodes.look()).toBe("");
  }
  expect((await nodes.see("mover")).endpoint).toBe(roamed);
  expect(nodes.asked).not.toContain("mover.example");
});

test.each([
  ["getent", "dash"],
  ["getent", "bash --posix"],
  ["nslookup", "busybox sh"],
])("addresses come from %s (%s)", async (tool, words) => {
  const shell = words.split(" ");
  const nodes = await MovingNodes.create(fixture, PLACES, { isClockOurs: true });
  nodes.tell({
    dual: { addresses: [MOVER[1], "2001:db8:1::40", "0.0.0.0"] },
    mover: { addresses: [MOVER[0]] },
    slow: { addresses: ["2001:db8:1::30"], delayMs: 100 },
  });
  const commands = join(fixture.folder.path, "commands");
  mkdirSync(commands);
  for (const name of ["wg", ...shell.slice(0, 1)])
    symlinkSync(`/usr/bin/${name}`, join(commands, name));
  // Its own commands are all that there is but wg.
  const path = tool === "getent" ? [] : ["env", `PATH=${commands}`];
  const said = await nodes.look([...path, ...shell]);
  expect(said.split("\n").sort().join("\n")).toMatchInlineSnapshot(`
    "
    warren-endpoints: wg0: dual now at [2001:db8:1::40]:51820
    warren-endpoints: wg0: mover now at 203.0.113.10:51820
    warren-endpoints: wg0: slow now at [2001:db8:1::30]:51820"
  `);
});
