/** warren diff: what differs between two mesh files, or between a mesh and what was rendered of it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compile, HEADER, Printed, renderFiles } from "@warren/core";
import { diffFiles } from "../file-diff.ts";
import type { FileChange } from "../file-diff.ts";
import { hasErrors, printFindings } from "../findings.ts";
import { createSecrets } from "../key-ring.ts";
import type { KeyNeed } from "../key-ring.ts";
import type { Terminal } from "../terminal.ts";
import { countOf } from "../words.ts";
import { loadWorkspace } from "../workspace.ts";

export interface DiffOptions {
  readonly file: string;
  readonly output: string;
  readonly json: boolean;
}

type Files = ReadonlyMap<string, string>;

/** With `meshes`, compares two mesh files and their locks; without, the output folder with the mesh. */
export function diff(
  terminal: Terminal,
  meshes: { readonly before: string; readonly after: string } | undefined,
  options: DiffOptions,
): number {
  const isOfMeshes = meshes !== undefined;
  // Two meshes are compared by the identity of their secrets; rendered files by the secrets themselves.
  const need = isOfMeshes ? "public" : "private";
  const before = isOfMeshes
    ? renderMesh(terminal, meshes.before, need, options)
    : readRendered(options.output);
  const after = renderMesh(terminal, meshes?.after ?? options.file, need, options);
  if (before === undefined || after === undefined) return 2;
  const changes = diffFiles(before, after);
  if (options.json) terminal.print(JSON.stringify(changes, undefined, 2));
  else printChanges(terminal, changes);
  return 0;
}

function renderMesh(
  terminal: Terminal,
  file: string,
  keys: KeyNeed,
  { json }: DiffOptions,
): Files | undefined {
  const { findings, plan } = loadWorkspace(file, { keys, isStrict: false });
  if (hasErrors(findings) || plan === undefined) {
    printFindings(terminal, findings, { json });
    return undefined;
  }
  const secrets = createSecrets(plan.keys);
  const printed = new Printed();
  const files = new Map<string, string>();
  for (const device of compile(plan.index)) {
    for (const { name, text } of renderFiles(device, secrets, printed, "wg-quick")) {
      files.set(join(device.name, name), text);
    }
  }
  return files;
}

function readRendered(output: string): Files {
  const files = new Map<string, string>();
  if (!existsSync(output)) return files;
  for (const entry of readdirSync(output, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !/\.(conf|nft)$/.test(entry.name)) continue;
    const text = readFileSync(path, "utf8");
    if (text.startsWith(HEADER)) files.set(path.slice(output.length).replace(/^\//, ""), text);
  }
  return files;
}

function printChanges(terminal: Terminal, changes: readonly FileChange[]): void {
  const marks = { added: "+", removed: "-", changed: "~" } as const;
  const styles = { added: "green", removed: "red", changed: "yellow" } as const;
  for (const { file, kind, blocks } of changes) {
    terminal.print(terminal.paint("bold", `${marks[kind]} ${file}`));
    if (kind !== "changed") continue;
    for (const block of blocks) {
      terminal.print(terminal.paint(styles[block.kind], `  ${marks[block.kind]} ${block.name}`));
      if (block.kind !== "changed") continue;
      for (const line of block.removed) terminal.print(terminal.paint("red", `    - ${line}`));
      for (const line of block.added) terminal.print(terminal.paint("green", `    + ${line}`));
    }
  }
  terminal.print(
    changes.length === 0 ? "no difference" : `${countOf(changes.length, "file")} differ`,
  );
}
