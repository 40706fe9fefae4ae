/** What a parser answers instead of a value when a text is wrong; and how messages quote such a text. */
import { printText } from "./phrase.ts";
import type { Phrase } from "./phrase.ts";

/** A sentence, and the way out. */
export class Problem {
  readonly message: Phrase;
  readonly fix: Phrase;

  constructor(message: Phrase, fix: Phrase) {
    this.message = message;
    this.fix = fix;
  }

  /** In English, for exceptions. */
  toString(): string {
    return `${printText(this.message)}; ${printText(this.fix)}`;
  }
}

/** Longest piece of a user's text that a message repeats. */
const QUOTED_LENGTH = 60;

/** A user's text as a message may show it: quoted, on one line, control characters escaped, cut when long. */
export function quote(text: string): string {
  const short = text.length > QUOTED_LENGTH ? `${text.slice(0, QUOTED_LENGTH)}…` : text;
  const escaped = short.replaceAll(/["\\\p{Cc}\p{Cf}\u2028\u2029]|\p{Cs}/gu, (character) =>
    character === '"' || character === "\\"
      ? `\\${character}`
      : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return `"${escaped}"`;
}

/** The same of a file that has keys in it: what looks like one is left out, on whatever line it stands. */
export function quoteWithoutKeys(text: string): string {
  return quote(text.replaceAll(/[A-Za-z0-9+/]{40,}=*/g, "…"));
}
