/**
 * From one set of entries to another: patches and hashes, the same for everything that is kept as entries.
 * A hash is a sum, so that a change of one entry costs one, however many there are.
 */
import type { Entries, Entry } from "./entries.ts";

/** What makes the entries of one revision those of another. */
export interface Delta {
  readonly set: readonly Entry[];
  readonly delete: readonly string[];
}

/** SHA-256 of a text, or as much of it as `HASH_BITS` wants, as a whole number. */
export type Digest = (text: string) => bigint;

/** Enough that two different sets never meet by chance; nobody who could choose the entries gains by it. */
export const HASH_BITS = 128n;

export function isEmpty({ set, delete: gone }: Delta): boolean {
  return set.length === 0 && gone.length === 0;
}

export function deltaBetween(before: Entries, after: Entries): Delta {
  return {
    set: [...after].filter(([key, text]) => before.get(key) !== text),
    delete: [...before.keys()].filter((key) => !after.has(key)),
  };
}

export function applyDelta(entries: Entries, { set, delete: gone }: Delta): Entries {
  const after = new Map(entries);
  for (const key of gone) after.delete(key);
  for (const [key, text] of set) after.set(key, text);
  return after;
}

/** 32 digits in hexadecimal. */
export function hashOf(entries: Iterable<Entry>, digest: Digest): string {
  return printHash(sumOf(entries, digest));
}

/** The hash of the entries after a delta, from that before it and the entries that the delta replaced. */
export function hashAfter(
  hash: string,
  replaced: Iterable<Entry>,
  { set }: Delta,
  digest: Digest,
): string {
  return printHash(BigInt(`0x${hash}`) - sumOf(replaced, digest) + sumOf(set, digest));
}

/** Those entries of before that a delta replaces or deletes. */
export function replacedBy(before: Entries, { set, delete: gone }: Delta): readonly Entry[] {
  return [...set.map(([key]) => key), ...gone].flatMap((key) => {
    const text = before.get(key);
    return text === undefined ? [] : [[key, text] as const];
  });
}

function sumOf(entries: Iterable<Entry>, digest: Digest): bigint {
  let sum = 0n;
  for (const [key, text] of entries) sum += digest(`${key}\0${text}`);
  return sum;
}

function printHash(sum: bigint): string {
  return BigInt.asUintN(Number(HASH_BITS), sum).toString(16).padStart(32, "0");
}
