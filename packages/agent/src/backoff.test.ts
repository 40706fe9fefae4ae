/** Delays stay within their windows, and many agents come back spread over them. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../../tools/runs.ts";
import { firstDelayMs, retryDelayMs } from "./backoff.ts";

const NEARLY_ONE = 1 - Number.EPSILON;

test("retryDelayMs() doubles its window up to 15 s", () => {
  const windows = [0, 1, 2, 3, 4, 5, 6, 7, 5000].map((failures) =>
    Math.round(retryDelayMs(failures, NEARLY_ONE)),
  );
  expect(windows).toEqual([250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
  expect(retryDelayMs(5, 0)).toBe(0);
  expect(retryDelayMs(3, 0.5)).toBe(1000);
});

test("firstDelayMs() has 2 ms an agent, and 10 s at most", () => {
  const windows = [0, 1, 500, 5000, 100_000].map((agents) =>
    Math.round(firstDelayMs(agents, NEARLY_ONE)),
  );
  expect(windows).toEqual([0, 2, 1000, 10_000, 10_000]);
});

test("delays are uniform in their windows, whatever the number of failures", () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const property = fc.property(fc.nat({ max: 10_000 }), random, random, (count, one, other) => {
    for (const delay of [retryDelayMs, firstDelayMs]) {
      const [early, late] = [one, other].toSorted((a, b) => a - b) as [number, number];
      expect(delay(count, early)).toBeLessThanOrEqual(delay(count, late));
      expect(delay(count, late)).toBeLessThanOrEqual(15_000);
      expect(delay(count, early) * late).toBeCloseTo(delay(count, late) * early, 3);
    }
  });
  fc.assert(property, runs(200));
});
