/**
 * Rules about addresses and ranges across a mesh: each can exist, has one owner, and is dialled as one
 * host. What the mesh itself gives out is the business of allocate.ts.
 */
import { listTexts } from "../wording.ts";
import { say } from "../phrase.ts";
import type { Phrase } from "../phrase.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { printAddress } from "../ip/address.ts";
import { hostAddressOf, printEndpoint } from "../ip/endpoint.ts";
import type { Endpoint } from "../ip/endpoint.ts";
import { isOverlapping, isSamePrefix, isWithin, printPrefix } from "../ip/prefix.ts";
import { PRIVATE_RANGES, UNUSABLE_RANGES } from "../ip/special-ranges.ts";
import * as ranges from "../messages/ranges.ts";
import type { Path } from "../wording.ts";
import { findEarlier, remember } from "../remember.ts";
import type { Mesh } from "./mesh.ts";
import { findOverlaps } from "./overlaps.ts";
import type { Claim } from "./overlaps.ts";

/** Says in `diagnostics` which ranges and endpoints cannot be, or are claimed twice; O(N log N). */
export function checkRanges(mesh: Mesh, diagnostics: Diagnostics): void {
  checkEndpoints(mesh, diagnostics);
  checkUsable(mesh, diagnostics);
  checkOwners(mesh, diagnostics);
}

/** One socket answers for one node. Private addresses may stand for different hosts in different places. */
function checkEndpoints({ nodes }: Mesh, diagnostics: Diagnostics): void {
  const owners = new Map<string, string>();
  const claim = (path: Path, endpoint: Endpoint, place: string, name: string): void => {
    const printed = printEndpoint(endpoint);
    const owner = findEarlier(owners, `${place} ${printed}`, name);
    if (owner === undefined) return;
    const taken = place === "" ? ranges.endpointTaken : ranges.lanTaken;
    diagnostics.add(taken(path, printed, owner));
  };
  for (const { name, endpoint, site, lan, listenPort: port } of nodes) {
    if (endpoint !== undefined && !isPrivate(endpoint)) {
      claim(["nodes", name, "endpoint"], { port, ...endpoint }, "", name);
    }
    if (lan !== undefined && site !== undefined) {
      claim(["nodes", name, "lan"], { host: lan, port }, site, name);
    }
  }
}

function isPrivate(endpoint: Endpoint): boolean {
  const host = hostAddressOf(endpoint);
  return host !== undefined && isWithin(PRIVATE_RANGES, host);
}

function checkUsable(mesh: Mesh, diagnostics: Diagnostics): void {
  for (const { prefix, path, kind } of claims(mesh)) {
    // On a host itself anything may be in use: link-local addresses of a cluster's resolver, say.
    if (kind === "local") continue;
    const isWhole = prefix.length === 0;
    const isBad = isWhole || UNUSABLE_RANGES.some((range) => isOverlapping(range, prefix));
    // An exit's 0.0.0.0/0 or ::/0 is the rest of the world by intent.
    if (isBad && !(isWhole && kind === "subnet")) {
      diagnostics.add(ranges.rangeUnusable(path, printPrefix(prefix)));
    }
  }
  const networks = new Map(mesh.sites.map((site) => [site.name, site.networks]));
  for (const { name, endpoint, lan, site } of mesh.nodes) {
    if (endpoint !== undefined) checkHost(["nodes", name, "endpoint"], endpoint, diagnostics);
    const near = (site === undefined ? undefined : networks.get(site)) ?? [];
    if (lan === undefined || near.length === 0) continue;
    if (isWithin(near, lan)) continue;
    const printed = listTexts(near.map(printPrefix));
    diagnostics.add(ranges.lanOutside(["nodes", name, "lan"], printAddress(lan), printed));
  }
}

/** A placeholder is a warning: without its one host the mesh is as good as it will be. */
function checkHost(path: Path, endpoint: Endpoint, diagnostics: Diagnostics): void {
  const { host } = endpoint;
  if (isUnusable(endpoint)) diagnostics.add(ranges.endpointUnusable(path, printEndpoint(endpoint)));
  else if (isPlaceholder(host)) {
    diagnostics.add(ranges.endpointPlaceholder(path, printEndpoint(endpoint)));
  }
}

/** Names that no resolver knows, and each host's name for itself (RFC 6761, sections 6.3 and 6.4). */
function isPlaceholder(host: Endpoint["host"]): boolean {
  return typeof host === "string" && /(^|\.)(invalid|localhost)$/.test(host);
}

function isUnusable(endpoint: Endpoint): boolean {
  const host = hostAddressOf(endpoint);
  return host !== undefined && isWithin(UNUSABLE_RANGES, host);
}

function checkOwners(mesh: Mesh, diagnostics: Diagnostics): void {
  if (mesh.network.addresses.length === 0)
    diagnostics.add(ranges.noRange(["network", "addresses"]));
  for (const { name, addresses } of mesh.sites) {
    for (const [at, block] of addresses.entries()) {
      if (isWithin(mesh.network.addresses, block)) continue;
      const meshRanges = listTexts(mesh.network.addresses.map(printPrefix));
      diagnostics.add(
        ranges.blockOutside(["sites", name, "addresses", at], printPrefix(block), meshRanges),
      );
    }
  }
  // An exit's 0.0.0.0/0 or ::/0 holds everything by intent.
  const bounded = claims(mesh).filter(({ prefix }) => prefix.length > 0);
  for (const [one, other] of findOverlaps(bounded, isIntended)) {
    if (one.kind === "subnet" && other.kind === "subnet") {
      const owner = { node: one.owner, prefix: printPrefix(one.prefix) };
      diagnostics.add(ranges.subnetTaken(other.path, printPrefix(other.prefix), owner));
    } else {
      diagnostics.add(ranges.rangesOverlap(other.path, printClaim(other), printClaim(one)));
    }
  }
}

/** Every range that somebody says is his, in the document's order. */
function claims(mesh: Mesh): Claim[] {
  const rangeClaims = mesh.network.addresses.map((prefix, at): Claim => {
    return { kind: "mesh", owner: mesh.network.name, prefix, path: ["network", "addresses", at] };
  });
  const siteClaims = mesh.sites.flatMap(({ name: owner, addresses, networks }): Claim[] => [
    ...addresses.map((prefix, at): Claim => {
      return { kind: "block", owner, prefix, path: ["sites", owner, "addresses", at] };
    }),
    ...networks.map((prefix, at): Claim => {
      return { kind: "network", owner, prefix, path: ["sites", owner, "network", at] };
    }),
  ]);
  const subnetClaims = mesh.nodes.flatMap(({ name: owner, site, subnets }): Claim[] =>
    subnets.map(({ prefix }, at): Claim => {
      const path = ["nodes", owner, "subnets", at];
      return { kind: "subnet", owner, prefix, path, ...(site === undefined ? {} : { site }) };
    }),
  );
  return [...rangeClaims, ...siteClaims, ...subnetClaims, ...localClaims(mesh)];
}

/** Many hosts run the same docker range: one claim a range, so that comparing stays linear. */
function localClaims(mesh: Mesh): Claim[] {
  const found = new Map<string, Claim & { readonly owners: Set<string> }>();
  for (const { name: owner, local } of mesh.nodes) {
    for (const [at, prefix] of local.entries()) {
      const path = ["nodes", owner, "local", at];
      const claim = { kind: "local", owner, owners: new Set<string>(), prefix, path } as const;
      remember(found, printPrefix(prefix), () => claim).owners.add(owner);
    }
  }
  return [...found.values()];
}

/** Overlaps that mean what they say. */
function isIntended(one: Claim, other: Claim): boolean {
  const kinds = new Set([one.kind, other.kind]);
  const has = (...wanted: Claim["kind"][]): boolean => wanted.every((kind) => kinds.has(kind));
  // A site's block is cut out of the mesh's ranges.
  if (has("mesh", "block")) return true;
  // Many places have the same private network, many hosts the same docker range: neither is routed.
  if (kinds.size === 1 && (has("local") || has("network"))) return true;
  if (has("local", "network")) return true;
  // One range of several nodes is the business of way-rules.ts.
  if (kinds.size === 1 && has("subnet")) return isSamePrefix(one.prefix, other.prefix);
  // What a node offers may be in use on itself; what a site's own member offers may be its network.
  if (has("subnet", "local")) {
    const [subnet, local] = one.kind === "subnet" ? [one, other] : [other, one];
    return [...(local.owners ?? [])].every((owner) => owner === subnet.owner);
  }
  if (has("subnet", "network")) {
    const [subnet, network] = one.kind === "subnet" ? [one, other] : [other, one];
    return subnet.site === network.owner;
  }
  return false;
}

function printClaim({ kind, owner, prefix }: Claim): { prefix: string; what: Phrase } {
  const what = {
    mesh: say`a range of the mesh`,
    block: say`the block of site "${owner}"`,
    network: say`the network of site "${owner}"`,
    subnet: say`behind "${owner}"`,
    local: say`local on "${owner}"`,
  }[kind];
  return { prefix: printPrefix(prefix), what };
}
