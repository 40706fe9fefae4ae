/** Tells a mesh file from files of WireGuard, by its name or by what is in it. */
import { statSync } from "node:fs";
import type { Stats } from "node:fs";
import { basename } from "node:path";
import { readTextIfThere } from "./files/file-text.ts";

/** A name is enough where it says so, be there such a file or not. */
export function isMeshPath(path: string): boolean {
  const stat = findStats(path);
  // What is no plain file can be read only once: a pipe, /dev/stdin.
  if (stat !== undefined && !stat.isFile()) return false;
  // wg-gen-web's is JSON, too.
  if (/\.(ya?ml|json)$/i.test(path)) return basename(path) !== "server.json";
  if (stat === undefined || /\.(conf|csv)$/i.test(path)) return false;
  return /^[\s{]*["']?(network|nodes)["']?\s*:/m.test(readTextIfThere(path) ?? "");
}

/** What cannot be looked at is refused by whoever reads it. */
function findStats(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
