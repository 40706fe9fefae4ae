/** Folders: made, mostly for their owner alone, listed, and taken away when they are empty; files in them opened. */
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  statSync,
} from "node:fs";
import type { Dirent } from "node:fs";
import { dirname } from "node:path";
import { refusalOf, systemCode } from "@warren/api";

/**
 * Makes a folder and those above it, each of this mode; gives those that were not there, the outermost first.
 * One by one: Node's own way of making several says "no such file" of a disk that is read-only.
 */
export function makeFolder(folder: string, mode = 0o700): readonly string[] {
  if (isFolder(folder)) return [];
  try {
    mkdirSync(folder, { mode: 0o700 });
    // Whatever the umask leaves of it.
    if (mode !== 0o700) chmodSync(folder, mode);
    return [folder];
  } catch (error) {
    // Another process was quicker.
    if (isFolder(folder)) return [];
    if (systemCode(error) !== "ENOENT" || dirname(folder) === folder) throw error;
  }
  const above = makeFolder(dirname(folder), mode);
  try {
    return [...above, ...makeFolder(folder, mode)];
  } catch (error) {
    for (const each of above.toReversed()) removeIfEmpty(each);
    throw error;
  }
}

/** What is in a folder, in order of name; nothing where there is no folder yet. */
export function listFolder(folder: string): readonly Dirent[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.sort((one, other) => (one.name < other.name ? -1 : 1));
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return [];
    throw refusalOf("cannot-read", folder, cause);
  }
}

/** Leaves a link alone, whatever it leads to. */
export function removeIfEmpty(folder: string): void {
  const isHere = lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (isHere && readdirSync(folder).length === 0) rmdirSync(folder);
}

/** What `read` makes of a file that is open for it. */
export function withOpen<T>(file: string, read: (descriptor: number) => T): T {
  const descriptor = openSync(file, "r");
  try {
    return read(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
