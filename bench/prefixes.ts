/** Prefix arithmetic: the whole internet without a thousand ranges, as an exit's clients need it. */
import { cover, parsePrefix, prefixSet, Problem, subtract } from "@warren/core";
import type { Prefix } from "@warren/core";
import { median } from "./measurement.ts";
import type { Measurement } from "./measurement.ts";

const REMOVED = 1000;
const RUNS = 15;

export function measurePrefixes(): readonly Measurement[] {
  return [
    { what: "0.0.0.0/0 minus 1,000 prefixes", all: "0.0.0.0/0", nth: ipv4 },
    { what: "::/0 minus 1,000 prefixes", all: "::/0", nth: ipv6 },
  ].map(({ what, all, nth }) => {
    const removed = Array.from({ length: REMOVED }, (_, at) => read(nth(at)));
    const times = Array.from({ length: RUNS }, () => {
      const startedAt = performance.now();
      cover(subtract(prefixSet([read(all)]), prefixSet(removed)));
      return performance.now() - startedAt;
    });
    return { what, target: 20, measured: median(times), unit: "ms" };
  });
}

/** Scattered hosts: the multiplier is a prime, so that none repeats and no two are neighbours. */
function ipv4(at: number): string {
  const bits = (at * 2_654_435_761) % 2 ** 32;
  return [bits >>> 24, (bits >>> 16) & 255, (bits >>> 8) & 255, bits & 255].join(".");
}

function ipv6(at: number): string {
  const bits = (at * 2_654_435_761) % 2 ** 32;
  return `2001:db8:${(bits >>> 16).toString(16)}:${(bits & 0xffff).toString(16)}::/64`;
}

function read(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix instanceof Problem) throw new Error(String(prefix));
  return prefix;
}
