/** Loads a mesh in order to write beside it: one command at a time, and nothing when the mesh is wrong. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { exclusively } from "./exclusive.ts";
import { printFindings } from "./findings.ts";
import type { KeyNeed } from "./key-ring.ts";
import type { Terminal } from "./terminal.ts";
import { loadWorkspace, placesOf } from "./workspace.ts";
import type { Plan, Workspace } from "./workspace.ts";

export interface WriteOptions {
  readonly file: string;
  readonly json: boolean;
  readonly strict: boolean;
  readonly keys: KeyNeed;
}

/** Runs `work` on a mesh that holds, while nobody else writes; otherwise says what is wrong. The exit status. */
export function writeBeside(
  terminal: Terminal,
  { file, json, strict, keys }: WriteOptions,
  work: (plan: Plan, workspace: Workspace) => void,
): number {
  const refuse = ({ findings }: Workspace): number => {
    printFindings(terminal, findings, { json });
    return 2;
  };
  const lock = join(placesOf(file).keysFolder, ".writing");
  // The first time there is no place to wait in. It is not made for a mesh that is wrong.
  if (!existsSync(lock)) {
    const need = keys === "make" ? "private" : keys;
    const workspace = loadWorkspace(file, { keys: need, isStrict: strict });
    if (workspace.plan === undefined) return refuse(workspace);
  }
  return exclusively(lock, () => {
    const workspace = loadWorkspace(file, { keys, isStrict: strict });
    if (workspace.plan === undefined) return refuse(workspace);
    work(workspace.plan, workspace);
    return 0;
  });
}
