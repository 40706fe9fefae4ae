/** What changes in rendered files, in few lines: whose they are, which tunnels come and go, who says what of whom. */
import { describeTunnels, groupPairs, listSome, say } from "@warren/core";
import type { ChangeLine, Changes, Text } from "@warren/core";
import { countOf } from "./terminal/words.ts";
import type { BlockChange, FileChange } from "./file-diff.ts";

/** `renamed`: nodes whose tunnels have not gone although their names have. */
export function summarizeFiles(
  files: readonly FileChange[],
  renamed: Changes["renamed"],
): readonly ChangeLine[] {
  const confs = files.filter(({ file }) => /\.(conf|netdev|network)$/.test(file));
  const newNames = new Map(renamed.map(({ before, after }) => [before, after]));
  const nameOf = (name: string): string => newNames.get(name) ?? name;
  // One that has only another name is one device, with files that go and files that come.
  const owners = [...new Set(ownersOf(files).map(nameOf))].sort();
  const ruled = ownersOf(files.filter(({ file }) => /\.(nft|iptables)$/.test(file)));
  return [
    ...(owners.length === 0
      ? []
      : [changed(say`${countOf(owners.length, "device")} with other files: ${listSome(owners)}`)]),
    ...tunnelLines(confs, nameOf),
    ...settingLines(confs),
    ...(ruled.length === 0 ? [] : [changed(say`rules change on ${listSome(ruled)}`)]),
  ];
}

function changed(text: Text): ChangeLine {
  return { kind: "changed", text };
}

/** `a/warren0.conf` is a's; `hosts` is everybody's. */
function ownersOf(files: readonly FileChange[]): readonly string[] {
  return [...new Set(files.map(({ file }) => ownerOf(file)))].filter((name) => name !== "").sort();
}

function ownerOf(file: string): string {
  return /^(.*)\//.exec(file)?.[1] ?? "";
}

/** What a file says of its own device stands in sections; the other blocks are peers. */
function isOwn(block: string): boolean {
  return block.startsWith("[");
}

function tunnelLines(
  confs: readonly FileChange[],
  nameOf: (name: string) => string,
): readonly ChangeLine[] {
  const come = pairsOf(confs, "added", (name) => name);
  const gone = pairsOf(confs, "removed", nameOf);
  return [
    ...describeMissing(come, gone).map((text): ChangeLine => {
      return { kind: "added", text: say`tunnels come: ${text}` };
    }),
    ...describeMissing(gone, come).map((text): ChangeLine => {
      return { kind: "removed", text: say`tunnels go: ${text}` };
    }),
  ];
}

type Pairs = ReadonlyMap<string, readonly [string, string]>;

/** Those of the first that are not among the second. */
function describeMissing(pairs: Pairs, others: Pairs): readonly Text[] {
  const own = [...pairs].filter(([key]) => !others.has(key)).map(([, pair]) => pair);
  return groupPairs(own).map(describeTunnels);
}

/** Both ways: a client may have no file of its own. */
function pairsOf(
  confs: readonly FileChange[],
  kind: BlockChange["kind"],
  nameOf: (name: string) => string,
): Pairs {
  const pairs = confs.flatMap(({ file, blocks }) =>
    blocks
      .filter((block) => block.kind === kind && !isOwn(block.name))
      .map((block) => [nameOf(ownerOf(file)), nameOf(block.name)] as const),
  );
  const both = pairs.flatMap(([one, other]): [string, string][] => [
    [one, other],
    [other, one],
  ]);
  return new Map(both.map((pair) => [pair.join(" "), pair]));
}

/** Whose settings change, and what is said of a peer: alike in many files, it is said once. */
function settingLines(confs: readonly FileChange[]): readonly ChangeLine[] {
  const entries = confs.flatMap(({ file, blocks }) =>
    blocks
      .filter(({ kind }) => kind === "changed")
      .map((block) => ({ owner: ownerOf(file), about: block.name, keys: keysOf(block) }))
      // Nothing but comments: that the file differs is said already.
      .filter(({ keys }) => keys !== ""),
  );
  const own = Map.groupBy(
    entries.filter(({ about }) => isOwn(about)),
    ({ keys }) => keys,
  );
  const peers = Map.groupBy(
    entries.filter(({ about }) => !isOwn(about)),
    ({ about, keys }) => `${keys} ${about}`,
  );
  // Peers of whom the same changes at the same places: of all after a new network secret.
  const alike = Map.groupBy(peers.values(), (list) => {
    return [list[0]?.keys, ...list.map(({ owner }) => owner)].join(" ");
  });
  return [
    ...[...own].map(([keys, list]) => {
      return changed(say`settings change on ${listSome(list.map(({ owner }) => owner))}: ${keys}`);
    }),
    ...[...alike.values()].map((lists) => {
      const [first = []] = lists;
      const about = lists.map((list) => list[0]?.about ?? "");
      const keys = first[0]?.keys ?? "";
      const where = listSome(first.map(({ owner }) => owner));
      return changed(say`peer entries of ${listSome(about)} change on ${where}: ${keys}`);
    }),
  ];
}

/** The words before the equals signs of all lines that change, sorted. */
function keysOf({ removed, added }: BlockChange): string {
  const words = [...removed, ...added].map((each) => /^(\w+) = /.exec(each)?.[1] ?? "");
  return [...new Set(words)]
    .filter((word) => word !== "")
    .sort()
    .join(", ");
}
