/** A mistake with its place in a file: what people and scripts are shown, whoever found it. */
import type { Severity } from "./diagnostics.ts";
import type { Phrase } from "./phrase.ts";

/** Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Finding extends Place {
  readonly severity: Severity;
  readonly code: string;
  readonly message: Phrase;
  readonly fix: Phrase;
  /** The other of two places that disagree. */
  readonly against?: Place;
}
