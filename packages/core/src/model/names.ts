/** Names that reach file names, interfaces, DNS and rule sets: the parsers here are their only makers. */
import { say } from "../phrase.ts";
import { Problem, quote } from "../problem.ts";

/** A node, client, site or group: one namespace for all four, each a DNS label. */
export type Name = string & { readonly name: unique symbol };
/** A network interface on Linux that wg-quick also takes as a file name. */
export type InterfaceName = string & { readonly interfaceName: unique symbol };
/** A word that nodes and clients carry and that policy selects by, written `tag:WORD` there. */
export type Tag = string & { readonly tag: unique symbol };
/** One command line of a wg-quick hook. */
export type Hook = string & { readonly hook: unique symbol };

/** Lower-case letters, digits and inner hyphens, 1 to 63 of them (RFC 1123, one label). */
export function parseName(text: string): Name | Problem {
  if (/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) return text as Name;
  return new Problem(
    say`cannot parse name ${quote(text)}`,
    say`use 1 to 63 lower-case letters, digits and inner hyphens: it becomes a DNS label and a file name`,
  );
}

/** Of a client's entry through one node of several; no parsed name has a dot. */
export function entryName(client: Name, via: Name): Name {
  return `${client}.${via}` as Name;
}

/** At most 15 bytes (IFNAMSIZ less the final NUL), of the characters that wg-quick takes in a file name. */
export function parseInterfaceName(text: string): InterfaceName | Problem {
  const isDots = /^\.+$/.test(text);
  if (
    /^[a-zA-Z0-9_=+.-]{1,15}$/.test(text) &&
    !isDots &&
    !["all", "default", "lo"].includes(text)
  ) {
    return text as InterfaceName;
  }
  return new Problem(
    say`cannot parse interface name ${quote(text)}`,
    say`use 1 to 15 letters, digits or _=+.- such as warren0: longer names are refused by Linux`,
  );
}

export function parseTag(text: string): Tag | Problem {
  const name = parseName(text);
  if (name instanceof Problem) return new Problem(say`cannot parse tag ${quote(text)}`, name.fix);
  return text as Tag;
}

/**
 * A line that every version of wg-quick runs as written: no line break, and no `#`, at which
 * wg-quick before 2025 cuts the line.
 */
export function parseHook(text: string): Hook | Problem {
  const isPrintable = !/[\p{Cc}\u2028\u2029]/u.test(text);
  if (isPrintable && !text.includes("#") && text.trim() === text && text !== "") {
    return text as Hook;
  }
  return new Problem(
    say`cannot use ${quote(text)} as a hook`,
    say`write one command a line, without # (older wg-quick cuts there) and without control characters; put more into a script and call it`,
  );
}
