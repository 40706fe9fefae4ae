/** Diagnostics with the place in a file, as people and scripts read them. */

import type { Diagnostic, Diagnostics, Finding, Place } from "@warren/core";
import { say } from "@warren/core";
import type { Document } from "./yaml/document.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** More of one code than this are counted, not listed. */
const LISTED_PER_CODE = 50;

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
  return [...faults, ...located].sort(compareFindings);
}

/** By their places; file by file. */
export function compareFindings(one: Place, other: Place): number {
  if (one.file !== other.file) return one.file < other.file ? -1 : 1;
  return one.line - other.line || one.column - other.column;
}

export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some(({ severity }) => severity === "error");
}

/** Hundreds of files can have one and the same mistake: of each code the first are listed, the rest counted. */
export function shortenFindings(findings: readonly Finding[]): readonly Finding[] {
  return [...Map.groupBy(findings, ({ code }) => code).values()]
    .flatMap((alike) => {
      const listed = alike.slice(0, LISTED_PER_CODE);
      const last = listed.at(-1);
      const more = alike.length - listed.length;
      if (last === undefined || more === 0) return listed;
      const { against: _against, ...rest } = last;
      const message = say`and ${more} more like this`;
      return [...listed, { ...rest, message, fix: say`mend these first` }];
    })
    .toSorted(compareFindings);
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
