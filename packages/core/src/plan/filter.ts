/** What a node lets out of its tunnel: to itself, and onwards. */
import { comparePrefixes, hostPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { accessOf, isConfined, isExitUser } from "./access.ts";
import type { Filter } from "./device.ts";
import { hostsOf } from "./entries.ts";
import { activeRanges, isCarrier } from "./member.ts";
import type { Member } from "./member.ts";
import type { Index } from "./members.ts";
import { permitsOf } from "./policy.ts";

export function filterOf(index: Index, self: Member): Filter {
  const { policy } = index;
  return {
    carries: isCarrier(self),
    clients: self.entries.flatMap(hostsOf).sort(comparePrefixes),
    denied: deniedTo(index, self),
    exitUsers: self.exits.length === 0 ? [] : exitUsersOf(index, self),
    confined: self.entries
      .filter(isConfined)
      .map((entry) => ({ from: hostsOf(entry), to: accessOf(index, entry) })),
    ...(policy === undefined ? {} : { permits: permitsOf(policy, self) }),
  };
}

/** Elsewhere WireGuard drops what a link denies: no list has it. */
function deniedTo({ mesh, members, paths }: Index, self: Member): readonly Prefix[] {
  const isListed = isCarrier(self) || self.node.exit !== undefined;
  if (!isListed || mesh.links.every(({ path }) => path !== "deny")) return [];
  const denied = members.filter((other) => other !== self && paths.isDenied(self, other));
  return denied.flatMap(({ prefixes }) => prefixes).sort(comparePrefixes);
}

/** Nodes that leave through this one, with what is behind them, and its own clients that do; not theirs. */
function exitUsersOf({ members }: Index, { node: { name }, entries }: Member): readonly Prefix[] {
  const users = members.filter(({ node }) => node.exit === name);
  return [
    ...users.flatMap((user) => [
      ...user.addresses.map(({ address }) => hostPrefix(address)),
      ...activeRanges(user),
    ]),
    ...entries.filter(isExitUser).flatMap(hostsOf),
  ].sort(comparePrefixes);
}
