/** Walks packets from table to table: every promise of the mesh is kept, both ways, without a loop. */
import * as proof from "../messages/proof.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { Prefix } from "../ip/prefix.ts";
import { canDial, ownedInSite } from "./claims.ts";
import type { Claims, Owner } from "./claims.ts";
import { NOWHERE } from "./forwarding.ts";
import type { Row } from "./forwarding.ts";
import type { PairTable } from "./pair-table.ts";
import type { Universe } from "./universe.ts";

export interface PathScene {
  readonly universe: Universe;
  readonly claims: Claims;
  readonly rows: readonly Row[];
  readonly pairs: PairTable;
}

/** The number of ordered pairs of nodes that reach each other with all that lies behind them. */
export function checkPaths(scene: PathScene, diagnostics: Diagnostics): number {
  const { owners } = scene.claims;
  const atoms = owners.map((owner) => ({
    all: listAtoms(scene, owner.owned),
    inSite: listAtoms(scene, ownedInSite(owner)),
  }));
  let paths = 0;
  for (const source of owners) {
    const unreachable: Owner[] = [];
    for (const target of owners) {
      if (source === target) continue;
      if (isUnmeetable(scene, source, target)) unreachable.push(target);
      else if (checkPair(scene, { source, target, atoms }, diagnostics)) paths += 1;
    }
    reportUnreachable(source, unreachable, owners.length, diagnostics);
  }
  checkUnowned(scene, atoms, diagnostics);
  return paths;
}

interface PairScene {
  readonly source: Owner;
  readonly target: Owner;
  readonly atoms: readonly OwnedAtoms[];
}

/** What a node owns, for everybody and for nodes of its own site; by the node's position. */
interface OwnedAtoms {
  readonly all: readonly number[];
  readonly inSite: readonly number[];
}

/** Whether packets from all of `source` arrive at all of `target`, and would be let in at each hop. */
function checkPair(scene: PathScene, pair: PairScene, diagnostics: Diagnostics): boolean {
  const { source, target, atoms } = pair;
  const isNeighbour = source.node.site !== undefined && source.node.site === target.node.site;
  const scope = isNeighbour ? "inSite" : "all";
  const sent = atoms[source.position]?.[scope] ?? [];
  const passed = { at: NOWHERE, next: NOWHERE };
  for (const atom of atoms[target.position]?.[scope] ?? []) {
    if (!walk(scene, pair, { atom, sent, passed }, diagnostics)) return false;
  }
  return true;
}

interface Packet {
  /** Where it goes. */
  readonly atom: number;
  /** Where it may come from: each must be accepted, because AllowedIPs is also the source filter. */
  readonly sent: readonly number[];
  /** The hop that last let all of them in: what a pair's other packets take, too. */
  readonly passed: { at: number; next: number };
}

function walk(
  { claims: { owners }, rows }: PathScene,
  { source, target }: PairScene,
  { atom, sent, passed }: Packet,
  diagnostics: Diagnostics,
): boolean {
  let at = source.position;
  for (let hops = 0; at !== target.position; hops += 1) {
    const names = { source: source.node.name, target: target.node.name };
    const here = owners[at]?.node.name ?? "";
    const next = rows[at]?.[atom] ?? NOWHERE;
    if (next === NOWHERE) {
      diagnostics.add(proof.pathMissing(names.source, names.target, here));
      return false;
    }
    if (hops > owners.length) {
      diagnostics.add(proof.pathLoops(names.source, names.target, here));
      return false;
    }
    const isPassed = passed.at === at && passed.next === next;
    for (const from of isPassed ? [] : sent) {
      if (rows[next]?.[from] === at) continue;
      const hop = { from: here, at: owners[next]?.node.name ?? "" };
      diagnostics.add(proof.pathAsymmetric(names.source, names.target, hop));
      return false;
    }
    passed.at = at;
    passed.next = next;
    at = next;
  }
  return true;
}

/** Neither can dial the other, and no tunnel was planned: nothing in the plan could be better. */
function isUnmeetable({ pairs }: PathScene, source: Owner, target: Owner): boolean {
  if (pairs.isListed(source.position, target.position)) return false;
  return !canDial(source, target) && !canDial(target, source);
}

function reportUnreachable(
  source: Owner,
  unreachable: readonly Owner[],
  nodeCount: number,
  diagnostics: Diagnostics,
): void {
  if (unreachable.length > 0 && unreachable.length === nodeCount - 1) {
    diagnostics.add(proof.nodeIsolated(source.node.name));
    return;
  }
  // Each pair is named once, at the one that comes first.
  const later = unreachable.filter(({ position }) => position > source.position);
  if (later.length === 0) return;
  diagnostics.add(
    proof.nobodyDials(
      source.node.name,
      later.map(({ node }) => node.name),
    ),
  );
}

function listAtoms({ universe }: PathScene, prefixes: readonly Prefix[]): readonly number[] {
  return prefixes.flatMap((prefix) => {
    const { from, to } = universe.atomsOf(prefix);
    return Array.from({ length: to - from }, (_, at) => from + at);
  });
}

/** What nobody owns must go into no tunnel: a prefix that is wider than what it stands for. */
function checkUnowned(
  { claims: { owners }, rows, universe }: PathScene,
  atoms: readonly OwnedAtoms[],
  diagnostics: Diagnostics,
): void {
  const isOwned = new Uint8Array(universe.size);
  for (const { all } of atoms) for (const atom of all) isOwned[atom] = 1;
  for (const { node, position } of owners) {
    const stray = rows[position]?.find((next, atom) => next !== NOWHERE && isOwned[atom] === 0);
    if (stray === undefined) continue;
    diagnostics.add(proof.prefixUnowned(node.name, owners[stray]?.node.name ?? ""));
  }
}
