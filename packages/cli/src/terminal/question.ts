/** What a person is asked before something is done that cannot be undone; a script has said so beforehand. */
import { createInterface } from "node:readline/promises";
import { AppError } from "@warren/api";
import { say } from "@warren/core";
import type { Phrase } from "@warren/core";
import type { Terminal } from "./terminal.ts";

export interface Wanted {
  /** What is to be typed. */
  readonly answer: string;
  /** How a script says it. */
  readonly flag: string;
}

export async function isMeant(
  terminal: Terminal,
  question: Phrase,
  { answer, flag }: Wanted,
): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new AppError("usage", say`nobody is here to be asked`, {
      fix: say`say that it is meant: ${flag}`,
    });
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const typed = await lines.question(terminal.read(question));
  lines.close();
  return typed.trim() === answer;
}
