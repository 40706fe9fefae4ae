/** Lines of a WireGuard file as its readers clean them, and where in the file each character stood. */
import type { Place } from "../finding.ts";

export interface ConfigLine {
  /** From 1. */
  readonly number: number;
  /** As written, without its line end. */
  readonly text: string;
  /** What wg makes of it: up to the first # or NUL, without any white space (config.c). */
  readonly cleaned: string;
}

/** A byte order mark is left out: neither readers nor editors count it as a column. */
export function splitLines(text: string): readonly ConfigLine[] {
  const lines = (hasByteOrderMark(text) ? text.slice(1) : text).split("\n");
  return lines.map((line, at) => ({ number: at + 1, text: line, cleaned: clean(line) }));
}

export function hasByteOrderMark(text: string): boolean {
  return text.startsWith("\uFEFF");
}

/** Where the character at this position of the cleaned line stands; behind the last one, the last one. */
export function placeIn(file: string, line: ConfigLine, at: number): Place {
  return createLocator(file, line)(at);
}

/** The same, asked often: from left to right, each time goes on where the last one came to. */
export function createLocator(file: string, line: ConfigLine): (at: number) => Place {
  let [next, passed, column] = [0, 0, 0];
  return (at) => {
    const part = partOfWg(line.text);
    if (at + 1 < passed) [next, passed, column] = [0, 0, 0];
    for (; next < part.length && passed <= at; next += 1) {
      if (isSpace(part.charCodeAt(next))) continue;
      column = next + 1;
      passed += 1;
    }
    return { file, line: line.number, column: Math.max(column, 1) };
  };
}

/** What a line has before its comment. */
export function withoutComment(text: string): string {
  const hash = text.indexOf("#");
  return hash === -1 ? text : text.slice(0, hash);
}

/** ASCII's letters alone, as strcasecmp folds them: JavaScript's own way turns the Kelvin sign into k. */
export function foldCase(text: string): string {
  return /[A-Z]/.test(text) ? text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
}

/** The key that is meant, whatever the case of its letters. */
export function findKey<Key extends string>(
  keys: readonly Key[],
  written: string,
): Key | undefined {
  // A large mesh has a million lines, nearly all of them as the manuals write them.
  const exact = keys.find((key) => key === written);
  if (exact !== undefined) return exact;
  const folded = foldCase(written);
  return keys.find((key) => foldCase(key) === folded);
}

/** Without white space around it, as bash has it: JavaScript's own way takes more for white space. */
export function trimSpace(text: string): string {
  return text.replace(/^[ \t\n\v\f\r]+/, "").replace(/[ \t\n\v\f\r]+$/, "");
}

function clean(text: string): string {
  return partOfWg(text).replaceAll(/[ \t\v\f\r]+/g, "");
}

function partOfWg(text: string): string {
  const nul = text.indexOf("\0");
  return withoutComment(nul === -1 ? text : text.slice(0, nul));
}

/** A blank, or one of \t, \v, \f and \r; a line holds no \n. */
function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}
