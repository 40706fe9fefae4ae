/**
 * The lab's one temporary folder: made for the owner alone, since private keys lie in it; removed
 * with everything in it; and found again when a lab was killed before it could do so.
 */
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const PREFIX = "warren-lab-";
/** Says when the process that made the folder began, since process numbers come again. */
const OWNER_FILE = "started-at";

export function createFolder(parent: string): string {
  const folder = join(parent, `${PREFIX}${process.pid}`);
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

/** Records whose the folder is, so that no other lab removes it while this one runs. */
export function claimFolder(folder: string): void {
  writeFileSync(join(folder, OWNER_FILE), readStart(process.pid) ?? "");
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Removes what labs that are gone left behind; answers the folders' names. */
export function removeStaleFolders(parent: string): readonly string[] {
  const folders = readdirSync(parent)
    .filter((name) => /^warren-lab-\d+$/.test(name))
    .map((name) => join(parent, name));
  const stale = folders.filter((folder) => isOurs(folder) && isStale(folder));
  for (const folder of stale) removeFolder(folder);
  return stale;
}

/** Anybody may write into a temporary folder: only what we ourselves made is ours to remove. */
function isOurs(folder: string): boolean {
  const state = lstatSync(folder, { throwIfNoEntry: false });
  return state !== undefined && state.isDirectory() && state.uid === process.getuid?.();
}

function isStale(folder: string): boolean {
  const pid = Number(folder.slice(folder.lastIndexOf("-") + 1));
  const running = readStart(pid);
  if (running === undefined || pid === process.pid) return true;
  const recorded = readText(join(folder, OWNER_FILE));
  // Nothing recorded yet: it is being made this very moment.
  return recorded !== undefined && recorded !== "" && recorded !== running;
}

/** When a process began, in clock ticks since boot: field 22 of its stat; undefined when it is gone. */
function readStart(pid: number): string | undefined {
  // The second field is the program's name in parentheses, which may hold anything, also blanks.
  const stat = readText(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
