/** Counts as sentences want them. */
import { say } from "@warren/core";
import type { Phrase } from "@warren/core";

export type Noun = "node" | "client" | "tunnel" | "path" | "file";

/** Nouns are words of a sentence, not values in it: in each language a count has its own form. */
export function countOf(count: number, noun: Noun): Phrase {
  const isOne = count === 1;
  switch (noun) {
    case "node":
      return isOne ? say`${count} node` : say`${count} nodes`;
    case "client":
      return isOne ? say`${count} client` : say`${count} clients`;
    case "tunnel":
      return isOne ? say`${count} tunnel` : say`${count} tunnels`;
    case "path":
      return isOne ? say`${count} path` : say`${count} paths`;
    case "file":
      return isOne ? say`${count} file` : say`${count} files`;
  }
}
