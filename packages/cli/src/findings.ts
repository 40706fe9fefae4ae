/** Diagnostics with the place in a file, as people and scripts read them. */

import type { Diagnostic, Diagnostics, Severity } from "@warren/core";
import type { Document } from "./document.ts";
import type { Terminal } from "./terminal.ts";

export interface Finding {
  readonly severity: Severity;
  readonly code: string;
  readonly message: string;
  readonly fix: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

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
    terminal.print(JSON.stringify(findings, undefined, 2));
    return;
  }
  for (const { file, line, column, severity, code, message, fix } of findings) {
    const kind = terminal.paint(severity === "error" ? "red" : "yellow", severity);
    terminal.say(`${file}:${line}:${column}: ${kind} ${code}: ${message}\n  ${fix}`);
  }
}

function placeOf(document: Document, { path, code }: Diagnostic): { line: number; column: number } {
  return document.locate(path, code === "unknown-field" ? "key" : "value");
}
