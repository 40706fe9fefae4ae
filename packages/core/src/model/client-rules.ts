/** Rules about clients: each can dial its way in, and the node there offers what the client is to reach. */
import * as clients from "../messages/clients.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { printPrefix } from "../ip/prefix.ts";
import { cover, prefixSet } from "../ip/prefix-set.ts";
import { checkFamilies, isExit } from "./exit-rules.ts";
import type { Client, Mesh, Node } from "./mesh.ts";
import type { Name } from "./names.ts";
import { activeSubnets } from "./subnets.ts";

/**
 * A QR code holds 2,953 bytes (ISO/IEC 18004, version 40-L), and what a client's file says besides is
 * at most 550: three keys, the addresses, an endpoint of 253. Android's limit on what one process
 * may tell another lies far above: github.com/wgtunnel/android/issues/827.
 */
const LONGEST_LIST = 2400;

/** Says in `diagnostics` which clients could not enter, or not go where they are to. */
export function checkClients(mesh: Mesh, diagnostics: Diagnostics): void {
  const nodes = new Map(mesh.nodes.map((node) => [node.name, node]));
  for (const client of mesh.clients) {
    checkWays(client, nodes, diagnostics);
    checkExits(mesh, client, nodes, diagnostics);
    if (client.dns && client.access.every((word) => word === "subnets")) {
      diagnostics.add(clients.namesUnreached(["clients", client.name, "dns"]));
    }
  }
  checkLength(mesh, diagnostics);
}

type Nodes = ReadonlyMap<Name, Node>;

function checkWays({ name, via, addresses }: Client, nodes: Nodes, diagnostics: Diagnostics): void {
  const path = ["clients", name, "via"];
  if (via.length === 0) diagnostics.add(clients.noVia(path));
  if (via.length > 1 && addresses.length > 0) {
    diagnostics.add(clients.addressForSeveral(["clients", name, "address"]));
  }
  for (const [at, each] of via.entries()) {
    const node = nodes.get(each);
    if (via.indexOf(each) < at) diagnostics.add(clients.viaTwice([...path, at], each));
    // Names of nobody are told with all other references.
    else if (node !== undefined && node.endpoint === undefined) {
      diagnostics.add(clients.viaNotDialled([...path, at], each));
    }
  }
}

function checkExits(
  mesh: Mesh,
  { name, via, access, exit }: Client,
  nodes: Nodes,
  diagnostics: Diagnostics,
): void {
  const path = ["clients", name];
  const isFar = access.includes("exit") || access.includes("all-but-lan");
  for (const [at, each] of via.entries()) {
    const node = nodes.get(each);
    if (node === undefined) continue;
    if (isFar && !isExit(node)) diagnostics.add(clients.viaNoExit([...path, "via", at], each));
    if (isFar || exit === each) checkFamilies(mesh, node, path, diagnostics);
    const host = node.endpoint?.host;
    const isAlmost = access.includes("all-but-lan") && !access.includes("exit");
    if (isExit(node) && isAlmost && typeof host === "string") {
      diagnostics.add(clients.endpointNotLeftOut([...path, "access"], each, host));
    }
  }
  if (exit === undefined) return;
  const chosen = nodes.get(exit);
  const isNone = chosen !== undefined && !isExit(chosen);
  if (!via.includes(exit)) diagnostics.add(clients.exitNotVia([...path, "exit"], exit));
  else if (!isFar && isNone) diagnostics.add(clients.viaNoExit([...path, "exit"], exit));
}

/** A way out through a /0 makes the list short again; all others list the same. */
function checkLength(mesh: Mesh, diagnostics: Diagnostics): void {
  const subnets = [...activeSubnets(mesh).values()].flat();
  const listed = cover(prefixSet([...mesh.network.addresses, ...subnets]));
  const bytes = listed.map(printPrefix).join(", ").length;
  if (bytes <= LONGEST_LIST) return;
  for (const { name, access, exit } of mesh.clients) {
    const isLong = access.includes("subnets") || access.includes("all-but-lan");
    if (!isLong || access.includes("exit") || exit !== undefined) continue;
    const path = ["clients", name, "access"];
    diagnostics.add(clients.accessTooLong(path, bytes, LONGEST_LIST));
  }
}
