/** warren remove: takes a node, a client, a site or a group out of the mesh file, when nothing names it. */
import * as core from "@warren/core";
import { unknownName } from "../app-error.ts";
import { readDocument } from "../yaml/document.ts";
import { locateFindings } from "../findings.ts";
import { changeText, editMesh } from "../mesh-edit.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { commandOn, nextCommand } from "../terminal/words.ts";
import { fieldsOf, findSection, listNames } from "../yaml/mappings.ts";
import { loadWorkspace } from "../workspace.ts";
import type { FileOption } from "./plan.ts";

const SECTIONS = ["nodes", "clients", "sites", "groups"] as const;

export function remove(terminal: Terminal, name: string, { file }: FileOption): number {
  const isOnHost = findNode(file, name)?.isKeyOnHost === true;
  return editMesh(
    terminal,
    file,
    (document, text) => {
      const section = findSection(document, name);
      if (section === undefined) {
        const names = listNames(document, SECTIONS);
        const message = core.say`there is no node, client, site or group ${core.quote(name)}`;
        throw unknownName(message, name, names);
      }
      const named = findReferences(document, name);
      if (named.list.length > 0) return locateFindings(file, readDocument(text), named);
      const isLast = Object.keys(fieldsOf(fieldsOf(document)[section])).length === 1;
      // A mesh without nodes is wrong, and the proof says so; other sections go with what was in them.
      const path = isLast && section !== "nodes" ? [section] : [section, name];
      return changeText(file, text, { path, value: undefined });
    },
    ({ lock }) => {
      terminal.print(core.say`${name}: removed; now run ${nextCommand(file, lock)}`);
      if (isOnHost) terminal.say(stillThere(name, file));
    },
  );
}

/** The lock's word of it, as long as it has one. */
function findNode(file: string, name: string): core.LockedNode | undefined {
  const { plan } = loadWorkspace(file, { keys: "public" });
  return [...(plan?.lock.nodes ?? [])].find(([each]) => each === name)?.[1];
}

/** Nobody knows any more where it is logged in to. */
function stillThere(name: string, file: string): core.Phrase {
  const off = commandOn(file, `push --remove ${name}`);
  return core.say`its host still runs the tunnel: to take it off there, put ${name} back, run ${off}, and remove it then`;
}

/** None where the document has no form: then the proof says what is wrong with what is left. */
function findReferences(document: unknown, name: string): core.Diagnostics {
  const found = new core.Diagnostics();
  const mesh = core.parseMesh(document, new core.Diagnostics());
  for (const path of mesh === undefined ? [] : core.referencesTo(mesh, name)) {
    found.add(core.editMessages.stillNamed(path, name));
  }
  return found;
}
