/** Counts and commands as sentences want them. */
import { printCount, say } from "@warren/core";
import type { Phrase } from "@warren/core";

export type Noun =
  | "node"
  | "client"
  | "tunnel"
  | "path"
  | "file"
  | "device"
  | "host"
  | "change"
  | "error"
  | "warning";

/** Nouns are words of a sentence, not values in it: in each language a count has its own form. */
export function countOf(count: number, noun: Noun): Phrase {
  const isOne = count === 1;
  const many = printCount(count);
  switch (noun) {
    case "node":
      return isOne ? say`${count} node` : say`${many} nodes`;
    case "client":
      return isOne ? say`${count} client` : say`${many} clients`;
    case "tunnel":
      return isOne ? say`${count} tunnel` : say`${many} tunnels`;
    case "path":
      return isOne ? say`${count} path` : say`${many} paths`;
    case "file":
      return isOne ? say`${count} file` : say`${many} files`;
    case "device":
      return isOne ? say`${count} device` : say`${many} devices`;
    case "host":
      return isOne ? say`${count} host` : say`${many} hosts`;
    case "change":
      return isOne ? say`${count} change` : say`${many} changes`;
    case "error":
      return isOne ? say`${count} error` : say`${many} errors`;
    case "warning":
      return isOne ? say`${count} warning` : say`${many} warnings`;
  }
}

/** A length of time in its largest unit. */
export function printDuration(seconds: number): Phrase {
  if (seconds < 120) return say`${Math.round(seconds)} s`;
  if (seconds < 2 * 3600) return say`${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return say`${Math.floor(seconds / 3600)} h`;
  return say`${Math.floor(seconds / 86400)} d`;
}

/** The mesh file where none is named. */
export const MESH_FILE = "warren.yaml";

/** A command to be run next on the same mesh file. */
export function commandOn(file: string, words: string): string {
  if (file === MESH_FILE) return `warren ${words}`;
  const isPlain = /^[\w@%+=:,./-]+$/.test(file);
  const word = isPlain ? file : `'${file.replaceAll("'", String.raw`'\''`)}'`;
  return `warren ${words} -f ${word}`;
}
