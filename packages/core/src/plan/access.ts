/** Where a client's entry may go: what it sends to the node that it enters by. */
import { hostAddressOf } from "../ip/endpoint.ts";
import { hostPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { cover, prefixSet, subtract } from "../ip/prefix-set.ts";
import { NEIGHBOURHOOD_RANGES } from "../ip/special-ranges.ts";
import type { Entry } from "./entries.ts";
import { activeRanges } from "./member.ts";
import type { Index } from "./members.ts";

/** Whether the entry leaves the mesh through the node that it enters by. */
export function isExitUser({ client, via }: Entry): boolean {
  const { access, exit } = client;
  return exit === via || access.includes("exit") || access.includes("all-but-lan");
}

/** Whether the entry may go wherever a node may. */
export function isConfined({ client: { access } }: Entry): boolean {
  const isOpen = access.includes("nodes") && access.includes("subnets");
  return !isOpen || access.includes("all-but-lan");
}

/** What an entry sends to its node, sorted and disjoint: the mesh's ranges whole, so that a new node changes no client. */
export function accessOf(index: Index, entry: Entry): readonly Prefix[] {
  const { access } = entry.client;
  const isAllButLan = access.includes("all-but-lan");
  const via = index.byName.get(entry.via);
  const exits = isExitUser(entry) ? (via?.exits ?? []) : [];
  // Not where the tunnel itself goes: only a /0 is kept out of its own way by wg-quick.
  const host = hostAddressOf(via?.publicEndpoint);
  const near = [...NEIGHBOURHOOD_RANGES, ...(host === undefined ? [] : [hostPrefix(host)])];
  const isWhole = access.includes("exit") || entry.client.exit === entry.via;
  const prefixes = [
    ...(isAllButLan || access.includes("nodes") ? index.network.addresses : []),
    ...(isAllButLan || access.includes("subnets") ? index.members.flatMap(activeRanges) : []),
    ...(isWhole ? exits : cover(subtract(prefixSet(exits), prefixSet(near)))),
  ];
  return cover(prefixSet(prefixes));
}
