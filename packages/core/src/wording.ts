/** How messages say things: paths, values, lists of names, the word that was probably meant. */
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

export function label(path: Path): string {
  return path.length === 0 ? "the document" : printPath(path);
}

export function describe(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return quote(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return "a mapping";
}

export function listNames(list: readonly string[]): string {
  const listed = list.slice(0, LISTED_NAMES).map((name) => `"${name}"`);
  const rest = list.length - listed.length;
  return rest > 0 ? `${listed.join(", ")} and ${rest} more` : listed.join(", ");
}

export function suggestion(near: string | undefined, known: readonly string[]): string {
  if (near !== undefined) return `did you mean ${near}?`;
  const listed = known.slice(0, LISTED_WORDS).join(", ");
  return known.length > LISTED_WORDS ? `known are ${listed}, …` : `known are ${listed}`;
}

/** The candidate that fewest single-letter changes turn into the word, when they are few for its length. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const allowed = Math.max(1, Math.floor(word.length / 3));
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
