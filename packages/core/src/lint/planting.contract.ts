/** Changes folders of files for the linter's tests: a mistake is planted, or a variant. */
import type { Folder } from "./folders.contract.ts";

/** What stands in a file, once, and what stands there instead; nothing in a file that is not there yet. */
export type Edit = readonly [file: string, from: string, to: string];

export interface Change {
  readonly what: string;
  readonly folder: Folder;
  readonly edits: readonly Edit[];
  readonly renamed?: readonly [before: string, after: string];
}

export interface Mistake extends Change {
  /** Files that anybody may read. */
  readonly exposed?: readonly string[];
  /** All that is found: the mistake, and what must follow from it. */
  readonly found: readonly string[];
}

export function plant({ folder, edits, renamed }: Change): Folder {
  const planted = new Map(folder);
  if (renamed !== undefined) {
    planted.set(renamed[1], planted.get(renamed[0]) ?? "");
    planted.delete(renamed[0]);
  }
  for (const [file, from, to] of edits) {
    const text = planted.get(file);
    const pieces = text === undefined && from === "" ? ["", ""] : (text ?? "").split(from);
    if (pieces.length !== 2) throw new Error(`${file} has ${pieces.length - 1} times ${from}`);
    planted.set(file, pieces.join(to));
  }
  return planted;
}

/** The AllowedIPs of a peer in a folder whose peers begin with a comment. */
export function block(peer: string, folder: Folder, file: string): string {
  const text = folder.get(file) ?? "";
  return new RegExp(`# ${peer}\\n(.+\\n)*`).exec(text)?.[0] ?? "";
}

/** Changes a peer's block alone. */
export function editBlock(
  folder: Folder,
  [file, peer]: readonly [string, string],
  [from, to]: readonly [string | RegExp, string],
): Edit {
  const before = block(peer, folder, file);
  return [file, before, before.replace(from, to)];
}
