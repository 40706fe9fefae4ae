/** Prints the database of wg-meshconf: a CSV with a row a node. What it cannot say, limits.ts names. */
import { bracketed, printEndpoint } from "../ip/endpoint.ts";
import { aloneOnLink, printInterfaceAddress } from "../ip/interface-address.ts";
import { printPrefix } from "../ip/prefix.ts";
import type { Node } from "../model/mesh.ts";
import { device } from "../plan/compile.ts";
import { activeRanges } from "../plan/member.ts";
import type { Member } from "../plan/member.ts";
import type { Index } from "../plan/members.ts";
import { MESHCONF_COLUMNS } from "../read/meshconf.ts";
import type { Secrets } from "./secrets.ts";

/** It holds every private key. */
export function renderMeshconf(index: Index, secrets: Secrets): string {
  const rows = index.members.map((member) => rowOf(index, member, secrets));
  return [MESHCONF_COLUMNS, ...rows].map((cells) => `${cells.map(quoted).join(",")}\n`).join("");
}

function rowOf(index: Index, member: Member, secrets: Secrets): readonly string[] {
  const { node, addresses } = member;
  const { hooks, fwmark, table, endpoint } = node;
  // It makes AllowedIPs of these as they are: with the length of a range each peer would have all of it.
  const hosts = addresses.map(({ address }) => printInterfaceAddress(aloneOnLink(address)));
  const keepalive = endpoint === undefined ? undefined : keepaliveTowards(index, member);
  return [
    node.name,
    hosts.join(","),
    hostOf(node),
    activeRanges(member).map(printPrefix).join(","),
    String(node.listenPort),
    keepalive === undefined ? "" : String(keepalive),
    fwmark === undefined || fwmark === 0 ? "" : `0x${fwmark.toString(16)}`,
    node.publicKey === undefined ? (secrets.privateKey(node.name) ?? "") : "",
    "",
    String(device(index, member).mtu),
    table === undefined ? "" : String(table),
    ...[hooks.preUp, hooks.postUp, hooks.preDown, hooks.postDown].map((lines) => lines.join("; ")),
    "",
  ];
}

/**
 * A row's keepalive is what all others send to it. Who cannot be dialled must send some to whoever can;
 * of different wishes the shortest serves all.
 */
function keepaliveTowards({ members }: Index, self: Member): number | undefined {
  const wishes = members
    .filter(({ node }) => node !== self.node && node.endpoint === undefined)
    .map(({ node }) => node.keepaliveSeconds)
    .filter((seconds) => seconds > 0);
  return wishes.length === 0 ? undefined : Math.min(...wishes);
}

/** It puts the listen port behind: an IPv6 address needs its brackets already. */
function hostOf({ endpoint }: Node): string {
  return endpoint === undefined ? "" : bracketed(printEndpoint({ host: endpoint.host }));
}

/** What is behind it and active, but for the internet, which everybody would get. */
function quoted(cell: string): string {
  return `"${cell.replaceAll('"', '""')}"`;
}
