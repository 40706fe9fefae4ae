/** warren add: adds a node, a client or a site to the mesh file, and says which address it was given. */
import { parseName, Problem, quote, say } from "@warren/core";
import { AppError } from "@warren/api";
import { demand } from "../app-error.ts";
import { readAssignments } from "../assignments.ts";
import type { Assignment } from "../assignments.ts";
import { addressesOf, changeText, editMesh, nounOf } from "../mesh-edit.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { commandOn, nextCommand } from "../terminal/words.ts";
import { fieldsOf, findSection } from "../yaml/mappings.ts";

export interface AddOptions {
  readonly file: string;
  readonly client: boolean;
  readonly site: boolean;
}

/** `words` are FIELD=VALUE. */
export function add(
  terminal: Terminal,
  written: string,
  words: readonly string[],
  options: AddOptions,
): number {
  const { file } = options;
  refuseKind(written, words);
  const section = sectionFor(options);
  const name = demand(parseName(written));
  const value = valueOf(readAssignments(section, words));
  return editMesh(
    terminal,
    file,
    (document, text) => {
      const taken = findSection(document, name);
      if (taken === undefined) return changeText(file, text, { path: [section, name], value });
      const fix = say`choose another name; or change this one: warren set ${name} FIELD=VALUE`;
      const message = say`there is a ${nounOf(taken)} ${quote(name)} already`;
      throw new AppError("usage", message, { fix });
    },
    (plan) => {
      const addresses = addressesOf(plan, name).join(", ");
      if (section === "sites") terminal.print(say`${name}: added; nodes are in it by site=${name}`);
      else {
        const next =
          section === "nodes" ? nextCommand(file, plan.lock) : commandOn(file, `qr ${name}`);
        terminal.print(say`${name}: added, with the address ${addresses}; now run ${next}`);
      }
    },
  );
}

/** `add client phone` would have a node be called client. */
function refuseKind(kind: string, [name = ""]: readonly string[]): void {
  const sections = ["nodes", "clients", "sites"] as const;
  const section = sections.find((each) => each === `${kind}s`);
  if (section === undefined || parseName(name) instanceof Problem) return;
  const option = section === "nodes" ? "" : ` --${kind}`;
  const fix = say`to add a ${nounOf(section)}: warren add ${name}${option}`;
  throw new AppError("usage", say`${quote(name)} is not FIELD=VALUE`, { fix });
}

function sectionFor({ client, site }: AddOptions): "nodes" | "clients" | "sites" {
  if (client && site) {
    const fix = say`name one of --client and --site`;
    throw new AppError("usage", say`nothing is a client and a site`, { fix });
  }
  if (client) return "clients";
  return site ? "sites" : "nodes";
}

/** Fields of fields in one mapping each. */
function valueOf(assignments: readonly Assignment[]): Readonly<Record<string, unknown>> {
  let fields: Readonly<Record<string, unknown>> = {};
  for (const { field, value } of assignments) fields = extended(fields, field, value);
  return fields;
}

function extended(
  fields: Readonly<Record<string, unknown>>,
  [name = "", ...rest]: readonly string[],
  value: unknown,
): Readonly<Record<string, unknown>> {
  const inner = rest.length === 0 ? value : extended(fieldsOf(fields[name]), rest, value);
  return { ...fields, [name]: inner };
}
