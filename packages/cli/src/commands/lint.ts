/** warren check PATH: reads somebody else's files, says what is wrong with them, and writes nothing. */
import { listTexts, lint as lintReading, say } from "@warren/core";
import type { Finding, Text } from "@warren/core";
import { compareFindings, hasErrors, printFindings, shortenFindings } from "../findings.ts";
import { readForeign } from "../foreign.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { countOf } from "../terminal/words.ts";
import type { StrictOption } from "./plan.ts";

export function lint(terminal: Terminal, path: string, { json, strict }: StrictOption): number {
  const linted = lintReading(readForeign(path));
  const findings = linted.findings
    .map((finding): Finding => (strict ? { ...finding, severity: "error" } : finding))
    .toSorted(compareFindings);
  printFindings(terminal, shortenFindings(findings), { json });
  const status = hasErrors(findings) ? 2 : 0;
  if (json) return status;
  const counts = [
    countOf(linted.devices, "device"),
    countOf(linted.tunnels, "tunnel"),
    printCounts(findings),
  ];
  const colour = status === 0 ? "green" : "red";
  terminal.print(say`${terminal.paint(colour, say`linted`)}: ${listTexts(counts)}`);
  return status;
}

function printCounts(findings: readonly Finding[]): Text {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const warnings = findings.length - errors;
  const counts = [
    ...(errors === 0 ? [] : [countOf(errors, "error")]),
    ...(warnings === 0 ? [] : [countOf(warnings, "warning")]),
  ];
  return counts.length === 0 ? say`nothing wrong` : listTexts(counts);
}
