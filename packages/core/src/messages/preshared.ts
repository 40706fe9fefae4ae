/** What can be wrong with preshared keys that were given, not derived. */
import { error } from "../diagnostics.ts";
import type { Diagnostic } from "../diagnostics.ts";
import { say } from "../phrase.ts";
import { Problem } from "../problem.ts";

export function presharedKeyMissing(one: string, other: string, file: string): Diagnostic {
  const message = say`the preshared key of ${one} and ${other} is not in ${file}, though the lock knows that they have one`;
  const fix = say`copy the keys folder to here, or make a new key: warren keys rotate-psk ${one} ${other}`;
  return error("preshared-key-missing", ["nodes"], message, fix);
}

export function presharedKeysUnreadable(file: string, problem: Problem): Diagnostic {
  return error(
    "preshared-keys-unreadable",
    ["nodes"],
    say`${file}: ${problem.message}`,
    problem.fix,
  );
}

/** The message does not repeat the line: it may hold a secret. */
export function presharedLine(line: number): Problem {
  const fix = say`write one line a pair: the lower name, the other name, the key`;
  return new Problem(say`line ${line} is not two names in their order and a key`, fix);
}

export function presharedTwice(line: number, one: string, other: string): Problem {
  const fix = say`keep the line that both hosts have`;
  return new Problem(say`line ${line} is another key of ${one} and ${other}`, fix);
}
