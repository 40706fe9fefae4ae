/** Compiles and proves a guess, and takes away what no mesh can hold, until the rest holds. */
import { Diagnostics } from "../diagnostics.ts";
import type { Diagnostic } from "../diagnostics.ts";
import type { Finding, Place } from "../finding.ts";
import type { Address } from "../ip/address.ts";
import { hostAddressOf } from "../ip/endpoint.ts";
import { hasAddress, isSamePrefix, isWithin, printPrefix } from "../ip/prefix.ts";
import * as messages from "../messages/import.ts";
import { entrancesOf } from "../model/entrances.ts";
import type { PublicKey } from "../model/keys.ts";
import { EMPTY_LOCK } from "../model/lock.ts";
import type { Lock, LockedNode, PairName } from "../model/lock.ts";
import type { Mesh, Node } from "../model/mesh.ts";
import type { Name } from "../model/names.ts";
import { parseMesh } from "../model/parse.ts";
import { checkMesh } from "../model/rules.ts";
import { allocate } from "../plan/allocate.ts";
import { compile } from "../plan/compile.ts";
import type { Device } from "../plan/device.ts";
import { index } from "../plan/members.ts";
import { verify } from "../verify/verify.ts";
import { printPath } from "../wording.ts";
import type { Path } from "../wording.ts";
import { withoutPart } from "./document.ts";
import type { MeshDocument, Removal } from "./document.ts";
import { LAST_RANGE } from "./facts.ts";
import { inventedEndpoint } from "./guess.ts";

/** A document that holds, and what is made of it. */
export interface Trial {
  readonly document: MeshDocument;
  readonly mesh: Mesh;
  readonly lock: Lock;
  readonly devices: ReadonlyMap<Name, Device>;
  /** What was taken away. */
  readonly findings: readonly Finding[];
}

/** What a document does not say. */
export interface Ground {
  readonly keys: ReadonlyMap<Name, PublicKey>;
  /** Where a part of the document comes from. */
  placeOf(path: string, name: string | undefined): Place;
}

export function settle(
  start: MeshDocument,
  ground: Ground,
  givenPresharedKeys: ReadonlySet<PairName> = new Set(),
): Trial {
  const findings: Finding[] = [];
  let document = start;
  for (;;) {
    const tried = attempt(document, ground, givenPresharedKeys);
    if (!("error" in tried)) return { ...tried, document, findings };
    const mended = mend(document, tried, ground);
    if (mended.finding !== undefined) findings.push(mended.finding);
    document = mended.document;
  }
}

type Attempt = Omit<Trial, "document" | "findings">;

interface Failure {
  readonly error: Diagnostic;
  /** Where the document has the form of one. */
  readonly mesh: Mesh | undefined;
}

/** The first error, if there is one: those behind it may be of its making. */
function attempt(
  document: MeshDocument,
  { keys }: Ground,
  givenPresharedKeys: ReadonlySet<PairName>,
): Attempt | Failure {
  const diagnostics = new Diagnostics();
  const firstError = (): Diagnostic | undefined =>
    diagnostics.list.find(({ severity }) => severity === "error");
  const mesh = parseMesh(document, diagnostics);
  if (mesh !== undefined) checkMesh(mesh, diagnostics);
  const allocation =
    mesh && !diagnostics.hasErrors ? allocate(mesh, EMPTY_LOCK, diagnostics) : undefined;
  const error = firstError();
  if (error !== undefined) return { error, mesh };
  if (mesh === undefined || allocation === undefined) throw new Error("a mesh without an error");
  const nodes = mesh.nodes.map(({ name }): [Name, LockedNode] => {
    return [name, withKey(allocation.nodes.get(name) ?? [], keys.get(name))];
  });
  const entries = entrancesOf(mesh).map(({ id, client }) => {
    return [id, withKey(allocation.entries.get(id) ?? [], keys.get(client.name))] as const;
  });
  const lock: Lock = {
    ...EMPTY_LOCK,
    nodes: new Map(nodes),
    entries: new Map(entries),
    givenPresharedKeys,
  };
  const devices = [...compile(index(mesh, lock))];
  verify(mesh, lock, devices, diagnostics);
  const wrong = firstError();
  if (wrong !== undefined) return { error: wrong, mesh };
  return { mesh, lock, devices: new Map(devices.map((each) => [each.name, each])) };
}

function withKey(addresses: LockedNode["addresses"], publicKey: PublicKey | undefined): LockedNode {
  return { addresses, ...(publicKey === undefined ? {} : { publicKey }) };
}

interface Mended {
  readonly document: MeshDocument;
  readonly finding: Finding | undefined;
}

function mend(document: MeshDocument, { error, mesh }: Failure, ground: Ground): Mended {
  const [part, at] = error.path;
  const name = part === "nodes" || part === "clients" ? String(at) : undefined;
  const fields = name === undefined ? undefined : document.nodes[name];
  if (error.code === "node-isolated" && name !== undefined && fields !== undefined) {
    const endpoint = inventedEndpoint(name);
    const nodes = { ...document.nodes, [name]: { ...fields, endpoint } };
    const place = ground.placeOf(printPath(error.path), name);
    return {
      document: { ...document, nodes },
      finding: messages.endpointUnknown(place, name, endpoint),
    };
  }
  const isInside = mesh !== undefined && isInMesh(mesh, error);
  const removal =
    (isInside ? readdressed(document) : undefined) ??
    withoutPart(document, mesh === undefined ? error.path : pathAtFault(mesh, error)) ??
    withoutAny(document);
  const removed = removal.path.map((step) => valueAt(document, removal.path, step)).join(".");
  const place = ground.placeOf(removed, String(removal.path[1] ?? name));
  return { document: removal.document, finding: findingOf(error, removal, place) };
}

/** Nothing, where it follows from what was taken away before: at first every name is one of somebody. */
function findingOf(
  { code, message, fix }: Diagnostic,
  { path, document }: Removal,
  place: Place,
): Finding | undefined {
  const isPart = path[0] === "links" || path.length > 2;
  if (isPart && (code === "unknown-name" || code === "lan-without-site")) return undefined;
  const [range] = path.join(".") === "network.addresses" ? rangesOf(document) : [];
  return range === undefined
    ? messages.leftOut(place, printPath(path), message, fix)
    : messages.rangeReplaced(place, range, message);
}

function rangesOf({ network: { addresses } }: MeshDocument): readonly string[] {
  return Array.isArray(addresses) ? addresses.map(String) : [];
}

/** Where the least is that stands in the way of a node's own underlay address: not the node. */
function pathAtFault(mesh: Mesh, { code, path }: Diagnostic): Path {
  if (code !== "endpoint-captured" && code !== "own-prefix-on-peer") return path;
  const node = nodeAt(mesh, path);
  const hosts = dialledAt(node);
  // The subnet of somebody in which it lies: rather than its address, the mesh does without the subnet.
  for (const { name, subnets } of mesh.nodes) {
    const at = subnets.findIndex(({ prefix }) => {
      return prefix.length > 0 && hosts.some((host) => hasAddress(prefix, host));
    });
    if (at >= 0) return ["nodes", name, "subnets", at];
  }
  // A node that has a lan address alone is dialled there.
  const isLan = node?.endpoint === undefined && node?.lan !== undefined;
  return code === "endpoint-captured" && isLan ? ["nodes", node.name, "lan"] : path;
}

function nodeAt({ nodes }: Mesh, path: Path): Node | undefined {
  return nodes.find(({ name }) => name === path[1]);
}

/** Where a node is dialled, by number. */
function dialledAt(node: Node | undefined): readonly Address[] {
  return [hostAddressOf(node?.endpoint), node?.lan].filter((host) => host !== undefined);
}

/** A tunnel's addresses that are those of the network it goes over: rather than a node, they are given up. */
function isInMesh(mesh: Mesh, { code, path }: Diagnostic): boolean {
  const { addresses } = mesh.network;
  if (code !== "endpoint-captured" || addresses.some((each) => isSamePrefix(each, LAST_RANGE))) {
    return false;
  }
  return dialledAt(nodeAt(mesh, path)).some((host) => isWithin(addresses, host));
}

/** Of a list its element, by which places are known; else the step itself. */
function valueAt(document: MeshDocument, path: Removal["path"], step: string | number): string {
  if (typeof step === "string") return step;
  let value: unknown = document;
  for (const each of path) value = (value as Readonly<Record<string, unknown>>)[each];
  return typeof value === "string" ? value : String(step);
}

function withoutAny(document: MeshDocument): Removal {
  if (document.links.length > 0) return { path: ["links"], document: { ...document, links: [] } };
  if (document.network["addresses"] === undefined) return withLastRange(document);
  if (Object.keys(document.sites).length === 0) throw new Error("a mesh of which nothing holds");
  const nodes = without(document.nodes, "site", "lan");
  return { path: ["sites"], document: { ...document, sites: {}, nodes } };
}

/** Where no range is left: what is behind the nodes may have been in its way. */
function withLastRange(document: MeshDocument): Removal {
  const nodes = without(document.nodes, "address", "subnets", "exit");
  return inLastRange({ ...document, nodes, clients: {} });
}

function inLastRange(document: MeshDocument): Removal {
  const network = { ...document.network, addresses: [printPrefix(LAST_RANGE)] };
  return { path: ["network", "addresses"], document: { ...document, network } };
}

/** Everybody with an address of another range, and no site with a block. */
function readdressed(document: MeshDocument): Removal {
  return inLastRange({
    ...document,
    sites: without(document.sites, "addresses"),
    nodes: without(document.nodes, "address"),
    clients: without(document.clients, "address"),
  });
}

function without(named: MeshDocument["nodes"], ...lost: readonly string[]): MeshDocument["nodes"] {
  const bare = Object.entries(named).map(([name, fields]) => {
    return [
      name,
      Object.fromEntries(Object.entries(fields).filter(([each]) => !lost.includes(each))),
    ];
  });
  return Object.fromEntries(bare) as MeshDocument["nodes"];
}
