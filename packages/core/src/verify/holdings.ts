/**
 * Who answers for which addresses, and what the selectors of a policy stand for: read from document
 * and lock alone, and never from the compiler.
 */
import { hostPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { entryId } from "../model/lock.ts";
import type { Lock } from "../model/lock.ts";
import type { Client, Mesh, Node, Selector } from "../model/mesh.ts";
import type { Name } from "../model/names.ts";
import { activeSubnets } from "../model/subnets.ts";

/** What one node answers for. */
export interface Holding {
  readonly node: Node;
  readonly addresses: readonly Prefix[];
  /** Clients that have a key and enter through it. */
  readonly guests: readonly Guest[];
  /** The ranges behind it for which it does not stand by. */
  readonly ranges: readonly Prefix[];
  readonly exits: readonly Prefix[];
}

export interface Guest {
  readonly client: Client;
  readonly addresses: readonly Prefix[];
}

export function readHoldings(mesh: Mesh, lock: Lock): readonly Holding[] {
  const active = activeSubnets(mesh);
  const guests = new Map<Name, Guest[]>();
  for (const client of mesh.clients) {
    for (const via of client.via) {
      const given = lock.entries.get(entryId(client.name, via));
      if (given?.publicKey === undefined) continue;
      const guest = { client, addresses: given.addresses.map(hostPrefix) };
      guests.set(via, [...(guests.get(via) ?? []), guest]);
    }
  }
  return mesh.nodes.map((node) => ({
    node,
    addresses: (lock.nodes.get(node.name)?.addresses ?? []).map(hostPrefix),
    guests: guests.get(node.name) ?? [],
    ranges: active.get(node.name) ?? [],
    exits: node.subnets.map(({ prefix }) => prefix).filter(({ length }) => length === 0),
  }));
}

/** All that a node answers for but the rest of the world behind an exit. */
export function ownedBy({ addresses, guests, ranges }: Holding): readonly Prefix[] {
  return [...addresses, ...guests.flatMap((guest) => guest.addresses), ...ranges];
}

/** Answers which addresses selectors stand for, in any order, and maybe some twice. */
export function createResolve(
  mesh: Mesh,
  holdings: readonly Holding[],
): (selectors: readonly Selector[]) => readonly Prefix[] {
  const guests = holdings.flatMap((holding) => holding.guests);
  const groups = new Map<string, readonly Selector[]>(
    mesh.groups.map(({ name, members }) => [name, members]),
  );
  const known = new Map<string, readonly Prefix[]>();
  const named = (name: string): readonly Prefix[] => [
    ...holdings
      .filter(({ node }) => node.name === name || node.site === name)
      .flatMap(({ addresses }) => addresses),
    ...guests.filter(({ client }) => client.name === name).flatMap(({ addresses }) => addresses),
    ...resolve(groups.get(name) ?? []),
  ];
  const tagged = (tag: string): readonly Prefix[] => [
    ...holdings.filter(({ node }) => has(node.tags, tag)).flatMap(({ addresses }) => addresses),
    ...guests.filter(({ client }) => has(client.tags, tag)).flatMap(({ addresses }) => addresses),
  ];
  const resolve = (selectors: readonly Selector[]): readonly Prefix[] =>
    selectors.flatMap((selector) => {
      if (selector.kind === "prefix") return [selector.prefix];
      const key = selector.kind === "tag" ? `tag:${selector.tag}` : selector.name;
      const found =
        known.get(key) ?? (selector.kind === "tag" ? tagged(selector.tag) : named(selector.name));
      known.set(key, found);
      return found;
    });
  return resolve;
}

function has(tags: readonly string[], tag: string): boolean {
  return tags.includes(tag);
}
