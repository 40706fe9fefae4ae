/** Delays stay within their windows. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../../tools/runs.ts";
import { Backoff, retryDelayMs } from "./backoff.ts";

const NEARLY_ONE = 1 - Number.EPSILON;

test("retryDelayMs() doubles its window up to 15 s", () => {
  const windows = [0, 1, 2, 3, 4, 5, 6, 7, 5000].map((failures) =>
    Math.round(retryDelayMs(failures, NEARLY_ONE)),
  );
  expect(windows).toEqual([250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
  expect(retryDelayMs(5, 0)).toBe(0);
  expect(retryDelayMs(3, 0.5)).toBe(1000);
});

test("delays are uniform in their windows, whatever the number of failures", () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const property = fc.property(fc.nat({ max: 10_000 }), random, random, (count, one, other) => {
    const [early, late] = [one, other].toSorted((a, b) => a - b) as [number, number];
    const [sooner, later] = [retryDelayMs(count, early), retryDelayMs(count, late)];
    expect(sooner).toBeLessThanOrEqual(later);
    expect(later).toBeLessThanOrEqual(15_000);
    expect(sooner * late).toBeCloseTo(later * early, 3);
  });
  fc.assert(property, runs(200));
});

test("Backoff begins with what a connection that stood has told, and doubles after it", () => {
  const backoff = new Backoff();
  const next = (stoodMs?: number): number => Math.round(backoff.nextMs(NEARLY_ONE, stoodMs));
  expect([next(), next()]).toEqual([250, 500]);
  backoff.spread(1234);
  expect([next(15_000), next(), next()]).toEqual([1234, 250, 500]);
  // One that is ended as soon as it was welcomed is no success.
  backoff.spread(1234);
  expect(next(14_999)).toBe(1234);
  backoff.spread(4);
  expect(next(10)).toBe(2000);
});
