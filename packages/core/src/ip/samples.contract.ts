/** Arbitrary addresses and prefixes for tests, and a way to compare them that shares nothing with the code. */
import * as fc from "fast-check";
import type { Address, Family } from "./address.ts";
import type { Prefix } from "./prefix.ts";

/** Any address, but more often one with runs of zeros, full bytes, or an IPv4 address at its end. */
export function addresses(family: Family): fc.Arbitrary<Address> {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: family === 4 ? 4 : 16, maxLength: family === 4 ? 4 : 16 }),
    fc.array(fc.constantFrom(0, 0, 0, 0, 1, 255), {
      minLength: family === 4 ? 4 : 16,
      maxLength: family === 4 ? 4 : 16,
    }),
    fc
      .uint8Array({ minLength: 4, maxLength: 4 })
      .map((tail) => (family === 4 ? tail : [...Array<number>(10).fill(0), 255, 255, ...tail])),
  );
  return bytes.map((each) => ({ family, bits: BigInt(`0x${hex(each)}`) }));
}

export function anyAddress(): fc.Arbitrary<Address> {
  return fc.oneof(addresses(4), addresses(6));
}

/** Prefixes of all lengths from the shortest on; host bits are zero. */
export function prefixes(family: Family, shortest = 0): fc.Arbitrary<Prefix> {
  return fc
    .tuple(addresses(family), fc.integer({ min: shortest, max: widthOf(family) }))
    .map(([address, length]) => cut(address, length));
}

export function anyPrefix(): fc.Arbitrary<Prefix> {
  return fc.oneof(prefixes(4), prefixes(6));
}

/** Prefixes within one block of 256 addresses, few enough to try each of them. */
export function smallPrefixes(family: Family): fc.Arbitrary<Prefix> {
  return fc
    .tuple(fc.nat(255), fc.integer({ min: widthOf(family) - 8, max: widthOf(family) }))
    .map(([last, length]) => cut(smallUniverse(family)[last] ?? never(), length));
}

/** The block of `smallPrefixes`: 10.255.255.0/24, or 2001:db8::ff00/120. */
export function smallUniverse(family: Family): Address[] {
  const first = family === 4 ? 0x0affff00n : 0x20010db8_00000000_00000000_0000ff00n;
  return Array.from({ length: 256 }, (_, last) => ({ family, bits: first + BigInt(last) }));
}

/** The address as a text of zeros and ones: what a prefix is a beginning of. */
export function binary(address: Address): string {
  return address.bits.toString(2).padStart(widthOf(address.family), "0");
}

/** Whether the address begins as the prefix does, told from the texts. */
export function begins(prefix: Prefix, address: Address): boolean {
  return (
    prefix.family === address.family &&
    binary(address).startsWith(binary(prefix).slice(0, prefix.length))
  );
}

/** The first and last addresses of a prefix and their neighbours on the outside. */
export function borders(prefix: Prefix): Address[] {
  const start = binary(prefix).slice(0, prefix.length);
  const width = widthOf(prefix.family);
  const first = BigInt(`0b${start.padEnd(width, "0")}`);
  const last = BigInt(`0b${start.padEnd(width, "1")}`);
  return [first - 1n, first, last, last + 1n]
    .filter((bits) => bits >= 0n && bits.toString(2).length <= width)
    .map((bits) => ({ family: prefix.family, bits }));
}

function cut(address: Address, length: number): Prefix {
  const kept = binary(address).slice(0, length);
  const bits = BigInt(`0b${kept.padEnd(widthOf(address.family), "0")}`);
  return { family: address.family, bits, length };
}

function widthOf(family: Family): number {
  return family === 4 ? 32 : 128;
}

function hex(bytes: Iterable<number>): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function never(): never {
  throw new Error("outside of the block");
}
