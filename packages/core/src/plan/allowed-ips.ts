/** What a node sends to a peer and takes from it: all that is reached through it, in the fewest prefixes. */
import { comparePrefixes, isSamePrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { cover, intersect, isEmptySet, prefixSet, subtract } from "../ip/prefix-set.ts";
import type { PrefixSet } from "../ip/prefix-set.ts";
import type { Mesh, Network, Site } from "../model/mesh.ts";
import type { Name } from "../model/names.ts";
import { remember } from "../remember.ts";
import { isNeighbour } from "./dial.ts";
import { isCarrier } from "./member.ts";
import type { Member } from "./member.ts";
import type { Paths, Vertex } from "./paths.ts";

/** What goes through one carrier, for all nodes of a vertex. */
interface Carried {
  readonly set: PrefixSet;
  readonly list: readonly Prefix[];
}

/** Who is given to which peer by the nodes of a vertex, and whose blocks as a whole. */
interface Parting {
  readonly sent: ReadonlyMap<Member, readonly Member[]>;
  readonly blocks: ReadonlyMap<Member, readonly Prefix[]>;
}

export class AllowedIps {
  readonly #network: Network;
  readonly #paths: Paths;
  readonly #sites: readonly Site[];
  readonly #inSite: ReadonlyMap<Name | undefined, readonly Member[]>;
  readonly #members: readonly Member[];
  readonly #partings = new Map<Vertex, Parting>();
  readonly #carried = new Map<Vertex, Map<Member, Carried>>();

  constructor({ network, sites }: Mesh, members: readonly Member[], paths: Paths) {
    this.#network = network;
    this.#paths = paths;
    this.#members = members;
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
    const byPeer = remember(this.#carried, vertex, () => new Map<Member, Carried>());
    const carried = remember(byPeer, peer, () => this.#collect(self, peer));
    // The set is that of all nodes alike: what is the node's own is taken out for it alone.
    const own = prefixSet(self.own);
    if (isEmptySet(intersect(carried.set, own))) return carried.list;
    return cover(subtract(carried.set, own));
  }

  #collect(self: Member, peer: Member): Carried {
    const { sent, blocks } = this.#partingOf(self);
    const through = sent.get(peer) ?? [];
    const whole = blocks.get(peer) ?? [];
    const reach = this.#reached(self, peer, through);
    const isAlone = through.every((other) => other === peer);
    if (isAlone && whole.length + reach.length === 0) {
      const list = scoped(self, peer);
      return { set: prefixSet(list), list };
    }
    const prefixes = through.flatMap((other) => scoped(self, other));
    const set = prefixSet([...prefixes, ...whole, ...reach]);
    return { set, list: cover(set) };
  }

  /** The same for all nodes of a vertex, and so worked out for the first that asks. */
  #partingOf(self: Member): Parting {
    const vertex = this.#paths.vertexOf(self);
    return remember(this.#partings, vertex, () => {
      const sent = new Map<Member, Member[]>();
      for (const other of this.#members) {
        // Of nodes that are alike each stands for the others, itself included; alone it is just itself.
        const next =
          other === self && vertex.members.length === 1 ? undefined : this.#next(self, other);
        if (next !== undefined) remember(sent, next, () => []).push(other);
      }
      return { sent, blocks: this.#blocksOf(self) };
    });
  }

  /** Whole blocks of other sites, where no address of them is sent another way or nowhere on purpose. */
  #blocksOf(self: Member): ReadonlyMap<Member, readonly Prefix[]> {
    const blocks = new Map<Member, Prefix[]>();
    for (const { name, addresses } of this.#sites) {
      if (name === self.site?.name) continue;
      const members = this.#inSite.get(name) ?? [];
      const reached = members.filter((other) => this.#paths.next(self, other) !== undefined);
      const [peer, ...others] = new Set(reached.map((other) => this.#next(self, other)));
      if (peer === undefined || others.length > 0) continue;
      remember(blocks, peer, () => []).push(...addresses);
    }
    return blocks;
  }

  /** What its site sends to the gateway, minus whatever is nearer or has a way of its own. */
  #reached(self: Member, peer: Member, through: readonly Member[]): readonly Prefix[] {
    const { site } = self;
    if (site === undefined || site.reach.length === 0) return [];
    if (site.gateways[0] !== peer.node.name) return [];
    const sent = new Set(through);
    const others = this.#members.filter((other) => !sent.has(other));
    const elsewhere = others.flatMap((other) => scoped(self, other));
    const nearer = [...site.networks, ...this.#network.addresses, ...elsewhere];
    return cover(subtract(prefixSet(site.reach), prefixSet(nearer)));
  }

  /**
   * To whom what is for another is given. A carrier gives whom it is denied, too: it carries for them, and
   * its filter denies.
   */
  #next(self: Member, other: Member): Member | undefined {
    const isBarred = !isCarrier(self) && this.#paths.isDenied(self, other);
    return isBarred ? undefined : this.#paths.next(self, other);
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
