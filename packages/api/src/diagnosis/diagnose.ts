/**
 * Why tunnels do not work: of each the one cause that comes first in the table, the same of several tunnels
 * told once. Pure: what the ends and their server said goes in.
 */
import type { Name } from "@warren/core";
import { printText } from "@warren/core";
import { CAUSES } from "./causes.ts";
import type { CauseCode, Kind } from "./causes.ts";
import type { Context, Found } from "./found.ts";
import { lostWays } from "./lost-ways.ts";
import { isAlive, isDialledOneWay, turned, undialled } from "./pair.ts";
import type { Pair } from "./pair.ts";

export interface Finding extends Found {
  readonly code: CauseCode;
  readonly pairs: readonly (readonly [Name, Name])[];
}

export function diagnose(pairs: readonly Pair[], network: Name): readonly Finding[] {
  const ways = lostWays(pairs);
  const found = new Map<string, Finding>();
  for (const pair of pairs) {
    const finding = findCause(pair, { network, ways });
    if (finding === undefined) continue;
    const key = `${finding.code} ${printText(finding.cause)}`;
    const others = found.get(key)?.pairs ?? [];
    found.set(key, { ...finding, pairs: [...others, [pair.one.name, pair.other.name]] });
  }
  return [...found.values()];
}

function findCause(pair: Pair, context: Context): Omit<Finding, "pairs"> | undefined {
  const kind = !isAlive(pair) ? "broken" : isDialledOneWay(pair) ? "one-way" : "alive";
  const seen = kind === "one-way" ? undialled(pair) : pair;
  for (const { code, of, find } of CAUSES) {
    if (!(of as readonly Kind[]).includes(kind)) continue;
    const cause = find(seen, context) ?? find(turned(seen), context);
    if (cause !== undefined) return { code, ...cause };
  }
  return undefined;
}
