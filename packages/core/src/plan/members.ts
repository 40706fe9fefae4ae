/** The compiler's first layer: everything about a mesh that is worth working out once, in O(N). */
import type { Lock, PairName } from "../model/lock.ts";
import type { Mesh, Network } from "../model/mesh.ts";
import type { Name } from "../model/names.ts";
import { AllowedIps } from "./allowed-ips.ts";
import { entriesOf } from "./entries.ts";
import type { Entry } from "./entries.ts";
import { isCarrier, membersOf, tunnelMtu } from "./member.ts";
import type { Facts, Member } from "./member.ts";
import { Paths } from "./paths.ts";
import { createPolicy } from "./policy.ts";
import type { Policy } from "./policy.ts";
import { Traffic } from "./traffic.ts";

export interface Index {
  readonly mesh: Mesh;
  readonly network: Network;
  /** Sorted by name. */
  readonly members: readonly Member[];
  readonly byName: ReadonlyMap<Name, Member>;
  /** Clients' entries that have a key, sorted by name. */
  readonly entries: readonly Entry[];
  readonly presharedKeyEpochs: ReadonlyMap<PairName, number>;
  readonly givenPresharedKeys: ReadonlySet<PairName>;
  /** The least of all members' tunnel MTUs: in most meshes everybody's. */
  readonly leastMtu: number;
  /** Those through which more is reached than mesh addresses: in most meshes few. */
  readonly withRanges: ReadonlySet<Name>;
  /** Absent: all may talk to all. */
  readonly policy?: Policy;
  readonly paths: Paths;
  readonly traffic: Traffic;
  readonly allowedIps: AllowedIps;
}

/**
 * The mesh as the other layers ask about it. `lock` must hold addresses and a key for every node; `facts`
 * says where those are dialled of which the mesh does not say it.
 */
export function index(mesh: Mesh, lock: Lock, facts: Facts = new Map()): Index {
  const entries = entriesOf(mesh, lock);
  const members = membersOf(mesh, lock, entries, facts);
  const policy = createPolicy(mesh, members);
  const paths = new Paths(mesh.network, mesh.links, members);
  return {
    mesh,
    network: mesh.network,
    members,
    byName: new Map(members.map((member) => [member.node.name, member])),
    entries,
    presharedKeyEpochs: lock.presharedKeyEpochs,
    givenPresharedKeys: lock.givenPresharedKeys,
    leastMtu: mesh.nodes.reduce((least, node) => Math.min(least, tunnelMtu(node)), Infinity),
    withRanges: new Set(
      members
        .filter((member) => member.node.subnets.length > 0 || isCarrier(member))
        .map(({ node }) => node.name),
    ),
    ...(policy === undefined ? {} : { policy }),
    paths,
    traffic: new Traffic(members, paths, policy),
    allowedIps: new AllowedIps(mesh, members, paths),
  };
}
