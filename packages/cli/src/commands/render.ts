/** warren render: writes a folder a node, ready for /etc/wireguard, with the lock and the keys. */
import { existsSync } from "node:fs";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { compile, Printed, printLock, renderFiles } from "@warren/core";
import type { Format } from "@warren/core";
import { AppError } from "../app-error.ts";
import { printFindings } from "../findings.ts";
import { listFolder } from "../folders.ts";
import { createSecrets } from "../key-ring.ts";
import { listNodeFolders, listRendered } from "../output-folder.ts";
import { staged } from "../staging.ts";
import type { Staging, Written } from "../staging.ts";
import type { Terminal } from "../terminal.ts";
import { countOf } from "../words.ts";
import { placesOf } from "../workspace.ts";
import type { Plan, Places } from "../workspace.ts";
import { writeBeside } from "../writing.ts";

export interface RenderOptions {
  readonly file: string;
  readonly output: string;
  readonly format: Format;
  readonly json: boolean;
  readonly strict: boolean;
}

export function render(terminal: Terminal, options: RenderOptions): number {
  return writeBeside(terminal, { ...options, keys: "make" }, (plan, { findings, places }) => {
    refuseUnfit(options);
    printFindings(terminal, findings, options);
    const written = staged((staging) => writePlan(terminal, plan, places, { options, staging }));
    if (!options.json) terminal.print(summary(options.output, written));
  });
}

/** An output folder holds what is rendered of one mesh, and nothing that is worth more. */
function refuseUnfit({ file, output }: RenderOptions): void {
  const { lockFile, keysFolder } = placesOf(file);
  const isAbove = isInside(file, output);
  if (isAbove || isInside(output, keysFolder)) {
    const why = isAbove ? "the mesh file lies in it" : "it is for keys";
    const fix = "choose a folder of its own with -o: git is told to ignore all that is in it";
    throw new AppError("cannot-write", `cannot render here: ${why}`, { fix, file: output });
  }
  if (existsSync(lockFile) || listRendered(output).length === 0) return;
  const fix = `restore ${lockFile}, which says who has which address; or choose another folder with -o`;
  const message = `this holds what was rendered of a mesh, but ${lockFile} is not there`;
  throw new AppError("cannot-write", message, { fix, file: output });
}

function isInside(path: string, folder: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way === "" || !(way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way));
}

interface RenderJob {
  readonly options: RenderOptions;
  readonly staging: Staging;
}

/** Keys first, then the lock that names them, then what was made of both: a crash between is mended by the next run. */
function writePlan(
  terminal: Terminal,
  plan: Plan,
  places: Places,
  { options, staging }: RenderJob,
): void {
  const { output, format } = options;
  const { keysFolder, lockFile } = places;
  staging.ignoreAll(keysFolder);
  staging.protect(keysFolder);
  for (const { name } of listFolder(keysFolder)) {
    if (/\.(key|secret)$/.test(name)) staging.protect(join(keysFolder, name));
  }
  for (const { name, text } of plan.keys.fresh) {
    staging.put(join(keysFolder, name), text, "owner");
  }
  staging.put(lockFile, printLock(plan.lock), "everybody");
  staging.ignoreAll(output);
  const secrets = createSecrets(plan.keys);
  const printed = new Printed();
  const kept = new Set<string>();
  let done = 0;
  for (const device of compile(plan.index)) {
    for (const { name, text } of renderFiles(device, secrets, printed, format)) {
      const file = join(device.name, name);
      staging.put(join(output, file), text, "owner");
      kept.add(file);
    }
    done += 1;
    terminal.progress(`rendering ${done} of ${plan.proof.nodes}`);
  }
  // Files of ours that this mesh no longer has, and leftovers of killed runs; never anybody else's.
  for (const file of listRendered(output, kept)) staging.remove(join(output, file));
  for (const node of listNodeFolders(output)) staging.sweep(join(output, node));
  staging.sweep(keysFolder);
}

function summary(output: string, { changed, unchanged, removed }: Written): string {
  const counts = [
    `${countOf(changed.length, "file")} written`,
    `${unchanged} unchanged`,
    ...(removed.length === 0 ? [] : [`${removed.length} removed`]),
  ];
  return `${output}: ${counts.join(", ")}`;
}
