/** How messages say things: paths, values, lists of names, the word that was probably meant. */
import { joinTexts, say } from "./phrase.ts";
import type { Phrase, Text } from "./phrase.ts";
import { quote } from "./problem.ts";

/** Where in the document something is: field names and list positions from the top. */
export type Path = readonly (string | number)[];

/** Names that one message lists before it counts the rest. */
const LISTED_NAMES = 5;
/** Known words that one message lists. */
const LISTED_WORDS = 40;
/** A word longer than this is no misspelling of a name, and not worth the comparison. */
const LONGEST_MISSPELLING = 64;

/** A path as people write it: `nodes.b.subnets[0]`. */
export function printPath(path: Path): string {
  const steps = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${shown(step)}`));
  return steps.join("").replace(/^\./, "");
}

function shown(step: string): string {
  return /^[\w-]{1,63}$/.test(step) ? step : quote(step);
}

export function label(path: Path): Text {
  return path.length === 0 ? say`the document` : printPath(path);
}

export function describe(value: unknown): Text {
  if (value === null || value === undefined) return say`empty`;
  if (Array.isArray(value)) return say`a list`;
  if (typeof value === "string") return quote(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return say`a mapping`;
}

export function listNames(list: readonly string[]): Text {
  const listed = list.slice(0, LISTED_NAMES).map(quote);
  const rest = list.length - listed.length;
  return rest > 0 ? say`${listTexts(listed)} and ${rest} more` : listTexts(listed);
}

/** One after the other, with the language's own comma between them. */
export function listTexts(texts: readonly Text[]): Text {
  return joinTexts(texts, say`, `);
}

/** A count that people can read: 44,850, in Chinese texts as in English ones. */
export function printCount(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}

export function suggestion(near: string | undefined, known: readonly string[]): Phrase {
  if (near !== undefined) return say`did you mean ${near}?`;
  const listed = listTexts(known.slice(0, LISTED_WORDS));
  return known.length > LISTED_WORDS ? say`known are ${listed}, …` : say`known are ${listed}`;
}

/** The candidate that fewest single-letter changes turn into the word, when they are few for its length. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  // A single letter is as near to every other.
  const allowed = word.length < 2 ? 0 : Math.max(1, Math.floor(word.length / 3));
  if (word.length > LONGEST_MISSPELLING) return undefined;
  const close = candidates
    .map((candidate) => ({
      candidate,
      changes: editDistance(word.toLowerCase(), candidate.toLowerCase()),
    }))
    .filter(({ changes }) => changes <= allowed)
    .sort((one, other) => one.changes - other.changes);
  return close[0]?.candidate;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 0; i < one.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < other.length; j += 1) {
      const substituted = (row[j] ?? 0) + (one[i] === other[j] ? 0 : 1);
      next.push(Math.min(substituted, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}

/** As one word of a shell's command. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./][\w@%+=:,./-]*$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
