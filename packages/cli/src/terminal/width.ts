/** How many columns a text takes in a terminal: Chinese, Japanese and Korean letters take two each. */
import { stripVTControlCharacters } from "node:util";

export function widthOf(text: string): number {
  const letters = Array.from(stripVTControlCharacters(text));
  return letters.reduce((width, letter) => width + (isWide(letter) ? 2 : 1), 0);
}

/** Fills up with blanks on the right. */
export function padTo(width: number, text: string): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

/** Fills up with blanks on the left. */
export function padBefore(width: number, text: string): string {
  return " ".repeat(Math.max(0, width - widthOf(text))) + text;
}

/** The blocks that Unicode's East Asian Width (UAX #11) calls wide or fullwidth, without emoji. */
function isWide(letter: string): boolean {
  return /^[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]/u.test(
    letter,
  );
}
