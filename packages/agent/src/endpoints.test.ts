/** Whom the agent looks after and where it sends them: the cases of the script for hosts without agent, and its own. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { optional } from "@warren/core";
import type { PublicKey } from "@warren/core";
import { LOOKS, NONE, ROAMED, ROWS, USUAL, V4, V6 } from "../../../tools/endpoint-cases.ts";
import type { Look } from "../../../tools/endpoint-cases.ts";
import { runs } from "../../../tools/runs.ts";
import { sampleKey, sampleOf } from "../../../tools/sample.ts";
import { followedOf, NO_ENDPOINTS, stepEndpoints, usableAddresses } from "./endpoints.ts";
import type { EndpointState, Observation, PeerCounters } from "./endpoints.ts";

const UNROUTED = new Set(["2001:db8:dead::1"]);
const ADDRESSES = ["2001:db8::1", "192.0.2.1"];

test("stepEndpoints() looks after those alone that do not answer, as the script does", () => {
  const names = Object.keys(ROWS);
  const followed = names.map((name) => dialled(name));
  let state = NO_ENDPOINTS;
  for (const [at, seconds] of LOOKS.entries()) {
    const observation = {
      nowMs: seconds * 1000,
      followed,
      peers: names.map((name) => peer(name, ROWS[name]?.looks[at], ROWS[name]?.keepalive)),
      unrouted: UNROUTED,
    };
    const looked = stepEndpoints(state, observation);
    expect(looked.set).toEqual([]);
    const answers = new Map(looked.ask.map((host) => [host, answerOf(host)]));
    const answered = stepEndpoints(looked.state, { ...observation, answers });
    state = answered.state;
    const expected = names.flatMap((name) => {
      const to = ROWS[name]?.set?.[at];
      return to === undefined ? [] : [[sampleKey(name), to]];
    });
    expect(Object.fromEntries(answered.set)).toEqual(Object.fromEntries(expected));
    expect(answered.set).toHaveLength(expected.length);
  }
});

test("stepEndpoints() asks for a name once, whoever is dialled by it, and waits for the answer", () => {
  const two = [dialled("a", "x.example"), dialled("b", "x.example")];
  const peers = [peer("a"), peer("b")];
  const first = stepEndpoints(NO_ENDPOINTS, { nowMs: 0, followed: two, peers });
  expect(first.ask).toEqual(["x.example"]);
  const waiting = stepEndpoints(first.state, { nowMs: 4000, followed: two, peers });
  expect([waiting.ask, waiting.set]).toEqual([[], []]);
  const answers = new Map([["x.example", ADDRESSES]]);
  const done = stepEndpoints(waiting.state, { nowMs: 4500, followed: two, peers, answers });
  expect(done.set).toEqual([
    [sampleKey("a"), V6],
    [sampleKey("b"), V6],
  ]);
  const lost = stepEndpoints(waiting.state, { nowMs: 10_000, followed: two, peers });
  expect(lost.ask).toEqual(["x.example"]);
});

test("stepEndpoints() asks soon for a name that had no address, then more and more seldom", () => {
  const asked: number[] = [];
  let state = NO_ENDPOINTS;
  for (let nowMs = 0; nowMs <= 60_000;) {
    const observation = { nowMs, followed: [dialled("a")], peers: [peer("a")] };
    const looked = stepEndpoints(state, observation);
    if (looked.ask.length > 0) asked.push(nowMs);
    const answers = new Map(looked.ask.map((host) => [host, []]));
    const answered = stepEndpoints(looked.state, { ...observation, answers });
    state = answered.state;
    nowMs = answered.nextMs;
  }
  expect(asked).toEqual([0, 1000, 3000, 7000, 15_000, 30_000, 45_000, 60_000]);
});

test.each<readonly [string, Look]>([
  ["was answered", [NONE, 92, 0]],
  ["was set", [ROAMED, 0, 0]],
])("stepEndpoints() leaves alone what %s meanwhile", (_, look) => {
  const followed = [dialled("a")];
  const asked = stepEndpoints(NO_ENDPOINTS, { nowMs: 0, followed, peers: [peer("a")] });
  const answers = new Map([["a.example", ADDRESSES]]);
  const observation = { nowMs: 100, followed, peers: [peer("a", look)], answers };
  expect(stepEndpoints(asked.state, observation).set).toEqual([]);
});

test("stepEndpoints() dials another name at once, though packets come back from the old one", () => {
  const at = (nowMs: number, host: string): Observation => {
    return { nowMs, followed: [dialled("a", host)], peers: [peer("a", [V4, nowMs, nowMs])] };
  };
  const known = stepEndpoints(NO_ENDPOINTS, at(1000, "old.example"));
  const moved = stepEndpoints(known.state, at(2000, "new.example"));
  expect([known.ask, moved.ask]).toEqual([[], ["new.example"]]);
  const answers = new Map([["new.example", ["192.0.2.7"]]]);
  const answered = stepEndpoints(moved.state, { ...at(2100, "new.example"), answers });
  expect(answered.set).toEqual([[sampleKey("a"), "192.0.2.7:51820"]]);
  expect(stepEndpoints(answered.state, at(60_000, "new.example")).ask).toEqual([]);
});

test("stepEndpoints() forgets who is followed no more, and passes over whom the kernel does not have", () => {
  const peers = [peer("a")];
  const known = stepEndpoints(NO_ENDPOINTS, { nowMs: 0, followed: [dialled("a")], peers });
  const gone = stepEndpoints(known.state, { nowMs: 1, followed: [], peers });
  expect([gone.state, gone.nextMs]).toEqual([NO_ENDPOINTS, 15_001]);
  const absent = stepEndpoints(NO_ENDPOINTS, { nowMs: 0, followed: [dialled("a")], peers: [] });
  expect([absent.state, absent.ask]).toEqual([NO_ENDPOINTS, []]);
});

test("a peer that moved is dialled at its new address within 60 s, whenever its name follows", () => {
  const property = fc.property(
    fc.record({
      /** After its last packet. */
      answerChangesMs: fc.integer({ min: 0, max: 300_000 }),
      firstLookMs: fc.integer({ min: 0, max: 15_000 }),
      resolverMs: fc.integer({ min: 0, max: 5000 }),
      keepaliveSeconds: fc.option(fc.integer({ min: 1, max: 25 }), { nil: undefined }),
    }),
    (world) => {
      expect(moveOf(world) - world.answerChangesMs).toBeLessThanOrEqual(60_000);
    },
  );
  fc.assert(property, runs(300));
});

test("a peer from which packets come back is never asked for", () => {
  const growth = fc.record({
    afterMs: fc.integer({ min: 1, max: 20_000 }),
    sent: fc.nat({ max: 5000 }),
    received: fc.integer({ min: 1, max: 5000 }),
  });
  const property = fc.property(fc.array(growth, { maxLength: 30 }), (all) => {
    let state = NO_ENDPOINTS;
    let look: Look = [V4, 0, 0];
    let nowMs = 0;
    for (const { afterMs, sent, received } of all) {
      nowMs += afterMs;
      look = [V4, look[1] + received, look[2] + sent];
      const step = stepEndpoints(state, {
        nowMs,
        followed: [dialled("a")],
        peers: [peer("a", look)],
      });
      expect(step.ask).toEqual([]);
      state = step.state;
    }
  });
  fc.assert(property, runs(200));
});

test.each([
  [
    ["192.0.2.9", "192.0.2.10", "2001:db8::1", "2001:DB8::2"],
    "2001:db8::2 2001:db8::1 192.0.2.10 192.0.2.9",
  ],
  [["192.0.2.1", "192.0.2.1", "2001:db8:0::1", "2001:db8::1"], "2001:db8::1 192.0.2.1"],
  [["::", "::1", "fe80::1%eth0", "::ffff:192.0.2.1", "0.0.0.0", "127.9.9.9", "$(halt)", ""], ""],
])("usableAddresses() of %j", (texts, expected) => {
  expect(usableAddresses(texts).join(" ")).toBe(expected);
});

test("followedOf() gives the peers that are dialled by name, with a port", () => {
  const { devices } = sampleOf(`
network: { name: m, addresses: [10.0.0.0/24] }
nodes: { a: {}, b: { endpoint: "b.example:4" }, c: { endpoint: c.example }, d: { endpoint: 192.0.2.1 } }
`);
  const followed = followedOf(devices[0]?.peers ?? [], 51_820);
  expect(followed.map(({ host, port }) => `${host} ${port}`)).toEqual([
    "b.example 4",
    "c.example 51820",
  ]);
});

interface World {
  readonly answerChangesMs: number;
  readonly firstLookMs: number;
  readonly resolverMs: number;
  readonly keepaliveSeconds: number | undefined;
}

/** When a peer that sends nothing since 0, and is sent a handshake each 5 s, is dialled where it is now. */
function moveOf(world: World): number {
  const { answerChangesMs, firstLookMs, resolverMs, keepaliveSeconds } = world;
  let state: EndpointState = NO_ENDPOINTS;
  let pending: { atMs: number; answers: Map<string, readonly string[]> } | undefined;
  let lookMs = firstLookMs;
  for (let steps = 0; steps < 100; steps += 1) {
    const nowMs = Math.min(lookMs, pending?.atMs ?? Number.POSITIVE_INFINITY);
    const sent = 148 * Math.floor(nowMs / 5000);
    const observation: Observation = {
      nowMs,
      followed: [dialled("a")],
      peers: [peer("a", [V4, 500, sent], keepaliveSeconds)],
      ...(nowMs === pending?.atMs ? { answers: pending.answers } : {}),
    };
    if (nowMs === pending?.atMs) pending = undefined;
    const step = stepEndpoints(state, observation);
    if (step.set.some(([, to]) => to === "192.0.2.7:51820")) return nowMs;
    if (step.ask.length > 0) {
      const found = nowMs < answerChangesMs ? "192.0.2.1" : "192.0.2.7";
      pending = { atMs: nowMs + resolverMs, answers: new Map([["a.example", [found]]]) };
    }
    state = step.state;
    if (nowMs === lookMs) lookMs = nowMs + 15_000;
  }
  return Number.POSITIVE_INFINITY;
}

function dialled(name: string, host = `${name}.example`) {
  return { publicKey: sampleKey(name), host, port: 51_820 };
}

function peer(name: string, look: Look = [NONE, 0, 0], keepaliveSeconds?: number): PeerCounters {
  const [endpoint, received, sent] = look;
  const publicKey: PublicKey = sampleKey(name);
  const counters = { publicKey, received, sent, ...optional("keepaliveSeconds", keepaliveSeconds) };
  return endpoint === NONE ? counters : { ...counters, endpoint };
}

function answerOf(host: string): readonly string[] {
  const name = host.replace(/\.example$/, "");
  const { "4": v4 = [], "6": v6 = [] } = ROWS[name]?.answers ?? USUAL;
  return [...v4, ...v6];
}
