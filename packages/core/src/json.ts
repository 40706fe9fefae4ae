/** What programs write for programs: JSON of a known shape, by a Warren that may be newer or older than this one. */
import { Diagnostics } from "./diagnostics.ts";
import type { Shape } from "./model/shape.ts";
import { Problem } from "./problem.ts";

/** Deeper than anything that is meant: whatever goes on with it does so by calls in calls. */
const MOST_DEPTH = 100;

/** Undefined where it is no JSON, or too deep. */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isDeep(value) ? undefined : value;
  } catch {
    return undefined;
  }
}

/** With the fields of each object in order of name: what says the same is the same text. */
export function printSorted(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each !== "object" || each === null || Array.isArray(each)) return each;
    return Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** By its shape, or the first that is wrong with it. A field that is not known here is a newer one's. */
export function readSent<T>(shape: Shape<T>, value: unknown): T | Problem {
  const diagnostics = new Diagnostics({ most: 1, isLenient: true });
  const read = shape.read(value, [], diagnostics);
  const [wrong] = diagnostics.list;
  return wrong === undefined ? (read as T) : new Problem(wrong.message, wrong.fix);
}

function isDeep(value: unknown, left = MOST_DEPTH): boolean {
  if (typeof value !== "object" || value === null) return false;
  return left === 0 || Object.values(value).some((each) => isDeep(each, left - 1));
}
