/**
 * Rules across the fields of a mesh: names are unique and known, every range has one owner.
 * Addresses themselves are the business of allocate.ts, tunnels that of verify.
 */
import * as form from "../messages/form.ts";
import * as keys from "../messages/keys.ts";
import * as ranges from "../messages/ranges.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { hasPrefix, printPrefix } from "../ip/prefix.ts";
import type { Path } from "../wording.ts";
import type { Mesh, Selector } from "./mesh.ts";
import { findOverlaps } from "./overlaps.ts";
import type { Claim } from "./overlaps.ts";

/** Says in `diagnostics` where a mesh contradicts itself; O(N log N). */
export function checkMesh(mesh: Mesh, diagnostics: Diagnostics): void {
  if (mesh.nodes.length === 0) diagnostics.add(form.noNodes(["nodes"]));
  checkNames(mesh, diagnostics);
  checkKeys(mesh, diagnostics);
  checkReferences(mesh, diagnostics);
  checkPolicyReferences(mesh, diagnostics);
  checkRanges(mesh, diagnostics);
}

function checkNames(mesh: Mesh, diagnostics: Diagnostics): void {
  const owners = new Map<string, string>();
  for (const kind of ["nodes", "clients", "sites", "groups"] as const) {
    for (const { name } of mesh[kind]) {
      const owner = owners.get(name);
      if (owner === undefined) owners.set(name, `a ${kind.slice(0, -1)}`);
      else diagnostics.add(form.nameTaken([kind, name], name, owner));
    }
  }
}

function checkKeys(mesh: Mesh, diagnostics: Diagnostics): void {
  const owners = new Map<string, string>();
  for (const kind of ["nodes", "clients"] as const) {
    for (const { name, publicKey } of mesh[kind]) {
      if (publicKey === undefined) continue;
      const owner = owners.get(publicKey);
      if (owner === undefined) owners.set(publicKey, name);
      else diagnostics.add(keys.publicKeyTaken([kind, name, "publicKey"], owner));
    }
  }
}

function checkReferences(mesh: Mesh, diagnostics: Diagnostics): void {
  const nodes = new Map(mesh.nodes.map((node) => [node.name, node]));
  const sites = new Set(mesh.sites.map(({ name }) => name));
  const places = new Set([...nodes.keys(), ...sites]);
  const demand = (path: Path, name: string, kind: string, known: Iterable<string>): void => {
    const names = new Set(known);
    if (!names.has(name)) diagnostics.add(form.unknownName(path, name, kind, [...names]));
  };
  for (const { name, site, lan, exit } of mesh.nodes) {
    if (site !== undefined) demand(["nodes", name, "site"], site, "site", sites);
    if (exit !== undefined) demand(["nodes", name, "exit"], exit, "node", nodes.keys());
    if (lan !== undefined && site === undefined)
      diagnostics.add(form.lanWithoutSite(["nodes", name, "lan"]));
  }
  for (const site of mesh.sites) {
    for (const [at, gateway] of site.gateways.entries()) {
      const path = ["sites", site.name, "gateways", at];
      demand(path, gateway, "node", nodes.keys());
      const node = nodes.get(gateway);
      if (node !== undefined && node.site !== site.name) {
        diagnostics.add(form.wrongSite(path, gateway, site.name));
      }
    }
  }
  for (const { name, via, exit } of mesh.clients) {
    for (const [at, node] of via.entries()) {
      demand(["clients", name, "via", at], node, "node", nodes.keys());
    }
    if (exit !== undefined) demand(["clients", name, "exit"], exit, "node", nodes.keys());
  }
  for (const [at, { between }] of mesh.links.entries()) {
    for (const [end, name] of between.entries()) {
      demand(["links", at, "between", end], name, "site or node", places);
    }
  }
}

function checkPolicyReferences(mesh: Mesh, diagnostics: Diagnostics): void {
  const kinds = [mesh.nodes, mesh.clients, mesh.sites, mesh.groups];
  const names = new Set(kinds.flatMap((kind) => kind.map(({ name }) => name)));
  const tags = new Set([...mesh.nodes, ...mesh.clients].flatMap((each) => each.tags));
  const demand = (path: Path, selector: Selector): void => {
    if (selector.kind === "name" && !names.has(selector.name)) {
      diagnostics.add(
        form.unknownName(path, selector.name, "node, client, site or group", [...names]),
      );
    }
    if (selector.kind === "tag" && !tags.has(selector.tag)) {
      diagnostics.add(form.unknownName(path, selector.tag, "tag", [...tags]));
    }
  };
  for (const { name, members } of mesh.groups) {
    for (const [at, member] of members.entries()) demand(["groups", name, at], member);
  }
  for (const [at, rule] of (mesh.policy ?? []).entries()) {
    for (const [i, from] of rule.from.entries()) demand(["policy", at, "from", i], from);
    for (const [i, to] of rule.to.entries()) demand(["policy", at, "to", i], to);
  }
  for (const [at, { from, to }] of mesh.tests.entries()) {
    demand(["tests", at, "from"], from);
    demand(["tests", at, "to"], to);
  }
}

function checkRanges(mesh: Mesh, diagnostics: Diagnostics): void {
  for (const { name, addresses } of mesh.sites) {
    for (const [at, block] of addresses.entries()) {
      if (mesh.network.addresses.some((range) => hasPrefix(range, block))) continue;
      const meshRanges = mesh.network.addresses.map(printPrefix).join(", ");
      diagnostics.add(
        ranges.blockOutside(["sites", name, "addresses", at], printPrefix(block), meshRanges),
      );
    }
  }
  for (const [one, other] of findOverlaps(claims(mesh))) {
    if (isIntended(one, other)) continue;
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
  // An exit's 0.0.0.0/0 or ::/0 holds everything by intent.
  return [...rangeClaims, ...siteClaims, ...subnetClaims, ...localClaims(mesh)].filter(
    ({ prefix }) => prefix.length > 0,
  );
}

/** Many hosts run the same docker range: one claim a range, so that comparing stays linear. */
function localClaims(mesh: Mesh): Claim[] {
  const found = new Map<string, Claim & { readonly owners: Set<string> }>();
  for (const { name: owner, local } of mesh.nodes) {
    for (const [at, prefix] of local.entries()) {
      const claim = found.get(printPrefix(prefix)) ?? {
        kind: "local",
        owner,
        owners: new Set<string>(),
        prefix,
        path: ["nodes", owner, "local", at],
      };
      claim.owners.add(owner);
      found.set(printPrefix(prefix), claim);
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

function printClaim({ kind, owner, prefix }: Claim): { prefix: string; what: string } {
  const what = {
    mesh: "a range of the mesh",
    block: `the block of site "${owner}"`,
    network: `the network of site "${owner}"`,
    subnet: `behind "${owner}"`,
    local: `local on "${owner}"`,
  }[kind];
  return { prefix: printPrefix(prefix), what };
}
