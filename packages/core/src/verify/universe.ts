/**
 * Cuts the address space into atoms: the pieces that no prefix of a mesh or of its devices divides.
 * Whatever holds for one address of an atom holds for all, so that a proof over atoms is complete.
 */
import type { Address, Family } from "../ip/address.ts";
import { addressWidth } from "../ip/address.ts";
import { firstAddress, hostPrefix, lastAddress } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";

/** A run of atoms, the last one not included. */
export interface AtomRange {
  readonly from: number;
  readonly to: number;
}

export class Universe {
  readonly size: number;
  readonly #starts: ReadonlyMap<Family, readonly bigint[]>;
  readonly #ranges = new Map<Prefix, AtomRange>();
  readonly #hosts = new Map<Address, number>();
  #isExact = true;

  /** Every prefix that will be asked about, in any order and however often. */
  constructor(prefixes: Iterable<Prefix>) {
    // Lists, not sets: engines hash a bigint by its low 64 bits, which are 0 in all IPv6 networks.
    const starts = new Map<Family, bigint[]>([
      [4, [0n]],
      [6, [0n]],
    ]);
    for (const prefix of prefixes) {
      const next = lastAddress(prefix).bits + 1n;
      const isLast = next >> BigInt(addressWidth(prefix.family)) > 0n;
      starts.get(prefix.family)?.push(prefix.bits, ...(isLast ? [] : [next]));
    }
    this.#starts = new Map([...starts].map(([family, bits]) => [family, sortUnique(bits)]));
    this.size = this.#startsOf(4).length + this.#startsOf(6).length;
  }

  /** Whether every prefix and host that was asked about begins and ends where an atom does. */
  get isExact(): boolean {
    return this.#isExact;
  }

  /** The atoms of a prefix; remembered by identity, since devices share their lists. */
  atomsOf(prefix: Prefix): AtomRange {
    const known = this.#ranges.get(prefix);
    if (known !== undefined) return known;
    const range = {
      from: this.atomOf(firstAddress(prefix)),
      to: this.atomOf(lastAddress(prefix)) + 1,
    };
    this.#ranges.set(prefix, range);
    this.#isExact &&= this.#isCut(prefix, range);
    return range;
  }

  familyOf(atom: number): Family {
    return atom < this.#startsOf(4).length ? 4 : 6;
  }

  /** The atom of an address that many devices name: remembered by identity. */
  hostAtom(address: Address): number {
    const known = this.#hosts.get(address);
    if (known !== undefined) return known;
    const atom = this.atomOf(address);
    this.#hosts.set(address, atom);
    this.#isExact &&= this.#isCut(hostPrefix(address), { from: atom, to: atom + 1 });
    return atom;
  }

  /** The atom that holds an address: the last one that starts at or before it. */
  atomOf({ family, bits }: Address): number {
    const starts = this.#startsOf(family);
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0n) <= bits) low = middle;
      else high = middle;
    }
    return family === 4 ? low : this.#startsOf(4).length + low;
  }

  #isCut(prefix: Prefix, { from, to }: AtomRange): boolean {
    const starts = this.#startsOf(prefix.family);
    const offset = prefix.family === 4 ? 0 : this.#startsOf(4).length;
    if (starts[from - offset] !== prefix.bits) return false;
    const next = lastAddress(prefix).bits + 1n;
    const end = 1n << BigInt(addressWidth(prefix.family));
    return (starts[to - offset] ?? end) === next;
  }

  #startsOf(family: Family): readonly bigint[] {
    return this.#starts.get(family) ?? [];
  }
}

function sortUnique(bits: bigint[]): bigint[] {
  const sorted = bits.sort((one, other) => (one < other ? -1 : Number(one > other)));
  return sorted.filter((each, at) => each !== sorted[at - 1]);
}

/** Every atom of the prefixes, in their order. */
export function listAtoms(universe: Universe, prefixes: readonly Prefix[]): readonly number[] {
  const atoms: number[] = [];
  for (const prefix of prefixes) {
    const { from, to } = universe.atomsOf(prefix);
    for (let atom = from; atom < to; atom += 1) atoms.push(atom);
  }
  return atoms;
}

/** 1 for each atom of the prefixes. */
export function paint(universe: Universe, prefixes: readonly Prefix[]): Uint8Array {
  const painted = new Uint8Array(universe.size);
  for (const prefix of prefixes) {
    const { from, to } = universe.atomsOf(prefix);
    painted.fill(1, from, to);
  }
  return painted;
}
