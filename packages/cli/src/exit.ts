/** The one door through which failures leave: what the world refused in words, our own mistakes as such. */
import { AppError } from "@warren/api";
import { printFindings } from "./findings.ts";
import { say } from "@warren/core";
import type { Finding } from "@warren/core";
import type { Terminal } from "./terminal/terminal.ts";

/** EX_SOFTWARE of sysexits.h: a defect of ours. */
const DEFECT = 70;

/** Says what happened, to a script that wants JSON as a finding, and gives the exit status. */
export function reportFailure(
  terminal: Terminal,
  error: unknown,
  options: { readonly json: boolean } = { json: false },
): number {
  if (error instanceof AppError) {
    const { code, text: message, fix, file = "warren" } = error;
    if (options.json) {
      const finding: Finding = { severity: "error", code, message, fix, file, line: 1, column: 1 };
      printFindings(terminal, [finding], options);
      return error.exit;
    }
    terminal.say(say`${file}: ${terminal.paint("red", say`error`)} ${code}: ${message}\n  ${fix}`);
    return error.exit;
  }
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  terminal.say(say`warren: this is a defect, please report it with what follows:\n${trace}`);
  return DEFECT;
}
