/** What a node sends to a peer and takes from it: all that is reached through it, in the fewest prefixes. */
import { comparePrefixes, isSamePrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { cover, intersect, isEmptySet, prefixSet, subtract } from "../ip/prefix-set.ts";
import type { PrefixSet } from "../ip/prefix-set.ts";
import type { Mesh, Network, Site } from "../model/mesh.ts";
import type { Name } from "../model/names.ts";
import { isNeighbour } from "./dial.ts";
import { isCarrier } from "./member.ts";
import type { Member } from "./member.ts";
import type { Paths, Vertex } from "./paths.ts";

/** What goes through one carrier, for all nodes of a vertex. */
interface Carried {
  readonly set: PrefixSet;
  readonly list: readonly Prefix[];
}

export class AllowedIps {
  readonly #network: Network;
  readonly #paths: Paths;
  readonly #sites: readonly Site[];
  readonly #inSite: ReadonlyMap<Name | undefined, readonly Member[]>;
  readonly #carried = new Map<Vertex, Map<Member, Carried>>();

  constructor({ network, sites }: Mesh, members: readonly Member[], paths: Paths) {
    this.#network = network;
    this.#paths = paths;
    this.#sites = sites.filter(({ addresses }) => addresses.length > 0);
    this.#inSite = Map.groupBy(members, ({ node }) => node.site);
  }

  /** Sorted. Nodes that say the same share one list, so that it is printed and proven once. */
  towards(self: Member, peer: Member): readonly Prefix[] {
    const list = isCarrier(peer) ? this.#through(self, peer) : ownList(self, peer);
    const isExit = self.node.exit === peer.node.name && peer.exits.length > 0;
    return isExit ? [...list, ...peer.exits].sort(comparePrefixes) : list;
  }

  #through(self: Member, peer: Member): readonly Prefix[] {
    const vertex = this.#paths.vertexOf(self);
    const byPeer = this.#carried.get(vertex) ?? new Map<Member, Carried>();
    this.#carried.set(vertex, byPeer);
    const carried = byPeer.get(peer) ?? this.#collect(self, peer);
    byPeer.set(peer, carried);
    // The set is that of all nodes alike: what is the node's own is taken out for it alone.
    const own = prefixSet(self.own);
    if (isEmptySet(intersect(carried.set, own))) return carried.list;
    return cover(subtract(carried.set, own));
  }

  #collect(self: Member, peer: Member): Carried {
    const { sent, elsewhere } = this.#part(self, peer);
    const blocks = this.#blocks(self, peer);
    const reach = this.#reached(self, peer, elsewhere);
    const carried = sent.filter((other) => other !== peer);
    if (carried.length + blocks.length + reach.length === 0) {
      const list = scoped(self, peer);
      return { set: prefixSet(list), list };
    }
    const prefixes = sent.flatMap((other) => scoped(self, other));
    const set = prefixSet([...prefixes, ...blocks, ...reach]);
    return { set, list: cover(set) };
  }

  /** Who is reached through the peer, and what is reached another way, or not at all. */
  #part(self: Member, peer: Member): { sent: readonly Member[]; elsewhere: readonly Prefix[] } {
    const sent: Member[] = [];
    const elsewhere: Prefix[] = [];
    for (const { members } of this.#paths.vertices) {
      // Of nodes that are alike each stands for the others, itself included; alone it is just itself.
      if (members.length === 1 && members[0] === self) continue;
      for (const other of members) {
        if (this.#isSent(self, other, peer)) sent.push(other);
        else elsewhere.push(...scoped(self, other));
      }
    }
    return { sent, elsewhere };
  }

  /** Whole blocks of other sites, where no address of them is sent another way or nowhere on purpose. */
  #blocks(self: Member, peer: Member): readonly Prefix[] {
    return this.#sites.flatMap(({ name, addresses }) => {
      const members = this.#inSite.get(name) ?? [];
      const reached = members.filter((other) => this.#paths.next(self, other) !== undefined);
      const isWhole = reached.every((other) => this.#isSent(self, other, peer));
      return name !== self.site?.name && reached.length > 0 && isWhole ? addresses : [];
    });
  }

  /** What its site sends to the gateway, minus whatever is nearer or has a way of its own. */
  #reached(
    { site }: Member,
    { node: { name } }: Member,
    elsewhere: readonly Prefix[],
  ): readonly Prefix[] {
    if (site === undefined || site.reach.length === 0 || site.gateways[0] !== name) return [];
    const nearer = [...site.networks, ...this.#network.addresses, ...elsewhere];
    return cover(subtract(prefixSet(site.reach), prefixSet(nearer)));
  }

  /** A carrier has in its lists whom it is denied, too: it carries for them, and its filter denies. */
  #isSent(self: Member, other: Member, peer: Member): boolean {
    if (this.#paths.next(self, other) !== peer) return false;
    return isCarrier(self) || !this.#paths.isDenied(self, other);
  }
}

/** What is reached at a peer that carries nothing for others. */
function ownList(self: Member, peer: Member): readonly Prefix[] {
  const list = scoped(self, peer);
  const { standsBy } = self;
  if (standsBy.length === 0) return list;
  return list.filter((prefix) => !standsBy.some((own) => isSamePrefix(own, prefix)));
}

/** What another node owns, as far as a tunnel is needed to it. */
function scoped(self: Member, other: Member): readonly Prefix[] {
  return isNeighbour(self, other) ? other.prefixesInSite : other.prefixes;
}
