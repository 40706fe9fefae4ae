/** Files of JSON that agents write, read by their shapes. */
import * as core from "@warren/core";
import type { Shape } from "@warren/core";
import { readWhole } from "./atomic-file.ts";

/** Undefined where there is no such file. A field that this program does not know is a newer one's. */
export function readJson<T>(file: string, shape: Shape<T>): T | core.Problem | undefined {
  const text = readWhole(file);
  return text === undefined ? undefined : parseAs(text, shape);
}

/** Of the format of a file: one that this program does not know is a newer one's. */
export function formatShape(known: number): Shape<number> {
  return core.shapes.text((written) => {
    if (written === String(known)) return known;
    const message = core.say`it is of another Warren, in the format ${core.quote(written)}`;
    return new core.Problem(message, core.say`update Warren on this host`);
  });
}

function parseAs<T>(text: string, shape: Shape<T>): T | core.Problem {
  const value = parseJson(text);
  const cut = new core.Problem(core.say`it is no whole JSON`, core.say`mend it`);
  // What stands there instead is not repeated: it may be a secret.
  if (typeof value !== "object") return cut;
  const diagnostics = new core.Diagnostics();
  const read = shape.read(value, [], diagnostics);
  const wrong = diagnostics.list.find(({ code }) => code !== "unknown-field");
  return wrong === undefined ? (read ?? cut) : new core.Problem(wrong.message, wrong.fix);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
