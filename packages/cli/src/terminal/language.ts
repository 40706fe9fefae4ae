/** In which language to speak: what the command line or the environment asks for, and its sentences. */
import type { Catalogue } from "@warren/core";

export const LANGUAGES = ["en", "zh-CN"] as const;
export type Language = (typeof LANGUAGES)[number];

/** The variables that say it, the first that is set and not empty: POSIX, Environment Variables. */
const VARIABLES = ["LC_ALL", "LC_MESSAGES", "LANG"] as const;

/**
 * Known before the command line is parsed, so that what is wrong with it can be said. An unknown word
 * after --lang is left to the parser; an unknown locale means English.
 */
export function findLanguage(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Language {
  const wished = LANGUAGES.find((language) => language === wishOf(words));
  if (wished !== undefined) return wished;
  const locale = VARIABLES.map((name) => environment[name]).find((value) => value);
  return locale !== undefined && /^zh(?![a-z])/i.test(locale) ? "zh-CN" : "en";
}

/** Undefined for English, in which all sentences are written. */
export async function loadCatalogue(language: Language): Promise<Catalogue | undefined> {
  switch (language) {
    case "en":
      return undefined;
    case "zh-CN": {
      const sentences = await import("./zh-cn.json", { with: { type: "json" } });
      return new Map(Object.entries(sentences.default));
    }
  }
}

/** The last one, as the parser has it; what stands after -- is no option. */
function wishOf(words: readonly string[]): string | undefined {
  const end = words.indexOf("--");
  const options = end === -1 ? words : words.slice(0, end);
  const at = options.findLastIndex((word) => word === "--lang" || word.startsWith("--lang="));
  return options[at] === "--lang" ? options[at + 1] : options[at]?.slice("--lang=".length);
}
