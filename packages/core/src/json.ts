/** What programs write for programs: JSON of a known shape, by a Warren that may be newer or older than this one. */
import { Diagnostics } from "./diagnostics.ts";
import type { Shape } from "./model/shape.ts";
import { Problem } from "./problem.ts";

/** Undefined where it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** By its shape, or the first that is wrong with it. A field that is not known here is a newer one's. */
export function readSent<T>(shape: Shape<T>, value: unknown): T | Problem {
  const diagnostics = new Diagnostics();
  const read = shape.read(value, [], diagnostics);
  const wrong = diagnostics.list.find(({ code }) => code !== "unknown-field");
  return wrong === undefined ? (read as T) : new Problem(wrong.message, wrong.fix);
}
