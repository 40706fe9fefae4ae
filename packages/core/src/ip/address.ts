/** Owns single IPv4 and IPv6 addresses as text and as bits; it must not know of prefixes or ports. */
import { say } from "../phrase.ts";
import type { Phrase } from "../phrase.ts";
import { Problem, quote } from "../problem.ts";

export type Family = 4 | 6;

/** An address as an unsigned number of `addressWidth(family)` bits, network byte order. */
export interface Address {
  readonly family: Family;
  readonly bits: bigint;
}

/**
 * Reads an address, strictly: IPv4 as four decimal numbers without leading zeros (never the
 * shorthands of inet_aton), IPv6 as in RFC 4291 section 2.2 with `::` and an IPv4 tail.
 * Zone ids, brackets and white space are refused.
 */
export function parseAddress(text: string): Address | Problem {
  if (text.includes(":")) {
    const bits = readIpv6(text);
    return bits === undefined ? explain(text) : { family: 6, bits };
  }
  const bits = readIpv4(text);
  return bits === undefined ? explain(text) : { family: 4, bits: BigInt(bits) };
}

/** Prints the canonical form: RFC 5952, with the IPv4 tail only for IPv4-mapped addresses. */
export function printAddress(address: Address): string {
  if (address.family === 4) return printIpv4(address.bits);
  if (address.bits >> 32n === 0xffffn) return `::ffff:${printIpv4(address.bits & 0xffff_ffffn)}`;
  return printIpv6(address.bits);
}

/** Orders IPv4 before IPv6, then by number; the sign tells, as `sort` wants it. */
export function compareAddresses(a: Address, b: Address): number {
  if (a.family !== b.family) return a.family - b.family;
  if (a.bits === b.bits) return 0;
  return a.bits < b.bits ? -1 : 1;
}

export function isSameAddress(a: Address, b: Address): boolean {
  return a.family === b.family && a.bits === b.bits;
}

/** The number of bits in an address of this family. */
export function addressWidth(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128;
}

function readIpv6(text: string): bigint | undefined {
  const halves = expandIpv4Tail(text).split("::");
  if (halves.length > 2) return undefined;
  const [head = [], tail] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - (tail?.length ?? 0);
  // RFC 4291: `::` stands for one group of zeros or more, never for none.
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array<string>(missing).fill("0"), ...(tail ?? [])];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return BigInt(`0x${groups.map((group) => group.padStart(4, "0")).join("")}`);
}

/** Rewrites `…:1.2.3.4` as `…:102:304`; any other text is given back, for the caller to judge. */
function expandIpv4Tail(text: string): string {
  const tailStart = text.lastIndexOf(":") + 1;
  const bits = readIpv4(text.slice(tailStart));
  if (bits === undefined) return text;
  return `${text.slice(0, tailStart)}${(bits >>> 16).toString(16)}:${(bits & 0xffff).toString(16)}`;
}

function readIpv4(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let bits = 0;
  for (const part of parts) {
    // Without leading zeros, because inet_aton reads 010 as octal 8.
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    bits = bits * 256 + Number(part);
  }
  return bits;
}

function explain(text: string): Problem {
  const refuse = (why: Phrase, fix: Phrase) =>
    new Problem(say`cannot parse address ${quote(text)}: ${why}`, fix);
  if (text === "")
    return refuse(say`it is empty`, say`write an address, such as 10.0.0.1 or 2001:db8::1`);
  if (/\s/.test(text)) return refuse(say`it has white space`, say`remove the white space`);
  if (text.includes("/")) {
    return refuse(say`it has a prefix length`, say`write the address alone, without the slash`);
  }
  if (/[[\]]/.test(text)) {
    return refuse(say`it has brackets`, say`write the address alone, without brackets`);
  }
  if (text.includes("%")) {
    return refuse(
      say`it has a zone id`,
      say`leave out the % and what follows; an address that needs a zone cannot be used in a mesh`,
    );
  }
  if (text.includes(":")) {
    return refuse(
      say`it is not an IPv6 address`,
      say`write eight groups of up to four hex digits, with :: at most once for zeros, such as 2001:db8::1`,
    );
  }
  return refuse(
    say`it is not an IPv4 address`,
    say`write four numbers from 0 to 255 without leading zeros, such as 10.0.0.1`,
  );
}

function printIpv4(bits: bigint): string {
  const value = Number(bits);
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join(".");
}

function printIpv6(bits: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) =>
    Number((bits >> BigInt(112 - 16 * i)) & 0xffffn),
  );
  const zeros = longestZeroRun(groups);
  // RFC 5952 section 4.2.2: a single zero group is never shortened.
  if (zeros.length < 2) return printGroups(groups);
  const head = printGroups(groups.slice(0, zeros.start));
  const tail = printGroups(groups.slice(zeros.start + zeros.length));
  return `${head}::${tail}`;
}

function printGroups(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(":");
}

/** The longest run of zero groups; the first of equal ones (RFC 5952 section 4.2.3). */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  let start = 0;
  for (const [i, group] of groups.entries()) {
    if (group !== 0) start = i + 1;
    else if (i + 1 - start > longest.length) longest = { start, length: i + 1 - start };
  }
  return longest;
}
