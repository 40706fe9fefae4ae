/** Diagnostics with the place in a file, as people and scripts read them. */

import type { Diagnostic, Diagnostics, Finding, Place } from "@warren/core";
import { say } from "@warren/core";
import type { Document } from "./document.ts";
import type { Terminal } from "./terminal.ts";

/** What a document has wrong, in the order of its lines. */
export function locateFindings(
  file: string,
  document: Document,
  diagnostics: Diagnostics,
): readonly Finding[] {
  const faults = document.faults.map(({ place, message, fix }): Finding => {
    return { severity: "error", code: "syntax", message, fix, file, ...place };
  });
  const located = diagnostics.list.map((diagnostic): Finding => {
    const { severity, code, message, fix } = diagnostic;
    return { severity, code, message, fix, file, ...placeOf(document, diagnostic) };
  });
  return [...faults, ...located].sort(
    (one, other) => one.line - other.line || one.column - other.column,
  );
}

export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some(({ severity }) => severity === "error");
}

/** People get `file:line:column: error CODE: message` on standard error; scripts JSON on standard output. */
export function printFindings(
  terminal: Terminal,
  findings: readonly Finding[],
  options: { readonly json: boolean },
): void {
  if (options.json) {
    const printed = findings.map(({ message, fix, ...rest }) => {
      return { message: terminal.read(message), fix: terminal.read(fix), ...rest };
    });
    terminal.print(JSON.stringify(printed, undefined, 2));
    return;
  }
  for (const { severity, code, message, fix, against, ...place } of findings) {
    const kind =
      severity === "error"
        ? terminal.paint("red", say`error`)
        : terminal.paint("yellow", say`warning`);
    const other = against === undefined ? "" : say`\n  the other place: ${printPlace(against)}`;
    terminal.say(say`${printPlace(place)}: ${kind} ${code}: ${message}\n  ${fix}${other}`);
  }
}

function printPlace({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

function placeOf(document: Document, { path, code }: Diagnostic): { line: number; column: number } {
  return document.locate(path, code === "unknown-field" ? "key" : "value");
}
