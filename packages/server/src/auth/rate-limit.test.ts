/** Tests of the limit on tries, by a clock of their own. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { AppError } from "@warren/api";
import { runs } from "../../../../tools/runs.ts";
import { limitKey, RateLimit } from "./rate-limit.ts";

function isTaken(limit: RateLimit, key: string, now: number): boolean {
  try {
    limit.take(key, now);
    return true;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return false;
  }
}

test("take() allows a burst, then so many a minute, each key for itself", () => {
  const limit = new RateLimit({ burst: 3, perMinute: 2 });
  const tries = [0, 0, 0, 0, 29_999, 30_000, 30_001, 59_999, 60_000, 600_000];
  const taken = tries.map((now) => (isTaken(limit, "a", now) ? "x" : "-"));
  expect(taken.join("")).toBe("xxx--x--xx");
  expect(isTaken(limit, "b", 0)).toBe(true);
});

test("take() says after how long there is another", () => {
  const limit = new RateLimit({ burst: 1, perMinute: 2 });
  limit.take("a", 0);
  expect(() => limit.take("a", 10_000)).toThrow("too many tries: there is another in 20 s");
  limit.take("a", 30_000);
});

test("give() gives back what was no guess, and never more than there was", () => {
  const limit = new RateLimit({ burst: 2, perMinute: 1 });
  for (let at = 0; at < 10; at += 1) {
    limit.take("a", 0);
    limit.give("a", 0);
  }
  expect(limit.size).toBe(0);
  limit.give("a", 0);
  expect([0, 0, 0].map((now) => isTaken(limit, "a", now))).toEqual([true, true, false]);
});

test("take() never allows more than the burst and what has come since, wherever the clock goes", () => {
  const times = fc.array(fc.integer({ min: 0, max: 10 * 60_000 }), { maxLength: 100 });
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 5 }), (given, burst) => {
      const limit = new RateLimit({ burst, perMinute: 6 });
      const sorted = given.toSorted((one, other) => one - other);
      const taken = sorted.filter((now) => isTaken(limit, "a", now));
      for (const [at, from] of taken.entries()) {
        const within = taken.slice(at).map((now, count) => [now - from, count + 1] as const);
        for (const [ms, count] of within) expect(count).toBeLessThanOrEqual(burst + ms / 10_000);
      }
    }),
    runs(100),
  );
  // Back and forth gains nothing.
  const limit = new RateLimit({ burst: 1, perMinute: 1 });
  const jumps = [100_000, 0, 100_000, 0, 100_000];
  expect(jumps.filter((now) => isTaken(limit, "a", now))).toEqual([100_000]);
  // Nor does it cost more than there is to lose.
  expect(() => limit.take("a", 0)).toThrow("there is another in 60 s");
});

test("take() remembers no more keys than it may, and those that were used last", () => {
  const limit = new RateLimit({ burst: 1, perMinute: 1, mostKeys: 100 });
  for (let key = 0; key < 1000; key += 1) limit.take(`key ${key}`, 0);
  expect(limit.size).toBe(100);
  expect([isTaken(limit, "key 999", 0), isTaken(limit, "key 0", 0)]).toEqual([false, true]);
});

test("limitKey() takes together what one person has", () => {
  const keys = ["192.0.2.1", "::ffff:192.0.2.1", "::FFFF:192.0.2.2"].map(limitKey);
  expect(keys).toEqual(["192.0.2.1", "192.0.2.1", "192.0.2.2"]);
  const six = ["2001:db8::1", "2001:db8:0:0:ffff::", "fe80::1%eth0", "2001:db8:0:1::1", "::1"];
  expect(six.map(limitKey)).toEqual([
    "20010db800000000::/64",
    "20010db800000000::/64",
    "fe80000000000000::/64",
    "20010db800000001::/64",
    "0::/64",
  ]);
  expect(limitKey("")).toBe("");
});
