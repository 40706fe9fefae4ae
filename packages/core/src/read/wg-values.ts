/**
 * Single values as wg reads them, accidents included: by strtoul, inet_aton, inet_pton and
 * getaddrinfo of glibc, without asking anybody. What came out is as told; whether it was meant, others judge.
 */
import { addressWidth, parseAddress } from "../ip/address.ts";
import type { Address } from "../ip/address.ts";
import type { InterfaceAddress } from "../ip/interface-address.ts";
import { Problem } from "../problem.ts";

/** A name is one that only the machine can look up. */
export type WgPort = { readonly port: number; readonly isPlain: boolean } | "name" | "bad";

export type WgHost =
  | { readonly kind: "address"; readonly address: Address; readonly isPlain: boolean }
  | { readonly kind: "zone"; readonly address: Address; readonly zone: string }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "bad" };

const LARGEST_LONG = 2n ** 64n - 1n;
const LARGEST_INT = 2n ** 31n - 1n;

/**
 * getaddrinfo's service: a number is cut to 32 bits and then to 16, so that 70000 is 4464; what is
 * negative after the first cut is looked up as a name.
 */
export function readPort(text: string): WgPort {
  // "-" and "" are no numbers to strtoul; a lone * means none, and the port stays 0.
  const value = readLong(text);
  if (value === undefined) return /^[a-z0-9][\w+./-]*$/i.test(text) ? "name" : "bad";
  const cut = value & 0xffff_ffffn;
  if (cut > LARGEST_INT) return "bad";
  return { port: Number(cut & 0xffffn), isPlain: /^(0|[1-9]\d{0,4})$/.test(text) && cut < 65_536n };
}

/** `off`, decimal even with zeros before it, or hex after a small 0x. */
export function readFwmark(text: string): number | undefined {
  if (/^off$/i.test(text)) return 0;
  if (!/^(\d+|0x[0-9a-fA-F]+)$/.test(text)) return undefined;
  const value = BigInt(text);
  return value <= 0xffff_ffffn ? Number(value) : undefined;
}

export function readKeepalive(text: string): number | undefined {
  if (/^off$/i.test(text)) return 0;
  return /^\d+$/.test(text) && BigInt(text) <= 65_535n ? Number(text) : undefined;
}

/** `10.0.0.1/24`, host bits kept; without a length the host. Its length may have zeros before it. */
export function readAllowedIp(text: string): InterfaceAddress | undefined {
  const slash = text.indexOf("/");
  const address = parseAddress(slash === -1 ? text : text.slice(0, slash));
  if (address instanceof Problem) return undefined;
  const width = addressWidth(address.family);
  if (slash === -1) return { address, length: width };
  const length = text.slice(slash + 1);
  if (!/^\d+$/.test(length) || BigInt(length) > BigInt(width)) return undefined;
  return { address, length: Number(length) };
}

/** The two parts of an endpoint; undefined where one of them or a bracket is missing. */
export function splitHostPort(text: string): { host: string; port: string } | undefined {
  const match = text.startsWith("[")
    ? /^\[([^\]]*)\]:(.+)$/s.exec(text)
    : /^(.*):([^:]+)$/s.exec(text);
  const [, host, port] = match ?? [];
  return host === undefined || port === undefined ? undefined : { host, port };
}

/** What getaddrinfo makes of a host: numbers of inet_aton, IPv6 with or without a zone, else a name. */
export function readHost(text: string): WgHost {
  const bits = readShortAddress(text);
  if (bits !== undefined) {
    const address: Address = { family: 4, bits };
    return { kind: "address", address, isPlain: !(parseAddress(text) instanceof Problem) };
  }
  const percent = text.indexOf("%");
  if (!text.includes(":"))
    return text === "" || percent !== -1 ? { kind: "bad" } : { kind: "name", name: text };
  const address = parseAddress(percent === -1 ? text : text.slice(0, percent));
  if (address instanceof Problem || address.family === 4) return { kind: "bad" };
  if (percent === -1) return { kind: "address", address, isPlain: true };
  const zone = text.slice(percent + 1);
  const isNumber = /^\d+$/.test(zone) && BigInt(zone) <= 0xffff_ffffn;
  return isNumber || isLinkLocal(address) ? { kind: "zone", address, zone } : { kind: "bad" };
}

/** A zone's name means something only here (RFC 4007); a number is taken with any address. */
function isLinkLocal({ bits }: Address): boolean {
  return bits >> 118n === 0x3fan || [0xff01n, 0xff02n].includes((bits >> 112n) & 0xff0fn);
}

/** inet_aton: one to four numbers, decimal, octal or hex, the last one as wide as what is left. */
function readShortAddress(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length > 4) return undefined;
  const numbers = parts.map(readCNumber);
  let bits = 0n;
  for (const [at, number] of numbers.entries()) {
    const width = at === parts.length - 1 ? 8 * (5 - parts.length) : 8;
    if (number === undefined || number >> BigInt(width) !== 0n) return undefined;
    bits = (bits << BigInt(width)) | number;
  }
  return bits;
}

function readCNumber(text: string): bigint | undefined {
  if (/^0[0-7]*$/.test(text)) return BigInt(`0o0${text}`);
  return /^(0x[0-9a-f]+|[1-9]\d*)$/i.test(text) ? BigInt(text) : undefined;
}

/** strtoul to the end of the text: a minus wraps, what is too large is the largest. */
function readLong(text: string): bigint | undefined {
  const [, sign, digits] = /^([+-]?)(\d+)$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const value = BigInt(digits);
  if (value > LARGEST_LONG) return LARGEST_LONG;
  return sign === "-" ? BigInt.asUintN(64, -value) : value;
}
