/** The small words of warren.yaml that have a grammar of their own: selectors, ports, marks, targets. */
import { say } from "../phrase.ts";
import { parsePrefix, printPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { Problem, quote } from "../problem.ts";
import type { PortRange, Selector } from "./mesh.ts";
import { parseName, parseTag } from "./names.ts";

/** `tag:WORD`, a prefix or address, or the name of a node, client, site or group. */
export function parseSelector(text: string): Selector | Problem {
  if (text.startsWith("tag:")) {
    const tag = parseTag(text.slice("tag:".length));
    return tag instanceof Problem ? tag : { kind: "tag", tag };
  }
  if (/[.:/]/.test(text)) {
    const prefix = parsePrefix(text);
    return prefix instanceof Problem ? prefix : { kind: "prefix", prefix };
  }
  const name = parseName(text);
  return name instanceof Problem ? name : { kind: "name", name };
}

/** As parseSelector reads it. */
export function printSelector(selector: Selector): string {
  switch (selector.kind) {
    case "name":
      return selector.name;
    case "tag":
      return `tag:${selector.tag}`;
    case "prefix":
      return printPrefix(selector.prefix);
  }
}

/** A prefix with its length written: a forgotten one would silently be a single host. */
export function parseRange(text: string): Prefix | Problem {
  const prefix = parsePrefix(text);
  if (prefix instanceof Problem || text.includes("/")) return prefix;
  const fix = say`write ${text}/${prefix.length} for this host alone, or the range's length, such as /24 or /64`;
  return new Problem(say`cannot parse range ${quote(text)}: its length is missing`, fix);
}

/** `tcp/22`, `tcp/1000-2000`, `udp/*` or `icmp` (both families', without ports). */
export function parsePortRange(text: string): PortRange | Problem {
  if (text === "icmp") return { protocol: "icmp", first: 0, last: 65535 };
  const match = /^(tcp|udp)\/(?:(\*)|([1-9]\d{0,4})(?:-([1-9]\d{0,4}))?)$/.exec(text);
  const first = match?.[2] === undefined ? Number(match?.[3]) : 1;
  const last = match?.[2] === undefined ? Number(match?.[4] ?? match?.[3]) : 65535;
  if (match === null || last > 65535 || first > last) {
    const fix = say`write tcp/22, tcp/1000-2000, udp/* or icmp, with ports from 1 to 65535`;
    return new Problem(say`cannot parse port ${quote(text)}`, fix);
  }
  return { protocol: match[1] === "tcp" ? "tcp" : "udp", first, last };
}

/** As parsePortRange reads it. */
export function printPortRange({ protocol, first, last }: PortRange): string {
  if (protocol === "icmp") return protocol;
  if (first === 1 && last === 65535) return `${protocol}/*`;
  return `${protocol}/${first === last ? first : `${first}-${last}`}`;
}

/** 32 bits, decimal or `0x…`, as wg takes it; `off` is 0. */
export function parseFwmark(text: string): number | Problem {
  if (text === "off") return 0;
  const mark = /^(0x[0-9a-fA-F]{1,8}|0|[1-9]\d{0,9})$/.test(text) ? Number(text) : Number.NaN;
  if (mark <= 0xffff_ffff) return mark;
  const fix = say`write a number up to 4294967295, or 0x and up to 8 hex digits, or off`;
  return new Problem(say`cannot parse fwmark ${quote(text)}`, fix);
}

/** `auto` (undefined: the main table), `off`, or the number of a routing table. */
export function parseTable(text: string): number | "off" | "auto" | Problem {
  if (text === "off" || text === "auto") return text;
  const table = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : Number.NaN;
  if (table <= 0xffff_ffff) return table;
  return new Problem(
    say`cannot parse routing table ${quote(text)}`,
    say`write auto, off or the table's number: names of tables differ between hosts`,
  );
}

/** `host`, `user@host` or `user@host:port`, with nothing in it that ssh would take for an option. */
export function parseSshTarget(text: string): string | Problem {
  const isTarget =
    /^(?:[a-zA-Z0-9_][\w.-]*@)?(?:[a-zA-Z0-9][\w.-]*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;
  if (isTarget.test(text)) return text;
  return new Problem(
    say`cannot parse ssh target ${quote(text)}`,
    say`write user@host or user@host:port`,
  );
}

/** A DNS zone: labels as names have them, joined by dots. */
export function parseDomain(text: string): string | Problem {
  const labels = text.split(".");
  const isDomain =
    text.length <= 253 && labels.every((label) => !(parseName(label) instanceof Problem));
  if (isDomain) return text;
  return new Problem(
    say`cannot parse domain ${quote(text)}`,
    say`write labels joined by dots, such as mesh.internal`,
  );
}

/** Free text of one printable line. */
export function parseLine(text: string): string | Problem {
  if (/^[^\p{Cc}\u2028\u2029]{1,200}$/u.test(text)) return text;
  return new Problem(say`cannot use ${quote(text)}`, say`write one line of up to 200 characters`);
}
