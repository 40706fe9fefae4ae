/** Walks packets from table to table: every promise of the mesh is kept, both ways, without a loop. */
import * as proof from "../messages/proof.ts";
import * as ways from "../messages/ways.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { TUNNEL_OVERHEAD } from "../ip/mtu.ts";
import { exitOf, isNeighbour } from "./claims.ts";
import type { Claims, Owner } from "./claims.ts";
import { carries } from "./connections.ts";
import type { Connections } from "./connections.ts";
import { NOWHERE } from "./forwarding.ts";
import type { Row } from "./forwarding.ts";
import type { PairTable } from "./pair-table.ts";
import type { Talks } from "./policy-claims.ts";
import { listAtoms, paint } from "./universe.ts";
import type { Universe } from "./universe.ts";

export interface PathScene {
  readonly universe: Universe;
  readonly claims: Claims;
  readonly connections: Connections;
  readonly talks: Talks;
  readonly rows: readonly Row[];
  /** Of each device, by its owner's position. */
  readonly mtus: readonly number[];
  readonly pairs: PairTable;
}

export interface PathCounts {
  /** Ordered pairs of which the mesh wants that the one reaches the other, with all that lies behind it. */
  readonly promised: number;
  /** Those of them that do. */
  readonly paths: number;
  /** Ordered pairs that the policy or a link keeps apart, either way. */
  readonly apart: number;
}

export function checkPaths(scene: PathScene, diagnostics: Diagnostics): PathCounts {
  const { owners } = scene.claims;
  const walker = new Walker(scene, diagnostics);
  let promised = 0;
  let paths = 0;
  let apart = 0;
  for (const source of owners) {
    const others = owners.filter((other) => other !== source);
    const [denied, open] = part(others, (other) => scene.connections.isDenied(source, other));
    for (const target of denied) {
      if (scene.talks.mayStart(source, target)) walker.refuse(source, target);
    }
    const wanted = open.filter((other) => scene.talks.mayTalk(source, other));
    const [connected, unreachable] = part(wanted, (other) => {
      return scene.connections.isConnected(source, other);
    });
    promised += wanted.length;
    apart += others.length - wanted.length;
    paths += connected.filter((target) => walker.isKept(source, target)).length;
    walker.checkExit(source);
    reportUnreachable(scene, source, unreachable, diagnostics);
  }
  walker.reportUnused();
  return { promised, paths, apart };
}

/** Those of which something is so, and the others. */
function part<T>(list: readonly T[], isSo: (one: T) => boolean): readonly [T[], T[]] {
  const yes: T[] = [];
  const no: T[] = [];
  for (const one of list) (isSo(one) ? yes : no).push(one);
  return [yes, no];
}

/** What a node owns, for everybody and for nodes of its own site. */
interface OwnedAtoms {
  readonly all: readonly number[];
  readonly inSite: readonly number[];
}

/** Follows packets through the tables of a scene, and remembers which tunnels were needed. */
class Walker {
  readonly #scene: PathScene;
  readonly #owners: readonly Owner[];
  readonly #diagnostics: Diagnostics;
  readonly #atoms: readonly OwnedAtoms[];
  /** By position, where that is less than everything: the atoms that a client may reach, or a node has no use for. */
  readonly #limits: readonly ((atom: number) => boolean)[];
  /** What fits through everybody's underlay. */
  readonly #leastMtu: number;
  /** 1 for each atom that is somebody's. */
  readonly #owned: Uint8Array;
  /** 1 for each ordered pair of neighbours that a promise goes over. */
  readonly #used: Uint8Array;

  constructor(scene: PathScene, diagnostics: Diagnostics) {
    this.#scene = scene;
    this.#owners = scene.claims.owners;
    this.#diagnostics = diagnostics;
    this.#atoms = this.#owners.map(({ owned, ownedInSite }) => ({
      all: listAtoms(scene.universe, owned),
      inSite: listAtoms(scene.universe, ownedInSite),
    }));
    this.#limits = this.#owners.map((owner) => readLimit(scene.universe, owner));
    const owned = this.#owners.flatMap((owner) => owner.owned);
    this.#owned = paint(scene.universe, owned);
    this.#leastMtu = scene.claims.leastUnderlayMtu - TUNNEL_OVERHEAD;
    this.#used = new Uint8Array(this.#owners.length ** 2);
  }

  /** Whether packets from all of `source` arrive at all of `target`, and would be let in at each hop. */
  isKept(source: Owner, target: Owner): boolean {
    const sent = this.#between(source, target);
    const taken = this.#between(target, source);
    if (taken.length === 0) this.#useWay(source, target);
    const passed: number[] = [];
    let isKept = true;
    for (const atom of taken) {
      isKept &&= this.#walk({ source, target, atom, sent, passed });
    }
    return isKept;
  }

  /** What a client may not reach has a way all the same, from the node that it enters through. */
  #useWay(source: Owner, target: Owner): void {
    const [atom] = this.#atoms[target.position]?.all ?? [];
    let at = source.home;
    for (let hops = 0; at !== target.home && hops <= this.#owners.length; hops += 1) {
      const next = this.#scene.rows[at]?.[atom ?? NOWHERE] ?? NOWHERE;
      if (next === NOWHERE) return;
      this.#use(at, next);
      at = next;
    }
  }

  /** No packet gets from one to the other, neither directly nor over a third. */
  refuse(source: Owner, target: Owner): void {
    const home = this.#owners[target.home] ?? target;
    // There it is the filter that denies, and that is compared with the document as a whole.
    if (carries(home) || home.node?.exit !== undefined) return;
    const sent = this.#between(source, target);
    for (const atom of this.#between(target, source)) {
      let at = source.position;
      let hops = 0;
      while (at !== target.position && at !== NOWHERE && hops <= this.#owners.length) {
        const next = this.#given(at, atom);
        const here = at;
        const isTaken = hops === 0 || this.#passesOn(at, source, target);
        at = isTaken && sent.some((from) => this.#given(next, from) === here) ? next : NOWHERE;
        hops += 1;
      }
      if (at !== target.position) continue;
      this.#diagnostics.add(proof.pathForbidden(source.name, target.name));
      return;
    }
  }

  /** To whom a device gives an atom: where nothing else has it, to its exit. */
  #given(at: number, atom: number): number {
    const { rows, claims, pairs } = this.#scene;
    const next = rows[at]?.[atom] ?? NOWHERE;
    const here = this.#owners[at];
    const exit = here && exitOf(claims, here)?.position;
    return next === NOWHERE && exit !== undefined && pairs.isListed(at, exit) ? exit : next;
  }

  /** Who uses an exit sends it all that nobody owns, and only over a tunnel of their own. */
  checkExit(user: Owner): void {
    const { claims, universe, rows, pairs, talks } = this.#scene;
    const { position, name, own, site } = user;
    const exit = exitOf(claims, user);
    if (exit === undefined || !talks.mayTalk(user, exit)) return;
    if (!pairs.isListed(position, exit.position)) {
      this.#diagnostics.add(ways.exitNotDirect(["nodes", name, "exit"], exit.name));
      return;
    }
    this.#use(position, exit.position);
    const row = rows[position];
    const elsewhere = new Set(
      listAtoms(universe, [...claims.mesh.network.addresses, ...own, ...(site?.reach ?? [])]),
    );
    const isLost = listAtoms(universe, exit.exits).some(
      (atom) => !this.#isOwned(atom) && !elsewhere.has(atom) && row?.[atom] !== exit.position,
    );
    const back = rows[exit.position];
    const isHeard = this.#between(user, exit).every((atom) => back?.[atom] === position);
    if (isLost || !isHeard) this.#diagnostics.add(proof.pathMissing(name, "the internet", name));
  }

  /** A tunnel that nothing needs only widens what one host can do to another. */
  reportUnused(): void {
    const { pairs } = this.#scene;
    for (const one of this.#owners) {
      for (const other of this.#owners) {
        const isNeeded =
          this.#isUsed(one.position, other.position) || this.#isUsed(other.position, one.position);
        // A client is told its one peer whatever the policy says.
        if (one.node === undefined || other.node === undefined || isNeeded) continue;
        if (!pairs.isListed(one.position, other.position)) continue;
        this.#diagnostics.add(proof.peerUnused(one.name, other.name));
      }
    }
  }

  #isOwned(atom: number): boolean {
    return this.#owned[atom] === 1;
  }

  #walk({ source, target, atom, sent, passed }: Packet): boolean {
    const { rows } = this.#scene;
    const say = this.#diagnostics;
    let at = source.position;
    for (let hops = 0; at !== target.position; hops += 1) {
      const here = this.#owners[at];
      const next = rows[at]?.[atom] ?? NOWHERE;
      if (next === NOWHERE || hops > this.#owners.length) {
        const message = next === NOWHERE ? proof.pathMissing : proof.pathLoops;
        say.add(message(source.name, target.name, here?.name ?? ""));
        return false;
      }
      if (hops > 0 && !this.#passesOn(at, source, target)) {
        say.add(proof.pathMissing(source.name, target.name, here?.name ?? ""));
        return false;
      }
      if (passed[hops] !== next && sent.some((from) => rows[next]?.[from] !== at)) {
        const hop = { from: here?.name ?? "", at: this.#owners[next]?.name ?? "" };
        say.add(proof.pathAsymmetric(source.name, target.name, hop));
        return false;
      }
      // Another way than before is another from here on.
      if (passed[hops] !== next) passed.length = hops;
      passed[hops] = next;
      this.#use(at, next);
      at = next;
    }
    this.#checkMtu(source, target, passed);
    return true;
  }

  /** Whether a host lets packets of these two out of its tunnel and into it again. */
  #passesOn(at: number, source: Owner, target: Owner): boolean {
    const isDoor = [source, target].some(({ client, home }) => client !== undefined && home === at);
    const here = this.#owners[at];
    return isDoor || (here !== undefined && carries(here));
  }

  #checkMtu(source: Owner, target: Owner, way: readonly number[]): void {
    const mtu = this.#scene.mtus[source.position] ?? 0;
    // The common case, in which no way can be narrower: nothing to look up.
    if (source.node === undefined || mtu <= this.#leastMtu) return;
    const met = way.map((position) => this.#owners[position]?.node?.underlayMtu ?? Infinity);
    const fits = Math.min(source.node.underlayMtu, ...met) - TUNNEL_OVERHEAD;
    if (mtu <= fits) return;
    this.#diagnostics.add(proof.mtuTooLarge(source.name, mtu, { mtu: fits, peer: target.name }));
  }

  /** What of the first the second has to do with. */
  #between(one: Owner, other: Owner): readonly number[] {
    const scope = isNeighbour(one, other) ? "inSite" : "all";
    const atoms = this.#atoms[one.position]?.[scope] ?? [];
    const limit = this.#limits[other.position];
    return limit === everything || limit === undefined ? atoms : atoms.filter(limit);
  }

  #use(at: number, next: number): void {
    this.#used[at * this.#owners.length + next] = 1;
  }

  #isUsed(at: number, next: number): boolean {
    return this.#used[at * this.#owners.length + next] === 1;
  }
}

interface Packet {
  readonly source: Owner;
  readonly target: Owner;
  /** Where it goes. */
  readonly atom: number;
  /** Where it may come from: each must be accepted, because AllowedIPs is also the source filter. */
  readonly sent: readonly number[];
  /** The way of a pair's last packet, on which all of them were let in: others take the same. */
  readonly passed: number[];
}

function everything(): boolean {
  return true;
}

function readLimit(universe: Universe, { access, standsBy }: Owner): (atom: number) => boolean {
  if (access === undefined && standsBy.length === 0) return everything;
  const within = new Set(listAtoms(universe, access?.promised ?? []));
  const without = new Set(listAtoms(universe, standsBy));
  return (atom) => (access === undefined || within.has(atom)) && !without.has(atom);
}

function reportUnreachable(
  { claims: { owners } }: PathScene,
  source: Owner,
  unreachable: readonly Owner[],
  diagnostics: Diagnostics,
): void {
  if (source.node === undefined) return;
  const nodes = unreachable.filter(({ node }) => node !== undefined);
  const others = owners.filter(({ node }) => node !== undefined).length - 1;
  if (nodes.length > 0 && nodes.length === others) {
    diagnostics.add(proof.nodeIsolated(source.name));
    return;
  }
  // Each pair is named once, at the one that comes first.
  const later = nodes.filter(({ position }) => position > source.position);
  if (later.length === 0) return;
  diagnostics.add(
    proof.nobodyDials(
      source.name,
      later.map(({ name }) => name),
    ),
  );
}
