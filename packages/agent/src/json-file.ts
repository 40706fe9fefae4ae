/** Files of JSON that agents write, read by their shapes. */
import * as core from "@warren/core";
import type { Shape } from "@warren/core";
import { readWhole } from "./atomic-file.ts";

/** Undefined where there is no such file. */
export function readJson<T>(file: string, shape: Shape<T>): T | core.Problem | undefined {
  const text = readWhole(file);
  if (text === undefined) return undefined;
  const value = core.parseJson(text);
  // What stands there instead is not repeated: it may be a secret.
  if (typeof value === "object") return core.readSent(shape, value);
  return new core.Problem(core.say`it is no whole JSON`, core.say`mend it`);
}

/** Of the format of a file: one that this program does not know is a newer one's. */
export function formatShape(known: number): Shape<number> {
  return core.shapes.text((written) => {
    if (written === String(known)) return known;
    const message = core.say`it is of another Warren, in the format ${core.quote(written)}`;
    return new core.Problem(message, core.say`update Warren on this host`);
  });
}
