/** What a format of other tools cannot say of a mesh. */
import { warning } from "../diagnostics.ts";
import type { Diagnostic } from "../diagnostics.ts";
import { say } from "../phrase.ts";
import type { Phrase } from "../phrase.ts";
import { label } from "../wording.ts";
import type { Path } from "../wording.ts";

/** A warning: what can be said is written, and this is for people to see to. */
export function notExpressed(path: Path, format: string, what: Phrase, fix: Phrase): Diagnostic {
  const message = say`${label(path)}: ${format} cannot express ${what}`;
  return warning("not-expressed", path, message, fix);
}
