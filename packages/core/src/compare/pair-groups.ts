/** Many pairs of names as few sentences: those who have the same others are named together. */

import { remember } from "../remember.ts";

/** Each of the first with each of the second; both lists being one means each with each other. */
export interface PairGroup {
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** The other way round, too. */
  readonly isMutual: boolean;
}

/** All of `pairs`, which are ordered, and no others; O(N²) in what they are, not in who there is. */
export function groupPairs(pairs: Iterable<readonly [string, string]>): readonly PairGroup[] {
  const targets = new Map<string, Set<string>>();
  for (const [from, to] of pairs) {
    remember(targets, from, () => new Set()).add(to);
  }
  const groups: { from: readonly string[]; to: readonly string[] }[] = [];
  // First those who have each other and the same others: newcomers, or all of a mesh.
  const alike = Map.groupBy(targets, ([from, to]) => [...to, from].sort().join(" "));
  const single: [string, ReadonlySet<string>][] = [];
  for (const members of alike.values()) {
    const [first] = members;
    if (first === undefined || members.length === 1) {
      single.push(...members);
      continue;
    }
    const from = members.map(([name]) => name).sort();
    const others = [...first[1]].filter((name) => !from.includes(name)).sort();
    groups.push({ from, to: from });
    if (others.length > 0) groups.push({ from, to: others });
  }
  const bySame = Map.groupBy(single, ([, to]) => [...to].sort().join(" "));
  for (const members of bySame.values()) {
    const [, to = new Set<string>()] = members[0] ?? [];
    groups.push({ from: members.map(([name]) => name).sort(), to: [...to].sort() });
  }
  return joinMutual(groups);
}

/** Two groups that are each other's reverse become one, which the smaller side leads. */
function joinMutual(groups: readonly Pick<PairGroup, "from" | "to">[]): readonly PairGroup[] {
  const known = new Map(groups.map((group) => [keyOf(group.from, group.to), group]));
  const joined = groups.flatMap(({ from, to }): PairGroup[] => {
    const back = known.get(keyOf(to, from));
    if (back === undefined) return [{ from, to, isMutual: false }];
    const isFirst =
      from.length < to.length || (from.length === to.length && from.join(" ") <= to.join(" "));
    return isFirst ? [{ from, to, isMutual: true }] : [];
  });
  return joined.sort((one, other) =>
    keyOf(one.from, one.to) < keyOf(other.from, other.to) ? -1 : 1,
  );
}

function keyOf(from: readonly string[], to: readonly string[]): string {
  return `${from.join(" ")}>${to.join(" ")}`;
}
