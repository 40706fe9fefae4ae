/** warren diff: what differs between two mesh files, or between a mesh and what was rendered of it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { compareMeshes, describeChanges, printCount, say } from "@warren/core";
import type { ChangeLine, Changes, Format } from "@warren/core";
import { diffFiles } from "../file-diff.ts";
import type { FileChange } from "../file-diff.ts";
import { summarizeFiles } from "../file-summary.ts";
import { readTextIfThere } from "../files/file-text.ts";
import { printFindings } from "../findings.ts";
import { listRendered } from "../files/output-folder.ts";
import { rendered } from "../rendering.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { loadWorkspace, placesOf } from "../workspace.ts";
import type { Plan } from "../workspace.ts";
import { printJson } from "./plan.ts";

export interface DiffOptions {
  readonly file: string;
  readonly output: string;
  readonly format: Format;
  readonly json: boolean;
  /** Only what the change does, without the lines of the files. */
  readonly brief: boolean;
}

type Files = ReadonlyMap<string, string>;

/** Compares two mesh files and their locks; without the first, the output folder with the mesh. */
export function diff(
  terminal: Terminal,
  first: string | undefined,
  second: string | undefined,
  options: DiffOptions,
): number {
  // Two meshes are compared by the identity of their secrets; rendered files by the secrets themselves.
  const keys = first === undefined ? "private" : "public";
  const last = second ?? options.file;
  const meshFiles = first === undefined ? [last] : [first, last];
  // A copy of a mesh comes without its lock: then the other's says who had what.
  const lockFiles = meshFiles.map((file) => placesOf(file).lockFile);
  const spareLock = lockFiles.find((file) => existsSync(file));
  const loaded = meshFiles.map((file, at) => {
    const own = lockFiles[at] ?? "";
    const lockFile = existsSync(own) ? own : (spareLock ?? own);
    return loadWorkspace(file, { keys, lockFile });
  });
  const plans = loaded.map(({ plan }) => plan).filter((plan) => plan !== undefined);
  if (plans.length < loaded.length) {
    const findings = loaded.flatMap((each) => (each.plan === undefined ? each.findings : []));
    printFindings(terminal, findings, options);
    return 2;
  }
  const wanted = plans.map((plan) => renderPlan(plan, options.format));
  const [before, after] = first === undefined ? [readRendered(options.output), ...wanted] : wanted;
  const files = diffFiles(before ?? new Map(), after ?? new Map());
  const [old, now] = plans;
  const changes = old === undefined || now === undefined ? undefined : compareMeshes(old, now);
  if (options.json) printJson(terminal, { ...changes, files });
  else printAll(terminal, { changes, files }, options);
  return 0;
}

/** What it does first: that is what people ask. */
function printAll(
  terminal: Terminal,
  {
    changes,
    files,
  }: { readonly changes: Changes | undefined; readonly files: readonly FileChange[] },
  { brief: isBrief }: DiffOptions,
): void {
  const lines = [
    ...(changes === undefined ? [] : describeChanges(changes)),
    ...summarizeFiles(files, changes?.renamed ?? []),
  ];
  printLines(terminal, lines);
  if (!isBrief && files.length > 0) {
    if (lines.length > 0) terminal.print("");
    printFiles(terminal, files);
  }
  terminal.print(
    lines.length + files.length === 0
      ? say`no difference`
      : files.length === 1
        ? say`${files.length} file differs`
        : say`${printCount(files.length)} files differ`,
  );
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

const MARKS = { added: "+", removed: "-", changed: "~" } as const;
const STYLES = { added: "green", removed: "red", changed: "yellow" } as const;

function printLines(terminal: Terminal, lines: readonly ChangeLine[]): void {
  for (const { kind, text } of lines) {
    terminal.print(terminal.paint(STYLES[kind], say`${MARKS[kind]} ${text}`));
  }
}

function printFiles(terminal: Terminal, files: readonly FileChange[]): void {
  for (const { file, kind, blocks } of files) {
    terminal.print(terminal.paint("bold", `${MARKS[kind]} ${file}`));
    if (kind !== "changed") continue;
    for (const block of blocks) {
      terminal.print(terminal.paint(STYLES[block.kind], `  ${MARKS[block.kind]} ${block.name}`));
      if (block.kind !== "changed") continue;
      for (const line of block.removed) terminal.print(terminal.paint("red", `    - ${line}`));
      for (const line of block.added) terminal.print(terminal.paint("green", `    + ${line}`));
    }
  }
}
