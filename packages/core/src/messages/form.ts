/** What can be wrong with the form of a document: types, values, fields, names. */
import { error } from "../diagnostics.ts";
import type { Diagnostic } from "../diagnostics.ts";
import { joinTexts, say } from "../phrase.ts";
import type { Phrase } from "../phrase.ts";
import type { Problem } from "../problem.ts";
import { quote } from "../problem.ts";
import { describe, label, nearest, suggestion } from "../wording.ts";
import type { Path } from "../wording.ts";

/** The most names that a misspelling is compared with. */
const COMPARED_NAMES = 500;

export function wrongType(path: Path, expected: Phrase, value: unknown): Diagnostic {
  const actual = describe(value);
  const message = say`${label(path)} must be ${expected}, not ${actual}`;
  return error("wrong-type", path, message, say`write ${expected} here`);
}

export function badValue(path: Path, problem: Problem): Diagnostic {
  return error("bad-value", path, say`${label(path)}: ${problem.message}`, problem.fix);
}

export function outOfRange(
  path: Path,
  value: number,
  limits: { readonly min: number; readonly max: number; readonly unit?: Phrase },
): Diagnostic {
  const unit = limits.unit === undefined ? "" : say` ${limits.unit}`;
  const message = say`${label(path)}: ${value} is out of range`;
  return error(
    "out-of-range",
    path,
    message,
    say`write a number from ${limits.min} to ${limits.max}${unit}`,
  );
}

export function notAChoice(path: Path, value: unknown, words: readonly string[]): Diagnostic {
  const near = typeof value === "string" ? nearest(value, words) : undefined;
  const message = say`${label(path)} cannot be ${describe(value)}`;
  return error("not-a-choice", path, message, suggestion(near, words));
}

export function unknownField(path: Path, name: string, known: readonly string[]): Diagnostic {
  const message = say`${label(path.slice(0, -1))} has no field ${quote(name)}`;
  return error("unknown-field", path, message, suggestion(nearest(name, known), known));
}

export function missingField(path: Path, name: string): Diagnostic {
  const message = say`${label(path)} lacks the field "${name}"`;
  return error("missing-field", path, message, say`add ${name}: …`);
}

export function nameTaken(path: Path, name: string, owner: Phrase): Diagnostic {
  const message = say`the name "${name}" is already that of ${owner}`;
  const fix = say`choose another: nodes, clients, sites and groups share one namespace`;
  return error("name-taken", path, message, fix);
}

export function nameReserved(path: Path, name: string): Diagnostic {
  const message = say`the name "${name}" is that of a file which render writes`;
  return error("name-reserved", path, message, say`choose another`);
}

export function unknownName(
  path: Path,
  name: string,
  kind: Phrase,
  known: Iterable<string>,
): Diagnostic {
  const message = say`${label(path)}: there is no ${kind} "${name}"`;
  const names = [...known];
  // Comparing a thousand wrong names with a thousand right ones would take seconds.
  const near = names.length > COMPARED_NAMES ? undefined : nearest(name, names);
  const fix = names.length === 0 ? say`define the ${kind} first` : suggestion(near, names);
  return error("unknown-name", path, message, fix);
}

export function groupInItself(path: Path, names: readonly string[]): Diagnostic {
  const message = say`${label(path)}: the group contains itself: ${joinTexts(names, " → ")}`;
  return error("group-in-itself", path, message, say`take one of these groups out of the next`);
}

export function wrongSite(path: Path, name: string, site: string): Diagnostic {
  const message = say`${label(path)}: "${name}" is not a node of site "${site}"`;
  return error("wrong-site", path, message, say`give nodes.${name} site: ${site}`);
}

export function noNodes(path: Path): Diagnostic {
  const fix = say`add at least one under nodes, such as  a: { endpoint: a.example.com }`;
  return error("no-nodes", path, say`the mesh has no nodes`, fix);
}

export function lanWithoutSite(path: Path): Diagnostic {
  const fix = say`add site: NAME: nodes of one site dial each other's lan address`;
  return error("lan-without-site", path, say`${label(path)} has no site to be dialled in`, fix);
}

export function interfaceIsPattern(path: Path, name: string, node: string): Diagnostic {
  const message = say`${label(path)}: to iptables, which "${node}" uses, ${name} is every interface whose name begins so`;
  return error("interface-is-pattern", path, message, say`choose a name without + at its end`);
}
