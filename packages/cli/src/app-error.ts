/** What people mistype, as errors with a way out. */
import { AppError } from "@warren/api";
import { nearest, Problem, quote, say, suggestion } from "@warren/core";
import type { Mesh, Phrase } from "@warren/core";

/** What a parser made of a word of the command line; what it refuses is wrong usage. */
export function demand<T>(parsed: T | Problem): T {
  if (!(parsed instanceof Problem)) return parsed;
  throw new AppError("usage", parsed.message, { fix: parsed.fix });
}

/** What names nothing that is known: with the word that was meant, or those that there are. */
export function unknownName(text: Phrase, name: string, known: readonly string[]): AppError {
  return new AppError("usage", text, { fix: suggestion(nearest(name, known), known) });
}

export function unknownNode({ nodes }: Mesh, name: string): AppError {
  const known = nodes.map((each) => each.name);
  return unknownName(say`there is no node ${quote(name)}`, name, known);
}
