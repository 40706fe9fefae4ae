/** Owns one block of addresses; it must not know of collections of them. */
import { say } from "../phrase.ts";
import type { Phrase } from "../phrase.ts";
import { Problem, quote } from "../problem.ts";
import {
  type Address,
  type Family,
  addressWidth,
  compareAddresses,
  isSameAddress,
  parseAddress,
  printAddress,
} from "./address.ts";

/** The addresses that share the first `length` bits. The bits after those are always zero. */
export interface Prefix {
  readonly family: Family;
  readonly bits: bigint;
  readonly length: number;
}

/**
 * Reads `address/length` (RFC 4632, RFC 4291); an address alone is that host, /32 or /128.
 * Set host bits are a Problem: WireGuard would mask them silently, and the writer meant one of two things.
 */
export function parsePrefix(text: string): Prefix | Problem {
  const refuse = (why: Phrase, fix: Phrase) =>
    new Problem(say`cannot parse prefix ${quote(text)}: ${why}`, fix);
  const slash = text.indexOf("/");
  const address = parseAddress(slash === -1 ? text : text.slice(0, slash));
  if (address instanceof Problem) return refuse(say`the address is not valid`, address.fix);
  if (slash === -1) return hostPrefix(address);

  const width = addressWidth(address.family);
  const lengthText = text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(lengthText) || Number(lengthText) > width) {
    return refuse(
      say`length ${quote(lengthText)} is not a number from 0 to ${width}`,
      say`write a length from 0 to ${width} after the slash, such as ${printAddress(address)}/${width} for the host`,
    );
  }
  const prefix = prefixOf(address, Number(lengthText));
  if (prefix.bits !== address.bits) {
    return refuse(
      say`host bits are set`,
      say`write ${printPrefix(prefix)} for the network or ${printPrefix(hostPrefix(address))} for the host`,
    );
  }
  return prefix;
}

/** The prefix that holds this address alone. */
export function hostPrefix(address: Address): Prefix {
  return { family: address.family, bits: address.bits, length: addressWidth(address.family) };
}

/** Whether it is a single address. */
export function isHost({ family, length }: Prefix): boolean {
  return length === addressWidth(family);
}

/** The prefix of this length that holds the address. A length outside its family is our own mistake and throws. */
export function prefixOf(address: Address, length: number): Prefix {
  const width = addressWidth(address.family);
  if (!Number.isInteger(length) || length < 0 || length > width) {
    throw new RangeError(`prefix length ${length} is not a whole number from 0 to ${width}`);
  }
  const hostBits = BigInt(width - length);
  return { family: address.family, bits: (address.bits >> hostBits) << hostBits, length };
}

/** Prints `address/length`, the address as RFC 5952 has it; the length is always there. */
export function printPrefix(prefix: Prefix): string {
  return `${printAddress(prefix)}/${prefix.length}`;
}

/** Orders IPv4 before IPv6, then by first address, then the wider one first. */
export function comparePrefixes(a: Prefix, b: Prefix): number {
  return compareAddresses(a, b) || a.length - b.length;
}

export function isSamePrefix(a: Prefix, b: Prefix): boolean {
  return a.length === b.length && isSameAddress(a, b);
}

export function hasAddress(prefix: Prefix, address: Address): boolean {
  if (prefix.family !== address.family) return false;
  const hostBits = BigInt(addressWidth(prefix.family) - prefix.length);
  return prefix.bits >> hostBits === address.bits >> hostBits;
}

/** Whether every address of `inner` is in `outer`; a prefix has itself. */
export function hasPrefix(outer: Prefix, inner: Prefix): boolean {
  return outer.length <= inner.length && hasAddress(outer, inner);
}

/** Whether an address or a range lies in one of the ranges. */
export function isWithin(ranges: readonly Prefix[], inner: Prefix | Address): boolean {
  return ranges.some((range) =>
    "length" in inner ? hasPrefix(range, inner) : hasAddress(range, inner),
  );
}

/** Whether they share an address; of two prefixes that do, one has the other. */
export function isOverlapping(a: Prefix, b: Prefix): boolean {
  return hasPrefix(a, b) || hasPrefix(b, a);
}

/** The lowest address; in an IPv4 subnet the network address, which no host can use. */
export function firstAddress(prefix: Prefix): Address {
  return { family: prefix.family, bits: prefix.bits };
}

/** The highest address; in an IPv4 subnet the broadcast address, which no host can use. */
export function lastAddress(prefix: Prefix): Address {
  const size = 1n << BigInt(addressWidth(prefix.family) - prefix.length);
  return { family: prefix.family, bits: prefix.bits + size - 1n };
}
