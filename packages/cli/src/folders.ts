/** Folders that hold secrets: made for their owner alone, listed, and taken away when they are empty. */
import { lstatSync, mkdirSync, readdirSync, rmdirSync } from "node:fs";
import type { Dirent } from "node:fs";
import { dirname, resolve } from "node:path";
import { AppError, describeSystem, systemCode } from "./app-error.ts";

/** Makes a folder and those above it, each 0700; gives those that were not there, the outermost first. */
export function makeFolder(folder: string): readonly string[] {
  const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (made === undefined) return [];
  const outermost = resolve(made);
  const folders = [resolve(folder)];
  for (let at = resolve(folder); at !== outermost; at = dirname(at)) folders.unshift(dirname(at));
  return folders;
}

/** What is in a folder, in order of name; nothing where there is no folder yet. */
export function listFolder(folder: string): readonly Dirent[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.sort((one, other) => (one.name < other.name ? -1 : 1));
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return [];
    const { why, fix } = describeSystem(cause);
    throw new AppError("cannot-read", `cannot read: ${why}`, { fix, file: folder, cause });
  }
}

/** Leaves a link alone, whatever it leads to. */
export function removeIfEmpty(folder: string): void {
  const isFolder = lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (isFolder && readdirSync(folder).length === 0) rmdirSync(folder);
}
