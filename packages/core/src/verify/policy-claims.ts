/** What the policy of a document says of whom: its selectors as addresses, and who may talk at all. */
import type { Family } from "../ip/address.ts";
import { hostPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { PortRange, Selector } from "../model/mesh.ts";
import type { Claims, Owner } from "./claims.ts";
import { listAtoms, paint } from "./universe.ts";
import type { Universe } from "./universe.ts";

/** A rule of the policy, its selectors turned into prefixes: in any order, and maybe some twice. */
export interface RuleClaim {
  readonly from: readonly Prefix[];
  readonly to: readonly Prefix[];
  readonly ports: readonly PortRange[];
}

/** The clients that enter through a node. */
export function clientsOf({ owners }: Claims, { position }: Owner): readonly Owner[] {
  return owners.filter(({ home, client }) => client !== undefined && home === position);
}

/** All that a node answers for but the rest of the world behind an exit. */
export function heldBy(claims: Claims, owner: Owner): readonly Prefix[] {
  return [...owner.owned, ...clientsOf(claims, owner).flatMap(({ owned }) => owned)];
}

/** Undefined when all may talk to all. */
export function readRules(claims: Claims): readonly RuleClaim[] | undefined {
  const resolve = createResolve(claims);
  return claims.mesh.policy?.map(({ from, to, ports }) => {
    return { from: resolve(from), to: resolve(to), ports };
  });
}

/** Answers which addresses selectors stand for. */
export function createResolve({
  mesh,
  owners,
}: Claims): (selectors: readonly Selector[]) => readonly Prefix[] {
  const groups = new Map<string, readonly Selector[]>(
    mesh.groups.map(({ name, members }) => [name, members]),
  );
  const known = new Map<string, readonly Prefix[]>();
  const of = (isMeant: (owner: Owner) => boolean): readonly Prefix[] =>
    owners.filter(isMeant).flatMap(({ addresses }) => addresses.map(hostPrefix));
  const named = (name: string): readonly Prefix[] => [
    ...of(({ node, client }) => (node ?? client)?.name === name || node?.site === name),
    ...resolve(groups.get(name) ?? []),
  ];
  const tagged = (tag: string): readonly Prefix[] =>
    of(({ node, client }) => (node ?? client)?.tags.some((each) => each === tag) === true);
  const resolve = (selectors: readonly Selector[]): readonly Prefix[] =>
    selectors.flatMap((selector) => {
      if (selector.kind === "prefix") return [selector.prefix];
      const key = selector.kind === "tag" ? `tag:${selector.tag}` : selector.name;
      const found =
        known.get(key) ?? (selector.kind === "tag" ? tagged(selector.tag) : named(selector.name));
      known.set(key, found);
      return found;
    });
  return resolve;
}

const UNKNOWN = 0;
const YES = 1;
const NO = 2;

/** Rules as bits: one for each rule and family, because a packet has only one. */
type Bits = Uint32Array;

/** Who may start anything at all towards whom. */
export class Talks {
  readonly #hasPolicy: boolean;
  readonly #starts: readonly Bits[];
  readonly #takes: readonly Bits[];
  /** The rules towards what nobody in the mesh owns. */
  readonly #leaves: Bits;
  /** By position: the number of those of whom the rules say the same. */
  readonly #classOf: Int32Array;
  readonly #classCount: number;
  readonly #meets: Int8Array;

  /** `rules` are those of the claims, as readRules reads them. */
  constructor(
    { owners, mesh }: Claims,
    rules: readonly RuleClaim[] | undefined,
    universe: Universe,
  ) {
    this.#hasPolicy = rules !== undefined;
    const given = rules ?? [];
    const owned = owners.map((owner) => listAtoms(universe, owner.owned));
    const isInside = paint(universe, [
      ...mesh.network.addresses,
      ...owners.flatMap((owner) => owner.owned),
    ]);
    const outside = Array.from(isInside.keys()).filter((atom) => isInside[atom] === 0);
    const width = Math.ceil((2 * given.length) / 32);
    const starts = owned.map(() => new Uint32Array(width));
    const takes = owned.map(() => new Uint32Array(width));
    this.#leaves = new Uint32Array(width);
    for (const [rule, { from, to }] of given.entries()) {
      const [isFrom, isTo] = [paint(universe, from), paint(universe, to)];
      const mark = (
        bits: Bits | undefined,
        atoms: readonly number[],
        isMeant: Uint8Array,
      ): void => {
        for (const atom of atoms) {
          if (isMeant[atom] === 1) setBit(bits, 2 * rule + (universe.familyOf(atom) === 4 ? 0 : 1));
        }
      };
      for (const [at, atoms] of owned.entries()) {
        mark(starts[at], atoms, isFrom);
        mark(takes[at], atoms, isTo);
      }
      mark(this.#leaves, outside, isTo);
    }
    this.#starts = starts;
    this.#takes = takes;
    // A million pairs are asked about, and few kinds of owners are there.
    const classes = new Map<string, number>();
    this.#classOf = Int32Array.from(starts, (bits, at) => {
      const key = `${bits.join()} ${takes[at]?.join()}`;
      const known = classes.get(key) ?? classes.size;
      classes.set(key, known);
      return known;
    });
    this.#classCount = classes.size;
    this.#meets = new Int8Array(classes.size ** 2);
  }

  /** Either way, of anything that the one owns with anything of the other's, and behind its exit. */
  mayTalk(one: Owner, other: Owner): boolean {
    return this.mayStart(one, other) || this.mayStart(other, one);
  }

  /** Whether the first may start anything towards the second, or through it where that is its exit. */
  mayStart(source: Owner, target: Owner): boolean {
    if (!this.#hasPolicy || this.#isMeeting(source.position, target.position)) return true;
    return source.node?.exit === target.name && this.mayLeave(source, target.exits);
  }

  /** The rules by which the first may start towards what the second owns; undefined: all may talk to all. */
  rulesBetween(source: Owner, target: Owner): readonly number[] | undefined {
    if (!this.#hasPolicy) return undefined;
    const [starts, takes] = [this.#starts[source.position], this.#takes[target.position]];
    const rules = new Set<number>();
    for (const [at, word] of starts?.entries() ?? []) {
      const both = word & (takes?.[at] ?? 0);
      for (let bit = 0; bit < 32; bit += 1) {
        if ((both >>> bit) & 1) rules.add(Math.floor((32 * at + bit) / 2));
      }
    }
    return [...rules];
  }

  /** Whether `one` may start anything towards the internet behind an exit of these families. */
  mayLeave({ position }: Owner, exits: readonly Prefix[]): boolean {
    if (!this.#hasPolicy) return true;
    const families = new Set(exits.map(({ family }) => family));
    const leaves = this.#leaves.map((word) => word & maskOf(families));
    return isMeeting(this.#starts[position], leaves);
  }

  #isMeeting(source: number, target: number): boolean {
    const key = (this.#classOf[source] ?? 0) * this.#classCount + (this.#classOf[target] ?? 0);
    const known = this.#meets[key] ?? UNKNOWN;
    if (known !== UNKNOWN) return known === YES;
    const meets = isMeeting(this.#starts[source], this.#takes[target]);
    this.#meets[key] = meets ? YES : NO;
    return meets;
  }
}

function setBit(bits: Bits | undefined, bit: number): void {
  if (bits !== undefined) bits[bit >>> 5] = (bits[bit >>> 5] ?? 0) | (1 << (bit & 31));
}

/** Every second bit is of IPv4, from the first on. */
function maskOf(families: ReadonlySet<Family>): number {
  return (families.has(4) ? 0x5555_5555 : 0) | (families.has(6) ? 0xaaaa_aaaa : 0);
}

function isMeeting(one: Bits | undefined, other: Bits | undefined): boolean {
  return one !== undefined && one.some((word, at) => (word & (other?.[at] ?? 0)) !== 0);
}
