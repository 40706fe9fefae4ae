/** Which end is to blame where packets are lost on the way between: it loses them to or from others, too. Pure. */
import type { Name } from "@warren/core";
import { isLost, turned } from "./pair.ts";
import type { Pair } from "./pair.ts";

export interface LostWays {
  /** Whether all that is known to have been sent from there, or to there, was lost; of at least two others. */
  readonly isDeaf: (host: Name) => boolean;
  readonly isMute: (host: Name) => boolean;
}

export function lostWays(pairs: readonly Pair[]): LostWays {
  const into = new Map<Name, boolean[]>();
  const from = new Map<Name, boolean[]>();
  for (const pair of pairs.flatMap((each) => [each, turned(each)])) {
    const lost = isLost(pair);
    if (lost === undefined) continue;
    from.set(pair.one.name, [...(from.get(pair.one.name) ?? []), lost]);
    into.set(pair.other.name, [...(into.get(pair.other.name) ?? []), lost]);
  }
  return { isDeaf: (host) => isAll(into.get(host)), isMute: (host) => isAll(from.get(host)) };
}

function isAll(lost: readonly boolean[] = []): boolean {
  return lost.length > 1 && !lost.includes(false);
}
