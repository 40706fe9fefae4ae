/** What the selectors of a policy choose: addresses, and which of them each member owns. */
import type { Family } from "../ip/address.ts";
import { firstAddress, comparePrefixes, hasPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { createPrefixMap, match } from "../ip/prefix-map.ts";
import type { PrefixMap } from "../ip/prefix-map.ts";
import { outermost } from "../ip/prefix-set.ts";
import type { Mesh, Selector } from "../model/mesh.ts";
import type { Name } from "../model/names.ts";
import { remember } from "../remember.ts";
import type { Member } from "./member.ts";

export interface Selection {
  /** Sorted and disjoint. */
  readonly prefixes: readonly Prefix[];
  /** Of what members own, by identity (Member.prefixes): which parts are chosen; absent: nothing. */
  readonly chosen: ReadonlyMap<Prefix, readonly Prefix[]>;
  /** Who owns any of it, by its family. */
  readonly owners: Readonly<Record<Family, ReadonlySet<Member>>>;
}

/** All that members own, sorted; no two of them overlap. */
interface Owned {
  readonly prefixes: readonly Prefix[];
  readonly owners: ReadonlyMap<Prefix, Member>;
  readonly map: PrefixMap<Member>;
}

/** Answers what a list of selectors chooses; equal lists get one answer. Groups must have no cycle. */
export function createSelect(
  mesh: Mesh,
  members: readonly Member[],
): (selectors: readonly Selector[]) => Selection {
  const owned = ownedBy(members);
  const words = wordsOf(mesh, members, owned);
  const known = new Map<string, Selection>();
  return (selectors) => {
    const key = selectors.map(keyOf).join(" ");
    return remember(known, key, () => select(selectors, words, owned));
  };
}

function ownedBy(members: readonly Member[]): Owned {
  const owners = new Map(
    members.flatMap((member) => member.prefixes.map((prefix) => [prefix, member] as const)),
  );
  return {
    prefixes: [...owners.keys()].sort(comparePrefixes),
    owners,
    map: createPrefixMap(owners),
  };
}

/** What each word of a policy stands for: names of nodes, clients, sites and groups, and tags. */
type Words = ReadonlyMap<string, readonly Prefix[]>;

function wordsOf(mesh: Mesh, members: readonly Member[], { map }: Owned): Words {
  const words = new Map<string, Prefix[]>();
  const add = (word: string, prefixes: readonly Prefix[]): void => {
    const known = remember(words, word, () => []);
    for (const prefix of prefixes) known.push(prefix);
  };
  for (const { node, addresses, entries } of members) {
    const own = addresses.flatMap(({ address }) => match(map, address)?.prefix ?? []);
    for (const word of [node.name, ...node.tags.map(tagKey)]) add(word, own);
    if (node.site !== undefined) add(node.site, own);
    for (const { client, addresses: given } of entries) {
      const hosts = given.flatMap(({ address }) => match(map, address)?.prefix ?? []);
      for (const word of [client.name, ...client.tags.map(tagKey)]) add(word, hosts);
    }
  }
  const groups = new Map(mesh.groups.map((group) => [group.name, group]));
  const fill = (name: Name): void => {
    const group = groups.get(name);
    if (group === undefined || words.has(name)) return;
    for (const member of group.members) if (member.kind === "name") fill(member.name);
    add(name, outermost(group.members.flatMap((each) => prefixesOf(each, words))));
  };
  for (const { name } of mesh.groups) fill(name);
  return words;
}

function prefixesOf(selector: Selector, words: Words): readonly Prefix[] {
  if (selector.kind === "prefix") return [selector.prefix];
  return words.get(keyOf(selector)) ?? [];
}

/** No name has a colon, so that tags, names and prefixes keep apart. */
function keyOf(selector: Selector): string {
  switch (selector.kind) {
    case "name":
      return selector.name;
    case "tag":
      return tagKey(selector.tag);
    case "prefix": {
      const { family, bits, length } = selector.prefix;
      return `${family}:${bits}/${length}`;
    }
  }
}

function tagKey(tag: string): string {
  return `tag:${tag}`;
}

function select(selectors: readonly Selector[], words: Words, owned: Owned): Selection {
  const prefixes = outermost(selectors.flatMap((each) => prefixesOf(each, words)));
  const chosen = new Map<Prefix, Prefix[]>();
  for (const prefix of prefixes) {
    for (const [whose, part] of partsOf(prefix, owned)) {
      remember(chosen, whose, () => []).push(part);
    }
  }
  const owners = { 4: new Set<Member>(), 6: new Set<Member>() };
  for (const prefix of chosen.keys()) {
    const owner = owned.owners.get(prefix);
    if (owner !== undefined) owners[prefix.family].add(owner);
  }
  return { prefixes, chosen, owners };
}

/** What members own of a prefix: pairs of what one owns and the part of it, which may be all. */
function partsOf(
  prefix: Prefix,
  { prefixes, owners, map }: Owned,
): readonly (readonly [Prefix, Prefix])[] {
  if (owners.has(prefix)) return [[prefix, prefix]];
  const around = match(map, firstAddress(prefix))?.prefix;
  if (around !== undefined && hasPrefix(around, prefix)) return [[around, prefix]];
  const parts: (readonly [Prefix, Prefix])[] = [];
  for (let at = firstAtOrAfter(prefix, prefixes); ; at += 1) {
    const inside = prefixes[at];
    if (inside === undefined || !hasPrefix(prefix, inside)) return parts;
    parts.push([inside, inside]);
  }
}

function firstAtOrAfter(prefix: Prefix, sorted: readonly Prefix[]): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const each = sorted[middle];
    if (each !== undefined && comparePrefixes(each, prefix) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
