/** What a change of a mesh does, in sentences. */
import type { Changes, ExitChange, ListChange, Newcomer, ReachChange } from "../compare/changes.ts";
import type { PairGroup } from "../compare/pair-groups.ts";
import { say } from "../phrase.ts";
import type { Text } from "../phrase.ts";
import { listTexts } from "../wording.ts";

export interface ChangeLine {
  readonly kind: "added" | "removed" | "changed";
  readonly text: Text;
}

/** Names that a sentence lists before it counts the rest: one more than that is named, too. */
const LISTED = 4;
/** Lines about one thing, before the rest is counted; --json has all. */
const MOST_LINES = 12;

/** A line a change, those that come before those that go. */
export function describeChanges(changes: Changes): readonly ChangeLine[] {
  return [
    ...changes.renamed.map(({ before, after }) => changed(say`${before} is now called ${after}`)),
    ...few(
      changes.added,
      (each) => line("added", describeNewcomer(each)),
      (rest) => line("added", say`and ${rest.length} more come`),
    ),
    ...few(
      changes.removed,
      (each) => line("removed", describeLeaver(each)),
      (rest) => line("removed", say`and ${rest.length} more go`),
    ),
    ...few(
      changes.addresses,
      (each) => changed(describeAddresses(each)),
      (rest) => changed(say`and ${rest.length} more have other addresses`),
    ),
    ...few(
      changes.ranges.flatMap(describeRanges),
      (each) => each,
      (rest) => changed(say`and ${rest.length} more changes of what is reached through whom`),
    ),
    ...few(
      changes.reach.toSorted(compareKinds),
      (each) => line(kindOf(each), describeReach(each)),
      (rest) => changed(say`and ${rest.length} more changes of who reaches whom`),
    ),
    ...few(changes.exits, describeExit, (rest) =>
      changed(say`and ${rest.length} more reach the internet in another way`),
    ),
    ...(changes.keys.length === 0 ? [] : [changed(say`new keys: ${listSome(changes.keys)}`)]),
    ...describePresharedKeys(changes.presharedKeys),
  ];
}

/** `d with a, b, c`, or `a, b, c with each other`. */
export function describeTunnels({ from, to }: PairGroup): Text {
  if (isSame(from, to)) return say`${listSome(from)} with each other`;
  return say`${listSome(from)} with ${listSome(to)}`;
}

/** Names, the first of many. */
export function listSome(names: readonly string[]): Text {
  if (names.length <= LISTED + 1) return listTexts(names);
  return say`${listTexts(names.slice(0, LISTED))} and ${names.length - LISTED} more`;
}

/** The first of many, and one line for the rest: 1,000 nodes are told in a screen. */
function few<T>(
  list: readonly T[],
  describe: (one: T) => ChangeLine,
  describeRest: (rest: readonly T[]) => ChangeLine,
): readonly ChangeLine[] {
  const shown = list.length <= MOST_LINES + 1 ? list : list.slice(0, MOST_LINES);
  const rest = list.slice(shown.length);
  return [...shown.map(describe), ...(rest.length === 0 ? [] : [describeRest(rest)])];
}

function line(kind: ChangeLine["kind"], text: Text): ChangeLine {
  return { kind, text };
}

function changed(text: Text): ChangeLine {
  return line("changed", text);
}

function kindOf({ before, after }: ReachChange): ChangeLine["kind"] {
  if (before === undefined) return "added";
  return after === undefined ? "removed" : "changed";
}

/** What is gained first, and what only changes last. */
function compareKinds(one: ReachChange, other: ReachChange): number {
  const order = ["added", "removed", "changed"];
  return order.indexOf(kindOf(one)) - order.indexOf(kindOf(other));
}

function describeAddresses({ name, before, after }: ListChange): Text {
  return say`${name} has ${after.join(", ")} instead of ${before.join(", ")}`;
}

function describeNewcomer({ kind, name, addresses, ranges }: Newcomer): Text {
  switch (kind) {
    case "node":
      return ranges.length === 0
        ? say`node ${name} comes, with ${addresses.join(", ")}`
        : say`node ${name} comes, with ${addresses.join(", ")}, and behind it ${listSome(ranges)}`;
    case "client":
      return say`client ${name} comes, with ${addresses.join(", ")}`;
    case "site":
      return say`site ${name} comes`;
  }
}

function describeLeaver({ kind, name, addresses }: Newcomer): Text {
  switch (kind) {
    case "node":
      return say`node ${name} goes, and frees ${addresses.join(", ")}`;
    case "client":
      return say`client ${name} goes, and frees ${addresses.join(", ")}`;
    case "site":
      return say`site ${name} goes`;
  }
}

function describeRanges({ name, before, after }: ListChange): readonly ChangeLine[] {
  const come = after.filter((each) => !before.includes(each));
  const gone = before.filter((each) => !after.includes(each));
  return [
    ...(come.length === 0
      ? []
      : [line("added", say`${listSome(come)} is reached through ${name}`)]),
    ...(gone.length === 0
      ? []
      : [line("removed", say`${listSome(gone)} is no longer reached through ${name}`)]),
  ];
}

function describeReach(change: ReachChange): Text {
  const { before, after } = change;
  if (after === undefined) return notReaching(change);
  const now = reaching(change);
  if (before === undefined) return after === "*" ? now : say`${now} (${after})`;
  return say`${now} (${portsOf(after)} instead of ${portsOf(before)})`;
}

function portsOf(ports: string): Text {
  return ports === "*" ? say`anything` : ports;
}

function reaching({ from, to, isMutual }: PairGroup): Text {
  const [sources, targets] = [listSome(from), listSome(to)];
  if (isSame(from, to)) return say`${sources} reach each other`;
  const reach =
    from.length === 1 ? say`${sources} reaches ${targets}` : say`${sources} reach ${targets}`;
  return isMutual ? say`${reach}, both ways` : reach;
}

function notReaching({ from, to, isMutual }: PairGroup): Text {
  const [sources, targets] = [listSome(from), listSome(to)];
  if (isSame(from, to)) return say`${sources} no longer reach each other`;
  const reach =
    from.length === 1
      ? say`${sources} no longer reaches ${targets}`
      : say`${sources} no longer reach ${targets}`;
  return isMutual ? say`${reach}, both ways` : reach;
}

function isSame(from: readonly string[], to: readonly string[]): boolean {
  return from.join(" ") === to.join(" ");
}

function describeExit({ name, before, after }: ExitChange): ChangeLine {
  if (after === undefined) {
    return line("removed", say`${name} no longer reaches the internet through ${before ?? ""}`);
  }
  if (before === undefined)
    return line("added", say`${name} reaches the internet through ${after}`);
  return changed(say`${name} reaches the internet through ${after} instead of ${before}`);
}

function describePresharedKeys(pairs: Changes["presharedKeys"]): readonly ChangeLine[] {
  if (pairs === "all") return [changed(say`new preshared keys of all pairs`)];
  if (pairs.length === 0) return [];
  return [
    changed(say`new preshared keys: ${listSome(pairs.map((each) => each.replace(" ", " – ")))}`),
  ];
}
