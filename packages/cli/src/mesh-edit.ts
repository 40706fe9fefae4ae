/** Changes a mesh file as a command asks: one writer at a time, and only to what holds when it is proven. */
import { realpathSync, statSync } from "node:fs";
import * as core from "@warren/core";
import { AppError, refusalOf } from "@warren/api";
import { readDocument } from "./yaml/document.ts";
import { readTextIfThere } from "./files/file-text.ts";
import { printFindings } from "./findings.ts";
import { staged } from "./files/staging.ts";
import type { Terminal } from "./terminal/terminal.ts";
import type { Edit, Plan } from "./workspace.ts";
import { stageKeys, writeBeside } from "./writing.ts";
import { isMapping } from "./yaml/mappings.ts";
import type { NamedSection } from "./yaml/mappings.ts";
import { editYaml } from "./yaml/edit.ts";
import type { Change } from "./yaml/edit.ts";

/** The value of a document that has the form of YAML; what more it must be is for the proof to say. */
export type Reader = (value: unknown, text: string) => string | readonly core.Finding[];

/** Writes what `edit` makes of the mesh file's text, with the addresses that follow from it; the exit status. */
export function editMesh(
  terminal: Terminal,
  file: string,
  edit: Reader,
  tell: (plan: Plan, isChanged: boolean) => void,
): number {
  let before = "";
  let isEdited = false;
  const watched: Edit = (text) => {
    before = text;
    const { value, faults } = readDocument(text);
    const isForm = faults.length === 0 && isMapping(value);
    const after = isForm ? edit(value, text) : text;
    isEdited = typeof after === "string" && after !== text;
    return after;
  };
  const wish = { file, keys: "public", edit: watched } as const;
  const status = writeBeside(terminal, wish, (plan, { places, text, findings }) => {
    refuseProtected(file);
    printFindings(terminal, findings, { json: false });
    staged((staging) => {
      // The file first: all else follows from it, and the next run completes what a kill cut short.
      staging.put(realpathSync(file), text, "as-before");
      stageKeys(staging, plan, places);
      if (readTextIfThere(file) !== before) throw changedMeanwhile(file);
    });
    tell(plan, isEdited);
  });
  if (status !== 0 && isEdited) {
    terminal.say(core.say`${file} is as it was: these are places in what it would have become`);
  }
  return status;
}

/** The text with a change in it. */
export function changeText(file: string, text: string, change: Change): string {
  const after = editYaml(text, change);
  if (after !== undefined) return after;
  const place = core.printPath(change.path);
  const message = core.say`cannot change ${place} in this layout without changing more`;
  const fix = core.say`write out what an anchor (&) or alias (*) stands for there; or change the file by hand`;
  throw new AppError("cannot-write", message, { fix, file });
}

export function nounOf(section: NamedSection): core.Text {
  return {
    nodes: core.say`node`,
    clients: core.say`client`,
    sites: core.say`site`,
    groups: core.say`group`,
  }[section];
}

/** The addresses that a node or client has in a mesh, printed. */
export function addressesOf({ lock, mesh }: Plan, name: string): readonly string[] {
  const ways = core.entrancesOf(mesh).filter(({ client }) => client.name === name);
  const entries = ways.flatMap(({ id }) => lock.entries.get(id)?.addresses ?? []);
  const own = [...lock.nodes].find(([node]) => node === name)?.[1].addresses ?? [];
  return [...own, ...entries].map(core.printAddress);
}

/** Another file will take its place, which a mode alone does not hinder; but it says what is wanted. */
function refuseProtected(file: string): void {
  try {
    if ((statSync(file).mode & 0o222) !== 0) return;
  } catch (cause) {
    throw refusalOf("cannot-write", file, cause);
  }
  const fix = core.say`allow it first: chmod u+w`;
  throw new AppError("cannot-write", core.say`the file is write-protected`, { fix, file });
}

function changedMeanwhile(file: string): AppError {
  const fix = core.say`run the command again`;
  return new AppError("busy", core.say`somebody else has changed the file meanwhile`, {
    fix,
    file,
  });
}
