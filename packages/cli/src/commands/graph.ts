/** warren graph: draws the mesh, and opens the picture where there is a desktop. */
import { existsSync, mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve, sep } from "node:path";
import * as core from "@warren/core";
import { AppError, refusalOf } from "@warren/api";
import { openFile } from "../terminal/desktop.ts";
import { writeNamed } from "../files/staging.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { placesOf } from "../workspace.ts";
import type { Places } from "../workspace.ts";
import { loadPlan } from "./plan.ts";

export interface GraphOptions {
  readonly file: string;
  /** A file to write; `-` is standard output. Absent: a picture is shown, and text is printed. */
  readonly output?: string;
  readonly format: "svg" | "dot" | "json";
}

export async function graph(terminal: Terminal, options: GraphOptions): Promise<number> {
  const { file, output, format } = options;
  const plan = loadPlan(terminal, { file }, { keys: "public" });
  if (plan === undefined) return 2;
  const text = printPicture(terminal, core.pictureOf(plan.index), format);
  if (output === "-" || (output === undefined && format !== "svg")) {
    terminal.print(text.trimEnd());
  } else if (output === undefined) {
    await show(terminal, plan.mesh.network.name, text);
  } else {
    refuseOwn(output, placesOf(file));
    writeNamed(output, text, "everybody");
    terminal.say(core.say`${output}: written`);
  }
  return 0;
}

function printPicture(
  terminal: Terminal,
  picture: core.Picture,
  format: GraphOptions["format"],
): string {
  const words = (text: core.Text): string => terminal.read(text);
  switch (format) {
    case "svg":
      return core.renderSvg(core.layout(picture, words));
    case "dot":
      return core.renderDot(picture, words);
    case "json":
      return `${JSON.stringify(picture, undefined, 2)}\n`;
  }
}

/** A slip of the hand must not cost the mesh, its lock or its keys. */
function refuseOwn(output: string, { meshFile, lockFile, keysFolder }: Places): void {
  const path = realOf(output);
  const isOwn = [meshFile, lockFile].some((own) => realOf(own) === path);
  if (!isOwn && !path.startsWith(realOf(keysFolder) + sep)) return;
  const fix = core.say`choose another name for the picture`;
  throw new AppError("usage", core.say`${output} belongs to the mesh itself`, { fix });
}

/** What links lead to, as far as there is something. */
function realOf(path: string): string {
  return existsSync(path)
    ? realpathSync(path)
    : join(realOf(dirname(resolve(path))), basename(path));
}

/** The path is printed in any case: what opens files says nothing when it fails. */
async function show(terminal: Terminal, name: string, text: string): Promise<void> {
  const file = join(makeFolder(), `${name}.svg`);
  writeNamed(file, text, "everybody");
  terminal.print(file);
  const { opener } = terminal;
  if (opener === undefined || (await openFile(opener, file))) return;
  terminal.say(
    core.say`there is no ${opener} to open it with: open it by hand, or name a file with -o`,
  );
}

/** Under a name that nobody can have guessed. */
function makeFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), "warren-graph-"));
  } catch (cause) {
    throw refusalOf("cannot-write", tmpdir(), cause);
  }
}
