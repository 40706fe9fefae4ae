/** warren set: changes or removes fields of a node, a client, a site or the network in the mesh file. */
import { quote, say } from "@warren/core";
import type { Section } from "@warren/core";
import { AppError } from "@warren/api";
import { unknownName } from "../app-error.ts";
import { readAssignments } from "../assignments.ts";
import type { Assignment } from "../assignments.ts";
import { changeText, editMesh } from "../mesh-edit.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { nextCommand } from "../terminal/words.ts";
import { fieldsOf, findSection, listNames } from "../yaml/mappings.ts";
import type { FileOption } from "./plan.ts";

/** `fields` are FIELD=VALUE; nothing behind the equals sign removes the field. */
export function set(
  terminal: Terminal,
  name: string,
  fields: readonly string[],
  { file }: FileOption,
): number {
  return editMesh(
    terminal,
    file,
    (document, text) => {
      const section = sectionOf(document, name);
      const base = section === "network" ? [section] : [section, name];
      let after = text;
      for (const assignment of readAssignments(section, fields)) {
        after = changeText(file, after, changeOf(document, base, assignment));
      }
      return after;
    },
    ({ lock }, isChanged) => {
      const names = fields.map((each) => each.replace(/=.*$/s, ""));
      const listed = [...new Set(names)].join(", ");
      const next = nextCommand(file, lock);
      if (isChanged) terminal.print(say`${name}: changed (${listed}); now run ${next}`);
      else terminal.print(say`${name}: ${listed} as before; nothing to change`);
    },
  );
}

/** The network has no name of its own on the command line: a node that is called so is edited by hand. */
function sectionOf(document: unknown, name: string): Section {
  const section = name === "network" ? name : findSection(document, name);
  if (section === "groups") {
    const fix = say`change its list in the file`;
    throw new AppError("usage", say`${quote(name)} is a group, which has no fields`, { fix });
  }
  if (section !== undefined) return section;
  const names = [...listNames(document, ["nodes", "clients", "sites"]), "network"];
  const message = say`there is no node, client or site ${quote(name)}`;
  throw unknownName(message, name, names);
}

/** With the last of fields in a field goes the outer one. */
function changeOf(
  document: unknown,
  base: readonly string[],
  { field, value, isEmpty }: Assignment,
): { readonly path: readonly string[]; readonly value: unknown } {
  const path = [...base, ...field];
  if (!isEmpty) return { path, value };
  const outer = path.slice(0, -1);
  const around = outer.reduce<unknown>((inner, step) => fieldsOf(inner)[step], document);
  const isLast = field.length > 1 && Object.keys(fieldsOf(around)).length === 1;
  return { path: isLast ? outer : path, value: undefined };
}
