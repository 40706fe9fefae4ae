/**
 * Sentences for people, with the values in them kept apart, so that another language can put both in
 * its own order. What a sentence says is decided where it is made, in English; in which language it is
 * read, where it is printed.
 */

/** A sentence made by `say`: the pieces of its template, and what stands between them. */
export interface Phrase {
  readonly words: readonly string[];
  readonly values: readonly Text[];
}

/** A plain string is a value that no language changes: a name, an address, a line of a file. */
export type Text = string | number | Phrase;

/**
 * A language's sentences, by their English templates with numbered places: `{0} lists {1} twice`. The
 * translation has the same places, in any order.
 */
export type Catalogue = ReadonlyMap<string, string>;

/** Makes a sentence: say`${node} lists ${peer} twice`. */
export function say(words: TemplateStringsArray, ...values: readonly Text[]): Phrase {
  return { words, values };
}

/** Texts one after the other, with what stands between them. */
export function joinTexts(texts: readonly Text[], between: Text): Phrase {
  const values = texts.flatMap((text, at) => (at === 0 ? [text] : [between, text]));
  return { words: ["", ...values.map(() => "")], values };
}

/** English where there is no catalogue, or where it lacks a sentence. */
export function printText(text: Text, catalogue?: Catalogue): string {
  if (typeof text !== "object") return String(text);
  const values = text.values.map((value) => printText(value, catalogue));
  const translated = catalogue?.get(templateOf(text));
  if (translated === undefined) {
    return text.words.map((words, at) => `${words}${values[at] ?? ""}`).join("");
  }
  return translated.replaceAll(/\{(\d+)\}/g, (_, at: string) => values[Number(at)] ?? "");
}

/** A phrase's key in a catalogue. */
export function templateOf({ words }: Phrase): string {
  return words.map((piece, at) => (at === 0 ? piece : `{${at - 1}}${piece}`)).join("");
}
