/** What nobody owns: where a device may send it at all, and that it ends somewhere. */
import * as proof from "../messages/proof.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { exitOf } from "./claims.ts";
import type { Owner } from "./claims.ts";
import { carries } from "./connections.ts";
import { NOWHERE } from "./forwarding.ts";
import type { PathScene } from "./path-checks.ts";
import { listAtoms, paint } from "./universe.ts";
import type { Universe } from "./universe.ts";

/** A prefix may be wider than what it stands for only where the document says so. */
export function checkStrays(scene: PathScene, diagnostics: Diagnostics): void {
  const { claims, universe, rows } = scene;
  const blocks = new Blocks(scene);
  const unowned = listUnowned(universe, claims.owners);
  for (const owner of claims.owners) {
    const row = rows[owner.position];
    const reasons = readReasons(scene, owner);
    const ways = blocks.readWays(owner);
    const stray = unowned.find((atom) => {
      const next = row?.[atom] ?? NOWHERE;
      if (next === NOWHERE || reasons.get(atom) === next) return false;
      return ways.get(blocks.siteOf(atom)) !== next;
    });
    if (stray !== undefined) {
      const peer = claims.owners[row?.[stray] ?? NOWHERE]?.name ?? "";
      diagnostics.add(proof.prefixUnowned(owner.name, peer));
    }
    checkReach(scene, owner, unowned, diagnostics);
    checkAccess(scene, owner, unowned, diagnostics);
    const endless = unowned.find((atom) => isEndless(scene, owner, atom));
    if (endless !== undefined) {
      diagnostics.add(proof.pathLoops(owner.name, "addresses that nobody has", owner.name));
    }
  }
}

/** A client sends what it may reach of the internet to the node that it enters through. */
function checkAccess(
  { universe, rows, claims, talks }: PathScene,
  owner: Owner,
  unowned: readonly number[],
  diagnostics: Diagnostics,
): void {
  const { name, position, home, access, client } = owner;
  const exits = claims.owners[home]?.exits ?? [];
  if (client === undefined || !talks.mayLeave(owner, exits)) return;
  const wanted = new Set(listAtoms(universe, access?.all ?? []));
  for (const atom of listAtoms(universe, claims.mesh.network.addresses)) wanted.delete(atom);
  const isLost = unowned.some((atom) => wanted.has(atom) && rows[position]?.[atom] !== home);
  if (isLost) diagnostics.add(proof.pathMissing(name, "the internet", name));
}

/** What a site sends to its gateway must not leave by a default route instead. */
function checkReach(
  { claims, universe, rows, pairs }: PathScene,
  { name, position, site, own }: Owner,
  unowned: readonly number[],
  diagnostics: Diagnostics,
): void {
  const gateway = claims.positions.get(site?.gateways[0] ?? ("" as never));
  if (site === undefined || site.reach.length === 0 || gateway === undefined) return;
  if (gateway === position || !pairs.isListed(position, gateway)) return;
  const reached = new Set(listAtoms(universe, site.reach));
  const near = new Set(listAtoms(universe, [...own, ...claims.mesh.network.addresses]));
  const isLost = unowned.some(
    (atom) => reached.has(atom) && !near.has(atom) && rows[position]?.[atom] !== gateway,
  );
  if (isLost) diagnostics.add(proof.reachLeaks(name, claims.owners[gateway]?.name ?? ""));
}

function listUnowned(universe: Universe, owners: readonly Owner[]): readonly number[] {
  const owned = owners.flatMap((owner) => owner.owned);
  const isOwned = paint(universe, owned);
  return Array.from(isOwned.keys()).filter((atom) => isOwned[atom] === 0);
}

/** Atom → to whom the document wants it sent although nobody owns it. */
function readReasons({ claims, universe }: PathScene, owner: Owner): ReadonlyMap<number, number> {
  const { positions } = claims;
  const reasons = new Map<number, number>();
  const give = (prefixes: Owner["owned"], position: number | undefined): void => {
    if (position === undefined) return;
    for (const atom of listAtoms(universe, prefixes)) reasons.set(atom, position);
  };
  const { site, access } = owner;
  const exit = exitOf(claims, owner);
  if (exit !== undefined) give(exit.exits, exit.position);
  const gateway = site?.gateways[0];
  if (site !== undefined && gateway !== undefined && gateway !== owner.name) {
    give(site.reach, positions.get(gateway));
  }
  if (access !== undefined) give(access.all, owner.home);
  return reasons;
}

/** Sites' blocks, and whose addresses are in each. */
class Blocks {
  readonly #scene: PathScene;
  /** Atom → the site whose block holds it. */
  readonly #siteOf = new Map<number, string>();
  /** Site → what its nodes and their clients have in the block. */
  readonly #owned = new Map<string, readonly number[]>();

  constructor(scene: PathScene) {
    this.#scene = scene;
    const { claims, universe } = scene;
    for (const { name, addresses } of claims.mesh.sites) {
      const atoms = new Set(listAtoms(universe, addresses));
      for (const atom of atoms) this.#siteOf.set(atom, name);
      const owners = claims.owners.filter(({ home }) => claims.owners[home]?.site?.name === name);
      const owned = owners.flatMap((owner) => listAtoms(universe, owner.owned));
      const inside = owned.filter((atom) => atoms.has(atom));
      // Where nobody lies in the block, it goes with those whose site it is.
      this.#owned.set(name, inside.length > 0 ? inside : owned);
    }
  }

  /** By the blocks of the sites: where all that is owned in one goes, if it goes one way. */
  readWays({ position, site: own }: Owner): ReadonlyMap<string, number> {
    const row = this.#scene.rows[position];
    const ways = new Map<string, number>();
    for (const [site, owned] of this.#owned) {
      const nexts = new Set(owned.map((atom) => row?.[atom] ?? NOWHERE));
      // What is out of reach, or denied, goes no other way.
      nexts.delete(NOWHERE);
      const [next] = nexts;
      // Of its own site it knows each node.
      if (next !== undefined && nexts.size === 1 && site !== own?.name) ways.set(site, next);
    }
    return ways;
  }

  /** The site whose block has the atom. */
  siteOf(atom: number): string {
    return this.#siteOf.get(atom) ?? "";
  }
}

function isEndless({ rows, claims }: PathScene, { position }: Owner, atom: number): boolean {
  let at = position;
  for (let hops = 0; at !== NOWHERE; hops += 1) {
    if (hops > claims.owners.length) return true;
    const here = claims.owners[at];
    // Nobody else lets it out of the tunnel and into it again.
    if (hops > 0 && (here === undefined || !carries(here))) return false;
    at = rows[at]?.[atom] ?? NOWHERE;
  }
  return false;
}
