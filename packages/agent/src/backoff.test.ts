/** Nobody waits longer than the server has been away, and nobody calls all the time. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../../tools/runs.ts";
import { Backoff } from "./backoff.ts";

const NEARLY_ONE = 1 - Number.EPSILON;

test("Backoff waits as long as the server has been away, from 250 ms to 15 s", () => {
  const backoff = new Backoff();
  const windows = [0, 100, 300, 1000, 9000, 20_000, 3_600_000].map((now) =>
    Math.round(backoff.nextMs(NEARLY_ONE, now)),
  );
  expect(windows).toEqual([250, 250, 300, 1000, 9000, 15_000, 15_000]);
});

test("Backoff begins with what a connection that stood has told, and anew after it", () => {
  const backoff = new Backoff();
  const next = (now: number, stoodMs?: number): number =>
    Math.round(backoff.nextMs(NEARLY_ONE, now, stoodMs));
  expect([next(0), next(5000)]).toEqual([250, 5000]);
  backoff.spread(1234);
  expect([next(20_000, 15_000), next(20_100), next(21_000)]).toEqual([1234, 250, 1000]);
  // One that is ended as soon as it was welcomed is no success.
  backoff.spread(4);
  expect(next(22_000, 14_999)).toBe(2000);
  backoff.spread(9999);
  expect(next(22_000, 10)).toBe(9999);
});

test("a thousand that lost their server for a while are all back after as long again", () => {
  const property = fc.property(fc.nat(), fc.integer({ min: 500, max: 15_000 }), (seed, awayMs) => {
    const backoff = new Backoff();
    backoff.spread(Math.min(awayMs, 2000));
    const draw = uniform(seed);
    let [now, calls] = [backoff.nextMs(draw(), 0, 60_000), 1];
    while (now < awayMs) {
      now += Math.max(1, backoff.nextMs(draw(), now));
      calls += 1;
    }
    expect(now).toBeLessThanOrEqual(2 * awayMs + 250);
    // Half of a window on average: 250 ms become 15 s in some ten steps.
    expect(calls).toBeLessThan(60);
  });
  fc.assert(property, runs(300));
});

/** From 0 to below 1; fast-check's own numbers are often the least or the largest there are. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    // mulberry32.
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
