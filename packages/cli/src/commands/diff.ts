/** warren diff: what differs between two mesh files, or between a mesh and what was rendered of it. */
import { say } from "@warren/core";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Format } from "@warren/core";
import { diffFiles } from "../file-diff.ts";
import type { FileChange } from "../file-diff.ts";
import { readTextIfThere } from "../file-text.ts";
import { printFindings } from "../findings.ts";
import { listRendered } from "../output-folder.ts";
import { rendered } from "../rendering.ts";
import type { Terminal } from "../terminal.ts";
import { loadWorkspace, placesOf } from "../workspace.ts";
import type { Plan } from "../workspace.ts";

export interface DiffOptions {
  readonly file: string;
  readonly output: string;
  readonly format: Format;
  readonly json: boolean;
}

type Files = ReadonlyMap<string, string>;

/** With `meshes`, compares two mesh files and their locks; without, the output folder with the mesh. */
export function diff(
  terminal: Terminal,
  meshes: { readonly before: string; readonly after: string } | undefined,
  options: DiffOptions,
): number {
  // Two meshes are compared by the identity of their secrets; rendered files by the secrets themselves.
  const keys = meshes === undefined ? "private" : "public";
  const files = meshes === undefined ? [options.file] : [meshes.before, meshes.after];
  // A copy of a mesh comes without its lock: then the other's says who had what.
  const lockFiles = files.map((file) => placesOf(file).lockFile);
  const spareLock = lockFiles.find((file) => existsSync(file));
  const loaded = files.map((file, at) => {
    const own = lockFiles[at] ?? "";
    const lockFile = existsSync(own) ? own : (spareLock ?? own);
    return loadWorkspace(file, { keys, isStrict: false, lockFile });
  });
  const plans = loaded.map(({ plan }) => plan).filter((plan) => plan !== undefined);
  if (plans.length < loaded.length) {
    const findings = loaded.flatMap((each) => (each.plan === undefined ? each.findings : []));
    printFindings(terminal, findings, options);
    return 2;
  }
  const wanted = plans.map((plan) => renderPlan(plan, options.format));
  const [before, after] = meshes === undefined ? [readRendered(options.output), ...wanted] : wanted;
  const changes = diffFiles(before ?? new Map(), after ?? new Map());
  if (options.json) terminal.print(JSON.stringify(changes, undefined, 2));
  else printChanges(terminal, changes);
  return 0;
}

function renderPlan(plan: Plan, format: Format): Files {
  const files = new Map<string, string>();
  for (const { path, text } of rendered(plan, format)) files.set(path, text.join(""));
  return files;
}

function readRendered(output: string): Files {
  const files = listRendered(output);
  return new Map(files.map((file) => [file, readTextIfThere(join(output, file)) ?? ""]));
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
    changes.length === 0
      ? say`no difference`
      : changes.length === 1
        ? say`${changes.length} file differs`
        : say`${changes.length} files differ`,
  );
}
