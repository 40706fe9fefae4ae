/** Looks for a text wherever it may have been left: files, journals, what processes were called with. */
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { System } from "./system.ts";
import { upperOf } from "./system-disk.ts";

/** Where a machine writes that is no part of its disk. */
const MEMORY = ["run", "tmp", "dev/shm"];
const WAY_OUT = "this is a defect of the search: please report it";

/** Places on a machine of any of the texts: its files that differ from this machine's, what it keeps in memory, its journal. */
export async function findOnSystem(
  system: System,
  texts: readonly string[],
): Promise<readonly string[]> {
  const root = `/proc/${system.pid}/root`;
  const { output } = await system.attempt({
    words: ["journalctl", "--no-pager", "-o", "export"],
    wayOut: WAY_OUT,
  });
  const files = [
    ...findInFiles(upperOf(system.disk), ...texts).map((path) => `/${path}`),
    ...MEMORY.flatMap((name) =>
      findInFiles(join(root, name), ...texts).map((path) => `/${join(name, path)}`),
    ),
  ];
  return texts.some((text) => output.includes(text)) ? [...files, "journal"] : files;
}

/** Paths below a folder, of files that hold one of the texts and of names that are one. */
export function findInFiles(folder: string, ...texts: readonly string[]): readonly string[] {
  const found: string[] = [];
  const holdsOne = (content: Buffer | string): boolean =>
    texts.some((text) => content.includes(text));
  const visit = (path: string): void => {
    const file = join(folder, path);
    const stats = lstatSync(file, { throwIfNoEntry: false });
    if (holdsOne(path)) found.push(path);
    else if (stats?.isDirectory()) {
      for (const name of readNames(file)) visit(join(path, name));
    } else if (stats?.isFile() && holdsOne(readBytes(file))) found.push(path);
  };
  visit("");
  return found;
}

/** What lies in this machine's folder for temporary files; see findNew. */
export function listTemporary(): readonly string[] {
  return readdirSync(tmpdir());
}

/** Files in this machine's folder for temporary files, in what was not there before. */
export function findNew(before: readonly string[], texts: readonly string[]): readonly string[] {
  const created = listTemporary().filter((name) => !before.includes(name));
  return created.flatMap((name) => {
    const place = join(tmpdir(), name);
    return texts.some((text) => name.includes(text))
      ? [place]
      : findInFiles(place, ...texts).map((path) => join(place, path));
  });
}

/** What all processes of this machine, and of all machines on it, are called with at this moment. */
export function readProcesses(): readonly string[] {
  return listProcesses().flatMap(readCall);
}

function listProcesses(): readonly string[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
}

function readCall(pid: string): readonly string[] {
  return ["cmdline", "environ"].map((kind) =>
    `${kind} ${readBytes(`/proc/${pid}/${kind}`).toString().replaceAll("\0", " ")}`.trim(),
  );
}

/**
 * Collects what new processes are called with until it is stopped; one that lives for some milliseconds
 * may be missed. Those that were there before are too many to be asked so often.
 */
export function watchProcesses(): { readonly stop: () => readonly string[] } {
  const old = new Set(listProcesses());
  const seen = new Set<string>();
  const look = (): void => {
    for (const pid of listProcesses()) {
      if (!old.has(pid)) readCall(pid).forEach((line) => seen.add(line));
    }
  };
  const timer = setInterval(look, 20);
  return {
    stop: () => {
      clearInterval(timer);
      look();
      return [...seen];
    },
  };
}

/** Of a folder; none when it is gone by now, as another test's is when it ends. */
function readNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Nothing when it is gone by now. */
export function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}
