/** Which parties are clients of a node: devices that enter through it, dial it, and list nobody else. */
import { hasPrefix, isHost, isWithin } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { Access } from "../model/mesh.ts";
import type { Facts, Listing } from "./facts.ts";
import { wholesOf } from "./parties.ts";
import type { Party } from "./parties.ts";

export interface ForeignClient {
  readonly party: Party;
  readonly via: Party;
  readonly access: readonly Access[];
}

/** With `isWide`, also devices that say more of themselves than a client can keep. */
export function readClients(facts: Facts, isWide: boolean): ReadonlyMap<Party, ForeignClient> {
  const clients = new Map<Party, ForeignClient>();
  for (const party of facts.parties) {
    const listings = facts.listings.get(party) ?? [];
    const [door, ...others] = listings;
    if (door === undefined || others.length > 0 || !isDoor(facts, door)) continue;
    const access = accessOf(facts, door, isWide);
    if (access !== undefined) clients.set(party, { party, via: door.from, access });
  }
  // Who has clients is none.
  const doors = new Set([...clients.values()].map(({ via }) => via));
  return new Map([...clients].filter(([party]) => !doors.has(party)));
}

/** Its node takes nothing from it but what its own addresses send, and waits for it to dial. */
function isDoor({ ranges }: Facts, { entry, from }: Listing): boolean {
  const { allowedIps, peer } = entry;
  const isOne = allowedIps.length > 0 && new Set(allowedIps.map(({ family }) => family)).size;
  return (
    from.device !== undefined &&
    peer.endpoint === undefined &&
    isOne === allowedIps.length &&
    allowedIps.every((each) => isHost(each) && isWithin(ranges, each))
  );
}

/** Undefined where its own file says that it is more than a client. */
function accessOf(
  { ranges }: Facts,
  { from, to }: Listing,
  isWide: boolean,
): readonly Access[] | undefined {
  const { device, entries } = to;
  if (device === undefined) return ["nodes", "subnets"];
  const [entry, ...others] = entries;
  if (entry === undefined || others.length > 0 || entry.publicKey !== from.publicKey)
    return undefined;
  const { hooks, listenPort, fwmark, table } = device;
  const hasMore = listenPort ?? fwmark ?? table ?? Object.values(hooks).flat()[0];
  if (hasMore !== undefined && !isWide) return undefined;
  return accessBy(entry.allowedIps, ranges);
}

function accessBy(
  list: readonly Prefix[],
  ranges: readonly Prefix[],
): readonly Access[] | undefined {
  if (isNearlyAll(list)) return ["all-but-lan"];
  const isAll = wholesOf(list, ranges).length > 0;
  const near = list.filter(({ length }) => length > 0);
  const hasNodes = ranges.every((range) => near.some((each) => hasPrefix(each, range)));
  // Of the mesh a client reaches all, or nothing.
  if (!isAll && !hasNodes && near.some((each) => isWithin(ranges, each))) return undefined;
  const hasSubnets = near.some((each) => !isWithin(ranges, each));
  const access: readonly Access[] = [
    ...(hasNodes ? (["nodes"] as const) : []),
    ...(hasSubnets ? (["subnets"] as const) : []),
    ...(isAll ? (["exit"] as const) : []),
  ];
  // It may reach what nobody has behind it.
  if (list.length === 0) return ["subnets"];
  return access.length === 0 ? undefined : access;
}

/** More than half of a family, but not all of it. */
function isNearlyAll(list: readonly Prefix[]): boolean {
  const share = list
    .filter(({ family }) => family === 4)
    .reduce((sum, { length }) => sum + 2 ** -length, 0);
  return share > 0.5 && share < 1;
}
