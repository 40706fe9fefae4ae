/** Owns where a peer can be reached, a host and perhaps a port; it must not know how names resolve. */
import { say } from "../phrase.ts";
import type { Phrase } from "../phrase.ts";
import { Problem, quote } from "../problem.ts";
import { type Address, isSameAddress, parseAddress, printAddress } from "./address.ts";

declare const hostName: unique symbol;

/** A DNS name in lower case without a final dot. `parseEndpoint` is the only constructor. */
export type HostName = string & { readonly [hostName]: true };

export interface Endpoint {
  readonly host: Address | HostName;
  /** UDP, 1–65535; absent when the reader of the endpoint supplies the usual one. */
  readonly port?: number;
}

/**
 * Reads `host`, `host:port`, `[ipv6]:port`, `[ipv6]` or a bare IPv6 address.
 * Stricter than wg on purpose: that takes service names, wraps port 70000 to 4464, reads `1.2` as
 * 1.0.0.2, and splits a bare IPv6 address at its last colon. Names follow RFC 1123 section 2.1.
 */
export function parseEndpoint(text: string): Endpoint | Problem {
  const refuse = (why: Phrase, fix: Phrase) =>
    new Problem(say`cannot parse endpoint ${quote(text)}: ${why}`, fix);
  if (text.includes("://")) {
    return refuse(
      say`it has a scheme`,
      say`write the host alone, or host:port: it is no web address`,
    );
  }
  const { hostText, portText } = splitEndpoint(text);
  const host = readHost(hostText);
  if (host instanceof Problem) return refuse(host.message, host.fix);
  if (portText === undefined) return { host };
  if (portText === "") {
    return refuse(
      say`the port is missing`,
      say`write a port after the last colon, or leave out the colon`,
    );
  }
  const port = parsePort(portText);
  if (port instanceof Problem) {
    return refuse(say`port ${quote(portText)} is not a number from 1 to 65535`, port.fix);
  }
  return { host, port };
}

/** Prints what `parseEndpoint` reads back: an IPv6 address in brackets only when a port follows. */
export function printEndpoint(endpoint: Endpoint): string {
  const { host, port } = endpoint;
  const hostText = typeof host === "string" ? host : printAddress(host);
  return port === undefined ? hostText : `${bracketed(hostText)}:${port}`;
}

/** The host as it stands before a colon and a port: an IPv6 address in brackets. */
export function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** Whether both say the same; a name is not resolved, and a missing port is equal to none but itself. */
export function isSameEndpoint(a: Endpoint, b: Endpoint): boolean {
  if (a.port !== b.port) return false;
  if (typeof a.host === "string" || typeof b.host === "string") return a.host === b.host;
  return isSameAddress(a.host, b.host);
}

/** The host, where that is an address: names are not resolved here. */
export function hostAddressOf(endpoint: Endpoint | undefined): Address | undefined {
  return typeof endpoint?.host === "object" ? endpoint.host : undefined;
}

/** Reads a UDP port, 1–65535, from decimal text without leading zeros or from a number. */
export function parsePort(value: string | number): number | Problem {
  const text = String(value);
  const port = Number(text);
  if (/^[1-9]\d{0,4}$/.test(text) && port <= 65_535) return port;
  const shown = typeof value === "string" ? quote(value) : text;
  return new Problem(
    say`cannot parse port ${shown}: it is not a number from 1 to 65535`,
    say`write a decimal number from 1 to 65535, such as 51820`,
  );
}

interface EndpointParts {
  /** With its brackets, if it had any. */
  readonly hostText: string;
  readonly portText?: string;
}

function splitEndpoint(text: string): EndpointParts {
  const lastColon = text.lastIndexOf(":");
  const isBareIpv6 = !text.startsWith("[") && text.indexOf(":") !== lastColon;
  // In `[::1]` the last colon is inside the brackets.
  if (lastColon === -1 || isBareIpv6 || lastColon < text.indexOf("]")) return { hostText: text };
  return { hostText: text.slice(0, lastColon), portText: text.slice(lastColon + 1) };
}

/** The Problem's message is only the reason, for the caller to put behind the whole text. */
function readHost(text: string): Address | HostName | Problem {
  if (text === "") {
    return new Problem(
      say`the host is missing`,
      say`write an address or a DNS name before the port`,
    );
  }
  if (text.startsWith("[")) return readBracketed(text);
  const address = parseAddress(text);
  if (!(address instanceof Problem)) return address;
  if (text.includes(":")) return explainColons(text);
  // A last label without a letter, or in hex: resolvers would read the whole as an IPv4 shorthand.
  if (/(^|\.)([\d-]+|0x[\da-f]*)$/i.test(text)) {
    return new Problem(say`the host is not an IPv4 address`, address.fix);
  }
  return readHostName(text);
}

function readBracketed(text: string): Address | Problem {
  const isClosed = text.endsWith("]");
  const inside = text.slice(1, -1);
  const address = parseAddress(inside);
  if (isClosed && !(address instanceof Problem) && address.family === 6) return address;
  return new Problem(
    say`the host is not an IPv6 address in brackets`,
    isClosed && inside.includes(":") && address instanceof Problem
      ? address.fix
      : say`write [2001:db8::1]:51820 for IPv6; names and IPv4 addresses have no brackets`,
  );
}

function explainColons(text: string): Problem {
  const lastColon = text.lastIndexOf(":");
  const host = parseAddress(text.slice(0, lastColon));
  const port = parsePort(text.slice(lastColon + 1));
  return new Problem(
    say`the host is not an IPv6 address`,
    host instanceof Problem || port instanceof Problem
      ? say`write an IPv6 address without a zone, such as 2001:db8::1, and with a port [2001:db8::1]:51820`
      : say`write ${printEndpoint({ host, port })}: an IPv6 address needs brackets when a port follows`,
  );
}

function readHostName(text: string): HostName | Problem {
  const isName =
    text.length <= 253 &&
    text.split(".").every((label) => /^(?!-)[a-z\d-]{1,63}(?<!-)$/i.test(label));
  if (isName) return text.toLowerCase() as HostName;
  return new Problem(
    say`the host is neither an address nor a DNS name`,
    say`write an address, or a name of the letters a to z, digits, hyphens and dots, such as gw.example.com`,
  );
}
