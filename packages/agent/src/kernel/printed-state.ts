/** Reads what ip, wg, nft and iptables-save print about a host into our words. Starts nothing. */
import * as core from "@warren/core";
import type { Admission, Family, HostRoute, InterfaceName, PublicKey } from "@warren/core";
import { OWN_PROTOCOL } from "./kernel.ts";
import type { Link, PeerState, PolicyRule } from "./kernel.ts";

const TABLE_LOCAL = "255";
const NONE = "(none)";

export interface PrintedLink {
  readonly index: number;
  readonly isUp: boolean;
  readonly mtu: number;
  readonly what: string;
  readonly addresses: ReadonlySet<string>;
}

/** Of `ip -json -details address show dev NAME`. */
export function readLink(printed: string): PrintedLink | undefined {
  const [link] = listOf(printed);
  if (link === undefined) return undefined;
  const info = recordOf(link["linkinfo"]);
  const addresses = (Array.isArray(link["addr_info"]) ? link["addr_info"] : []).map(recordOf);
  return {
    index: Number(link["ifindex"]),
    isUp: Array.isArray(link["flags"]) && link["flags"].includes("UP"),
    mtu: Number(link["mtu"]),
    what: String(info["info_kind"] ?? link["link_type"]),
    addresses: new Set(
      addresses
        .filter(({ scope }) => scope !== "link")
        .map(({ local, prefixlen }) => `${String(local)}/${String(prefixlen)}`),
    ),
  };
}

/** Of `wg show NAME dump`. */
export function readDump(
  printed: string,
  nowSeconds: number,
): Pick<Link, "listenPort" | "fwmark" | "peers" | "publicKey"> {
  const [head = "", ...lines] = printed.trimEnd().split("\n");
  const [, publicKey = NONE, port, mark = "off"] = head.split("\t");
  return {
    ...(publicKey === NONE ? {} : { publicKey: publicKey as PublicKey }),
    listenPort: Number(port),
    fwmark: mark === "off" ? 0 : Number(mark),
    peers: new Map(lines.map((line) => readPeer(line, nowSeconds))),
  };
}

function readPeer(line: string, nowSeconds: number): readonly [PublicKey, PeerState] {
  const cells = line.split("\t");
  const [key = "", psk = NONE, endpoint = NONE, ranges = NONE, at, received, sent, keepalive] =
    cells;
  const state: PeerState = {
    ...(psk === NONE ? {} : { presharedKey: psk as core.PresharedKey }),
    ...(endpoint === NONE ? {} : { endpoint: canonicalEndpoint(endpoint) }),
    allowedIps: new Set(ranges === NONE ? [] : ranges.split(",").map(canonical)),
    keepaliveSeconds: keepalive === "off" ? 0 : Number(keepalive),
    ...(at === "0" ? {} : { handshakeSeconds: Math.max(0, nowSeconds - Number(at)) }),
    received: Number(received),
    sent: Number(sent),
  };
  return [key as PublicKey, state];
}

export interface PrintedRoutes {
  readonly own: readonly string[];
  readonly others: readonly HostRoute[];
}

/** Of `ip -N -json -FAMILY route show table all`. */
export function readRoutes(printed: string, family: Family, name: InterfaceName): PrintedRoutes {
  const own: string[] = [];
  const others: HostRoute[] = [];
  for (const { dst, dev, table, protocol, type } of listOf(printed)) {
    if (table === TABLE_LOCAL || (type !== undefined && type !== "unicast")) continue;
    const written = dst === "default" ? (family === 4 ? "0.0.0.0/0" : "::/0") : String(dst);
    const prefix = core.parsePrefix(
      written.includes("/") ? written : `${written}/${family === 4 ? 32 : 128}`,
    );
    if (prefix instanceof core.Problem || typeof dev !== "string") continue;
    const into = typeof table === "string" ? ` table ${table}` : "";
    // Nothing is printed of what a hand has added, or wg-quick: on our own link that is ours, too.
    const isOwn = protocol === String(OWN_PROTOCOL) || protocol === undefined;
    if (dev !== name && into === "") others.push({ prefix, interface: dev });
    else if (dev === name && isOwn) own.push(`${core.printPrefix(prefix)}${into}`);
  }
  return { own, others };
}

/** Of `ip -N -json -FAMILY rule`. */
export function readPolicyRules(printed: string, family: Family): readonly PolicyRule[] {
  return listOf(printed)
    .filter(({ protocol, fwmark }) => protocol === String(OWN_PROTOCOL) && fwmark !== undefined)
    .map((rule) => ({
      family,
      fwmark: Number(rule["fwmark"]),
      priority: Number(rule["priority"]),
      table: Number(rule["table"]),
      isForDefaults: rule["suppress_prefixlen"] === undefined,
    }));
}

/** Of `nft -s -j list …` what is in one table, without the numbers that change with each load. */
export function tableOf(printed: string, name: string): string | undefined {
  const own = nftObjects(printed).filter(
    ([kind, value]) =>
      value["family"] === "inet" && value[kind === "table" ? "name" : "table"] === name,
  );
  if (own.length === 0) return undefined;
  return JSON.stringify(own.map(([kind, { handle: _, ...value }]) => [kind, value]));
}

/** Rules of ours in others' chains, with their handles. */
export function nftAdmissions(
  printed: string,
  name: InterfaceName,
): readonly { readonly admission: Admission; readonly handle: number }[] {
  return nftObjects(printed).flatMap(([kind, { family, table, chain, comment, handle }]) => {
    const isOurs = kind === "rule" && String(comment).startsWith(core.admissionComment(name));
    if (!isOurs) return [];
    const place = { family: String(family), table: String(table), chain: String(chain) };
    const admission: Admission = { program: "nft", ...place, match: [], comment: String(comment) };
    return [{ admission, handle: Number(handle) }];
  });
}

export function iptablesAdmissions(
  printed: string,
  name: InterfaceName,
  program: "iptables" | "ip6tables",
): readonly Admission[] {
  const family = program === "iptables" ? "ip" : "ip6";
  let table = "";
  return printed.split("\n").flatMap((line): Admission[] => {
    if (line.startsWith("*")) table = line.slice(1).trim();
    const found = /^-A (\S+) (.*?) ?-m comment --comment "([^"]*)" -j ACCEPT$/.exec(line);
    const [, chain = "", match = "", comment = ""] = found ?? [];
    if (!comment.startsWith(core.admissionComment(name))) return [];
    return [{ program, family, table, chain, match: match.split(" "), comment }];
  });
}

function nftObjects(printed: string): readonly (readonly [string, Record<string, unknown>])[] {
  const objects = printed === "" ? undefined : recordOf(JSON.parse(printed))["nftables"];
  return (Array.isArray(objects) ? objects : []).flatMap((object) =>
    Object.entries(recordOf(object)).map(([kind, value]) => [kind, recordOf(value)] as const),
  );
}

function listOf(printed: string): readonly Readonly<Record<string, unknown>>[] {
  const value: unknown = printed.trim() === "" ? [] : JSON.parse(printed);
  // Some versions put an empty object in place of what is not asked for.
  return (Array.isArray(value) ? value : [])
    .map(recordOf)
    .filter((each) => Object.keys(each).length > 0);
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function canonical(prefix: string): string {
  const parsed = core.parsePrefix(prefix);
  return parsed instanceof core.Problem ? prefix : core.printPrefix(parsed);
}

function canonicalEndpoint(endpoint: string): string {
  const parsed = core.parseEndpoint(endpoint);
  return parsed instanceof core.Problem ? endpoint : core.printEndpoint(parsed);
}
