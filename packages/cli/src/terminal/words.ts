/** Counts and commands as sentences want them. */
import { printCount, say } from "@warren/core";
import type { Lock, Phrase } from "@warren/core";

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
  const many = printCount(count);
  const forms: Readonly<Record<Noun, readonly [one: Phrase, several: Phrase]>> = {
    node: [say`${count} node`, say`${many} nodes`],
    client: [say`${count} client`, say`${many} clients`],
    tunnel: [say`${count} tunnel`, say`${many} tunnels`],
    path: [say`${count} path`, say`${many} paths`],
    file: [say`${count} file`, say`${many} files`],
    device: [say`${count} device`, say`${many} devices`],
    host: [say`${count} host`, say`${many} hosts`],
    change: [say`${count} change`, say`${many} changes`],
    error: [say`${count} error`, say`${many} errors`],
    warning: [say`${count} warning`, say`${many} warnings`],
  };
  const [one, several] = forms[noun];
  return count === 1 ? one : several;
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

/** What brings a change to where it counts: push, where hosts have keys of their own, or else render. */
export function nextCommand(file: string, { nodes }: Lock): string {
  const isPushed = [...nodes.values()].some(({ isKeyOnHost }) => isKeyOnHost === true);
  return commandOn(file, isPushed ? "push" : "render");
}

/** A command to be run next on the same mesh file. */
export function commandOn(file: string, words: string): string {
  if (file === MESH_FILE) return `warren ${words}`;
  const isPlain = /^[\w@%+=:,./-]+$/.test(file);
  const word = isPlain ? file : `'${file.replaceAll("'", String.raw`'\''`)}'`;
  return `warren ${words} -f ${word}`;
}
