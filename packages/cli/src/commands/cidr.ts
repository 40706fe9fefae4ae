/** warren cidr: calculates with sets of prefixes, and prints the shortest list for the result. */
import * as core from "@warren/core";
import { AppError } from "@warren/api";
import { demand } from "../app-error.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { JsonOption } from "./plan.ts";

const OPERATIONS = new Map([
  ["+", core.union],
  ["-", core.subtract],
  ["minus", core.subtract],
  ["&", core.intersect],
  ["and", core.intersect],
]);

/** Left to right: `172.16.0.0/12 - 172.16.0.0/24`. Prefixes side by side count as one set. */
export function cidr(terminal: Terminal, words: readonly string[], { json }: JsonOption): number {
  const terms = readTerms(words);
  let result = core.prefixSet([]);
  for (const { apply, prefixes } of terms) result = apply(result, core.prefixSet(prefixes));
  const printed = core.cover(result).map(core.printPrefix);
  if (json) terminal.print(JSON.stringify(printed));
  else for (const prefix of printed) terminal.print(prefix);
  return 0;
}

interface Term {
  readonly apply: typeof core.union;
  readonly prefixes: core.Prefix[];
}

function readTerms(words: readonly string[]): readonly Term[] {
  const terms: Term[] = [{ apply: core.union, prefixes: [] }];
  for (const word of words.flatMap((each) => each.split(/[\s,]+/)).filter((each) => each !== "")) {
    const apply = OPERATIONS.get(word);
    const term = terms.at(-1);
    if (apply === undefined) term?.prefixes.push(demand(core.parsePrefix(word)));
    else if (term?.prefixes.length === 0) refuse(core.say`"${word}" has nothing on its left`);
    else terms.push({ apply, prefixes: [] });
  }
  if (terms.at(-1)?.prefixes.length === 0)
    refuse(core.say`there is nothing to calculate with at the end`);
  return terms;
}

function refuse(why: core.Phrase): never {
  const fix = core.say`write prefix, operator, prefix, such as 10.0.0.0/8 - 10.1.0.0/16`;
  throw new AppError("usage", why, { fix });
}
