/** What stands in the way of a change that a command was asked to make in a document. */
import { error } from "../diagnostics.ts";
import type { Diagnostic } from "../diagnostics.ts";
import { say } from "../phrase.ts";
import { label } from "../wording.ts";
import type { Path } from "../wording.ts";

export function stillNamed(path: Path, name: string): Diagnostic {
  const message = say`${label(path)}: "${name}" is named here`;
  return error("still-named", path, message, say`take it out here first, or name another`);
}
