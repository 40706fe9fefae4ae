/** Whatever happens to a tunnel, the server knows of it what matters; and where nothing happens, nothing is said. */
import type { PeerReport } from "@warren/api";
import type { PublicKey } from "@warren/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../../tools/runs.ts";
import type { PeerState } from "./kernel/kernel.ts";
import { Reports } from "./reports.ts";

const LOOK_MS = 8000;
const KEYS = ["a", "b", "c"] as PublicKey[];

test("a tunnel at rest is told of once, and when its handshake is no longer good", () => {
  const reports = new Reports();
  const told: string[] = [];
  for (let second = 0; second <= 400; second += 8) {
    const peers = new Map([[key(), state({ handshakeSeconds: second })]]);
    if (reports.next(peers, second * 1000) !== undefined) told.push(`${second} s`);
  }
  expect(told).toEqual(["0 s", "184 s"]);
});

test("who is busy is told of at each handshake, and each minute in between", () => {
  const reports = new Reports();
  const told: string[] = [];
  for (let second = 0; second <= 240; second += 8) {
    const peers = new Map([
      [key(), state({ handshakeSeconds: second % 120, received: second * 100_000 })],
    ]);
    if (reports.next(peers, second * 1000) !== undefined) told.push(`${second} s`);
  }
  expect(told).toEqual(["0 s", "64 s", "120 s", "184 s", "240 s"]);
});

test("of those on which nothing ever went only the number is told", () => {
  const [reports, none] = [new Reports(), { received: 0, sent: 0 }];
  const told = (peer: Partial<PeerState>): unknown =>
    reports.next(new Map(KEYS.map((each) => [each, state(each === "b" ? peer : none)])), LOOK_MS);
  expect(told(none)).toEqual({ kind: "report", tunnels: 3, peers: [] });
  expect(told(none)).toBeUndefined();
  const sent = { publicKey: "b", received: 0, sent: 148 };
  expect(told({ ...none, sent: 148 })).toMatchObject({ isPart: true, peers: [sent] });
  // Its interface was made anew.
  expect(told(none)).toBeUndefined();
  expect(told({ ...none, handshakeSeconds: 1 })).toMatchObject({ peers: [{ publicKey: "b" }] });
  expect(told(none)).toMatchObject({ peers: [{ publicKey: "b", sent: 0 }] });
});

test("who goes is told of alone, however many stay", () => {
  const reports = new Reports();
  const all = KEYS.map((each) => [each, state({ received: 1 })] as const);
  reports.next(new Map(all), 0);
  expect(reports.next(new Map(all.slice(1)), LOOK_MS)).toEqual({
    kind: "report",
    tunnels: 2,
    peers: [],
    isPart: true,
    gone: ["a"],
  });
  expect(reports.next(new Map(all.slice(1)), 2 * LOOK_MS)).toBeUndefined();
});

test("what a server makes of parts is what it would have made of the whole, but for a few bytes", () => {
  const seen = fc.record({
    endpoint: fc.constantFrom(undefined, "192.0.2.1:1", "192.0.2.2:1"),
    handshakes: fc.boolean(),
    bytes: fc.constantFrom(0, 100, 200_000),
    isThere: fc.boolean(),
    isForgotten: fc.constantFrom(false, false, false, true),
  });
  const look = fc.tuple(seen, seen, seen);
  const property = fc.property(fc.array(look, { maxLength: 40 }), (looks) => {
    const [reports, server] = [new Reports(), new Map<PublicKey, Known>()];
    const now = new Map(KEYS.map((each) => [each, state({})]));
    for (const [at, changes] of looks.entries()) {
      const peers = new Map<PublicKey, PeerState>();
      for (const [index, change] of changes.entries()) {
        const publicKey = KEYS[index] ?? key();
        now.set(publicKey, after(now.get(publicKey) ?? state({}), change));
        if (change.isThere) peers.set(publicKey, now.get(publicKey) ?? state({}));
        if (change.isForgotten) reports.forget();
      }
      const nowMs = at * LOOK_MS;
      const report = reports.next(peers, nowMs);
      if (report !== undefined && report.isPart !== true) server.clear();
      for (const each of report?.gone ?? []) server.delete(each);
      for (const each of report?.peers ?? []) server.set(each.publicKey, { each, nowMs });
      for (const publicKey of server.keys()) expect(peers.has(publicKey)).toBe(true);
      for (const [publicKey, peer] of peers) expectKnown(server.get(publicKey), peer, nowMs);
    }
  });
  fc.assert(property, runs(100));
});

interface Known {
  readonly each: PeerReport;
  readonly nowMs: number;
}

/** Of whom nothing was told nothing ever went; where he is dialled is then as in his device. */
function expectKnown(known: Known | undefined, peer: PeerState, nowMs: number): void {
  const each = known?.each ?? { endpoint: peer.endpoint, handshakeSeconds: undefined, received: 0 };
  const passed = known === undefined ? Infinity : (nowMs - known.nowMs) / 1000;
  const age = (each.handshakeSeconds ?? Infinity) + passed;
  const real = peer.handshakeSeconds ?? Infinity;
  expect(each.endpoint).toBe(peer.endpoint);
  expect(age === real || Math.abs(age - real) <= 3).toBe(true);
  expect(peer.received - each.received).toBeLessThan(
    passed < 60 ? Infinity : known === undefined ? 1 : 65_536,
  );
}

function after(
  { endpoint: _, handshakeSeconds: age, ...before }: PeerState,
  change: { endpoint: string | undefined; handshakes: boolean; bytes: number },
): PeerState {
  const aged = age === undefined ? undefined : age + LOOK_MS / 1000;
  const handshakeSeconds = change.handshakes ? 0 : aged;
  const received = before.received + change.bytes;
  return {
    ...before,
    received,
    ...(change.endpoint === undefined ? {} : { endpoint: change.endpoint }),
    ...(handshakeSeconds === undefined ? {} : { handshakeSeconds }),
  };
}

function key(): PublicKey {
  return "a" as PublicKey;
}

function state(more: Partial<PeerState>): PeerState {
  return { allowedIps: new Set(), keepaliveSeconds: 0, received: 0, sent: 0, ...more };
}
