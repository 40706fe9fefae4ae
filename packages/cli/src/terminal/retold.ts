/** Sentences of libraries as ours, so that they have translations. */
import { say } from "@warren/core";
import type { Phrase } from "@warren/core";

/** The form of a sentence with values in it, and what we say of these. */
export type Form = readonly [form: RegExp, tell: (...values: string[]) => Phrase];

/** By the first form that it has; what has none stays as it is. */
export function retold(sentence: string, forms: readonly Form[]): Phrase {
  for (const [form, tell] of forms) {
    const found = form.exec(sentence);
    if (found !== null) return tell(...found.slice(1));
  }
  return say`${sentence}`;
}
