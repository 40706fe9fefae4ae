/** What a client may reach, by the words of its document. */
import { hostAddressOf } from "../ip/endpoint.ts";
import { hostPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { cover, prefixSet, subtract } from "../ip/prefix-set.ts";
import { NEIGHBOURHOOD_RANGES } from "../ip/special-ranges.ts";
import type { Client, Mesh, Node } from "../model/mesh.ts";
import type { Name } from "../model/names.ts";

export interface Access {
  /** All that a client may reach through one of the nodes that it enters by; sorted and disjoint. */
  readonly all: readonly Prefix[];
  /** What of the mesh is promised to it: an exit's /0 lets it reach more, and promises the internet. */
  readonly promised: readonly Prefix[];
}

export function readAccess(
  { network }: Mesh,
  { access, exit }: Client,
  via: Node,
  active: ReadonlyMap<Name, readonly Prefix[]>,
): Access {
  const words = new Set(access);
  const exits = via.subnets.map(({ prefix }) => prefix).filter(({ length }) => length === 0);
  const isAlmost = words.has("all-but-lan");
  const isWhole = words.has("exit") || exit === via.name;
  const ranges = words.has("nodes") || isAlmost ? network.addresses : [];
  const subnets = words.has("subnets") || isAlmost ? [...active.values()].flat() : [];
  // The tunnel's own packets must not go into it; names are not resolved here.
  const host = hostAddressOf(via.endpoint);
  const dialled = host === undefined ? [] : [hostPrefix(host)];
  const far = isAlmost
    ? cover(subtract(prefixSet(exits), prefixSet([...NEIGHBOURHOOD_RANGES, ...dialled])))
    : [];
  const promised = [...ranges, ...subnets];
  const all = [...promised, ...far, ...(isWhole ? exits : [])];
  return { all: cover(prefixSet(all)), promised: cover(prefixSet(promised)) };
}
