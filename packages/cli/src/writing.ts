/** Loads a mesh in order to write beside it: one command at a time, and nothing when the mesh is wrong. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { exclusively } from "./files/exclusive.ts";
import { printFindings } from "./findings.ts";
import { printLock } from "@warren/core";
import { listFolder } from "./files/folders.ts";
import type { Lock, LockedNode, Name } from "@warren/core";
import type { KeyRing } from "./keys/key-ring.ts";
import type { Staging } from "./files/staging.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { loadWorkspace, placesOf } from "./workspace.ts";
import type { LoadOptions, Places, Plan, Workspace } from "./workspace.ts";

export interface WriteOptions extends LoadOptions {
  readonly file: string;
  readonly json?: boolean;
}

/** Runs `work` on a mesh that holds, while nobody else writes; otherwise says what is wrong. The exit status. */
export function writeBeside(
  terminal: Terminal,
  options: WriteOptions,
  work: (plan: Plan, workspace: Workspace) => void,
): number {
  const { file, json = false } = options;
  const refuse = ({ findings }: Workspace): number => {
    printFindings(terminal, findings, { json });
    return 2;
  };
  const lock = join(placesOf(file).keysFolder, ".writing");
  // The first time there is no place to wait in. It is not made for a mesh that is wrong.
  const first = existsSync(lock) ? undefined : findWrong(options);
  if (first !== undefined) return refuse(first);
  return exclusively(lock, () => {
    const workspace = loadWorkspace(file, options);
    if (workspace.plan === undefined) return refuse(workspace);
    work(workspace.plan, workspace);
    return 0;
  });
}

/** In a function of its own, which keeps nothing: two large meshes at once are one too many. */
function findWrong({ file, keys, ...rest }: WriteOptions): Workspace | undefined {
  const need = keys === "make" || keys === "host" ? "private" : keys;
  const workspace = loadWorkspace(file, { ...rest, keys: need });
  return workspace.plan === undefined ? workspace : undefined;
}

/** Keys first, then the lock that names them: a crash between is mended by the next run. */
export function stageKeys(staging: Staging, { keys, lock }: Plan, places: Places): void {
  const { keysFolder, lockFile, meshFile } = places;
  staging.sweepFile(meshFile);
  staging.ignoreAll(keysFolder);
  staging.protect(keysFolder);
  for (const { name } of listFolder(keysFolder)) {
    if (/\.(key|secret)$/.test(name)) staging.protect(join(keysFolder, name));
  }
  for (const { name, text } of keys.fresh) {
    staging.put(join(keysFolder, name), text, "owner");
  }
  staging.put(lockFile, printRecords(lock, keys), "everybody");
}

/** The lock's text. Keys that are made later, by render or on their hosts, are not in it yet. */
export function printRecords(lock: Lock, keys: KeyRing): string {
  const nodes = [...lock.nodes].map(([name, { publicKey, ...rest }]): [Name, LockedNode] => {
    const isMade = publicKey !== undefined && !keys.missing.has(name);
    return [name, isMade ? { ...rest, publicKey } : rest];
  });
  return printLock({ ...lock, nodes: new Map(nodes) });
}
