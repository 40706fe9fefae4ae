/**
 * Rules across the fields of a mesh: names are unique and known, every range has one owner.
 * Addresses themselves are the business of allocate.ts, tunnels that of verify.
 */
import { say } from "../phrase.ts";
import type { Phrase } from "../phrase.ts";
import * as form from "../messages/form.ts";
import * as keys from "../messages/keys.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { checkClients } from "./client-rules.ts";
import type { Group, Mesh } from "./mesh.ts";
import { findEarlier } from "../remember.ts";
import { checkRanges } from "./range-rules.ts";
import { listReferences } from "./references.ts";
import { checkWays } from "./way-rules.ts";

/** Says in `diagnostics` where a mesh contradicts itself; O(N log N). */
export function checkMesh(mesh: Mesh, diagnostics: Diagnostics): void {
  if (mesh.nodes.length === 0) diagnostics.add(form.noNodes(["nodes"]));
  checkNames(mesh, diagnostics);
  checkKeys(mesh, diagnostics);
  checkReferences(mesh, diagnostics);
  checkGroups(mesh, diagnostics);
  checkInterface(mesh, diagnostics);
  checkRanges(mesh, diagnostics);
  checkWays(mesh, diagnostics);
  checkClients(mesh, diagnostics);
}

/** To iptables a + at the end is every interface whose name begins so. */
function checkInterface({ network, nodes }: Mesh, diagnostics: Diagnostics): void {
  const node = nodes.find(({ firewall }) => firewall === "iptables");
  if (node === undefined || !network.interface.endsWith("+")) return;
  diagnostics.add(form.interfaceIsPattern(["network", "interface"], network.interface, node.name));
}

/** `render` writes it beside the folders of nodes and clients, which have their names. */
const HOSTS_FILE = "hosts";

function checkNames(mesh: Mesh, diagnostics: Diagnostics): void {
  for (const kind of ["nodes", "clients"] as const) {
    if (mesh[kind].some(({ name }) => name === HOSTS_FILE)) {
      diagnostics.add(form.nameReserved([kind, HOSTS_FILE], HOSTS_FILE));
    }
  }
  const owners = new Map<string, Phrase>();
  const kinds = {
    nodes: say`a node`,
    clients: say`a client`,
    sites: say`a site`,
    groups: say`a group`,
  };
  for (const kind of ["nodes", "clients", "sites", "groups"] as const) {
    for (const { name } of mesh[kind]) {
      const owner = findEarlier(owners, name, kinds[kind]);
      if (owner !== undefined) diagnostics.add(form.nameTaken([kind, name], name, owner));
    }
  }
}

function checkKeys(mesh: Mesh, diagnostics: Diagnostics): void {
  const owners = new Map<string, string>();
  for (const kind of ["nodes", "clients"] as const) {
    for (const { name, publicKey } of mesh[kind]) {
      const owner = publicKey && findEarlier(owners, publicKey, name);
      if (owner) diagnostics.add(keys.publicKeyTaken([kind, name, "publicKey"], owner));
    }
  }
}

function checkReferences(mesh: Mesh, diagnostics: Diagnostics): void {
  const nodes = new Map(mesh.nodes.map((node) => [node.name, node]));
  const sites = new Set(mesh.sites.map(({ name }) => name));
  const kinds = [mesh.nodes, mesh.clients, mesh.sites, mesh.groups];
  const all = new Set(kinds.flatMap((kind) => kind.map(({ name }) => name)));
  const tags = new Set<string>([...mesh.nodes, ...mesh.clients].flatMap((each) => each.tags));
  const known = {
    node: { what: say`node`, names: new Set(nodes.keys()) },
    site: { what: say`site`, names: sites },
    place: { what: say`site or node`, names: new Set([...nodes.keys(), ...sites]) },
    selector: { what: say`node, client, site or group`, names: all },
    tag: { what: say`tag`, names: tags },
  };
  for (const { path, kind, name } of listReferences(mesh)) {
    const { what, names }: { what: Phrase; names: ReadonlySet<string> } = known[kind];
    if (!names.has(name)) diagnostics.add(form.unknownName(path, name, what, names));
  }
  for (const { name, site, lan } of mesh.nodes) {
    if (lan === undefined || site !== undefined) continue;
    diagnostics.add(form.lanWithoutSite(["nodes", name, "lan"]));
  }
  for (const site of mesh.sites) {
    for (const [at, gateway] of site.gateways.entries()) {
      const node = nodes.get(gateway);
      if (node === undefined || node.site === site.name) continue;
      diagnostics.add(form.wrongSite(["sites", site.name, "gateways", at], gateway, site.name));
    }
  }
}

/** Groups may contain groups, but none itself. Each group is looked into once. */
function checkGroups({ groups }: Mesh, diagnostics: Diagnostics): void {
  const byName = new Map<string, Group>(groups.map((group) => [group.name, group]));
  const done = new Set<Group>();
  const visit = (group: Group, path: readonly Group[]): void => {
    const start = path.indexOf(group);
    if (start >= 0) {
      const names = [...path.slice(start), group].map(({ name }) => name);
      diagnostics.add(form.groupInItself(["groups", group.name], names));
    }
    if (start >= 0 || done.has(group)) return;
    for (const member of group.members) {
      const inner = member.kind === "name" ? byName.get(member.name) : undefined;
      if (inner !== undefined) visit(inner, [...path, group]);
    }
    done.add(group);
  };
  for (const group of groups) visit(group, []);
}
