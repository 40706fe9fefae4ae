/**
 * Collects what is wrong with a mesh: a code, a place in the document, a sentence, the way out. The
 * sentences are in messages/. Knows no file and no line: a path is a path of fields.
 */
import { say } from "./phrase.ts";
import { printText } from "./phrase.ts";
import type { Phrase } from "./phrase.ts";
import { printPath } from "./wording.ts";
import type { Path } from "./wording.ts";

export type Severity = "error" | "warning";

export interface Diagnostic {
  readonly severity: Severity;
  readonly code: string;
  readonly path: Path;
  readonly message: Phrase;
  readonly fix: Phrase;
}

/** More of one code than this are counted, not listed. */
const LISTED_PER_CODE = 50;

export class Diagnostics {
  /** Fields that are not known are passed over. */
  readonly isLenient: boolean;
  readonly #most: number;
  readonly #list: Diagnostic[] = [];
  readonly #counts = new Map<string, number>();
  readonly #said = new Set<string>();
  #errorCount = 0;

  /** With `most` errors a form is read no further: whoever chose what is in it is not served for ever. */
  constructor({
    most = Infinity,
    isLenient = false,
  }: { readonly most?: number; readonly isLenient?: boolean } = {}) {
    this.#most = most;
    this.isLenient = isLenient;
  }

  /** In the order in which they were found, and for each code with too many how many more there are. */
  get list(): readonly Diagnostic[] {
    const rests = [...this.#counts]
      .filter(([, count]) => count > LISTED_PER_CODE)
      .map(([code, count]): Diagnostic => {
        const like = this.#list.findLast((each) => each.code === code);
        const message = say`and ${count - LISTED_PER_CODE} more like this`;
        const { severity = "error", path = [] } = like ?? {};
        return { severity, code, path, message, fix: say`mend these first` };
      });
    return [...this.#list, ...rests];
  }

  get isFull(): boolean {
    return this.#errorCount >= this.#most;
  }

  get hasErrors(): boolean {
    return this.#errorCount > 0;
  }

  /** Undefined, so that a parser can say and give up in one expression. */
  add(diagnostic: Diagnostic): undefined {
    const { severity, code, path, message } = diagnostic;
    if (severity === "error") this.#errorCount += 1;
    const count = this.#counts.get(code) ?? 0;
    const words = `${printPath(path)} ${printText(message)}`;
    // Many devices can show one and the same mistake: it is said once.
    if (count < LISTED_PER_CODE && this.#said.has(words)) return;
    this.#counts.set(code, count + 1);
    if (count >= LISTED_PER_CODE) return;
    this.#said.add(words);
    this.#list.push(diagnostic);
  }

  /** Takes over all that another has found. */
  join(other: Diagnostics): void {
    for (const each of other.#list) this.add(each);
    for (const [code, count] of other.#counts) {
      const listed = other.#list.filter((each) => each.code === code).length;
      this.#counts.set(code, (this.#counts.get(code) ?? 0) + count - listed);
    }
  }

  /** A strict reading: every warning becomes an error. */
  strict(): Diagnostics {
    const strict = new Diagnostics();
    for (const each of this.#list) strict.add({ ...each, severity: "error" });
    for (const [code, count] of this.#counts) strict.#counts.set(code, count);
    return strict;
  }
}

export function error(code: string, path: Path, message: Phrase, fix: Phrase): Diagnostic {
  return { severity: "error", code, path, message, fix };
}

export function warning(code: string, path: Path, message: Phrase, fix: Phrase): Diagnostic {
  return { severity: "warning", code, path, message, fix };
}
