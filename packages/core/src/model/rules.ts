/**
 * Rules across the fields of a mesh: names are unique and known, every range has one owner.
 * Addresses themselves are the business of allocate.ts, tunnels that of verify.
 */
import { say } from "../phrase.ts";
import type { Phrase } from "../phrase.ts";
import * as form from "../messages/form.ts";
import * as keys from "../messages/keys.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { Path } from "../wording.ts";
import { checkClients } from "./client-rules.ts";
import type { Group, Mesh, Selector } from "./mesh.ts";
import { checkRanges } from "./range-rules.ts";
import { checkWays } from "./way-rules.ts";

/** Says in `diagnostics` where a mesh contradicts itself; O(N log N). */
export function checkMesh(mesh: Mesh, diagnostics: Diagnostics): void {
  if (mesh.nodes.length === 0) diagnostics.add(form.noNodes(["nodes"]));
  checkNames(mesh, diagnostics);
  checkKeys(mesh, diagnostics);
  checkReferences(mesh, diagnostics);
  checkPolicyReferences(mesh, diagnostics);
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
      const owner = owners.get(name);
      if (owner === undefined) owners.set(name, kinds[kind]);
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

/** Names in a set or a map. */
interface Known {
  has(name: string): boolean;
  keys(): Iterable<string>;
}

function checkReferences(mesh: Mesh, diagnostics: Diagnostics): void {
  const nodes = new Map(mesh.nodes.map((node) => [node.name, node]));
  const sites = new Set(mesh.sites.map(({ name }) => name));
  const places = new Set([...nodes.keys(), ...sites]);
  const demand = (path: Path, name: string, kind: Phrase, known: Known): void => {
    if (!known.has(name)) diagnostics.add(form.unknownName(path, name, kind, known.keys()));
  };
  for (const { name, site, lan, exit } of mesh.nodes) {
    if (site !== undefined) demand(["nodes", name, "site"], site, say`site`, sites);
    if (exit !== undefined) demand(["nodes", name, "exit"], exit, say`node`, nodes);
    if (lan !== undefined && site === undefined)
      diagnostics.add(form.lanWithoutSite(["nodes", name, "lan"]));
  }
  for (const site of mesh.sites) {
    for (const [at, gateway] of site.gateways.entries()) {
      const path = ["sites", site.name, "gateways", at];
      demand(path, gateway, say`node`, nodes);
      const node = nodes.get(gateway);
      if (node !== undefined && node.site !== site.name) {
        diagnostics.add(form.wrongSite(path, gateway, site.name));
      }
    }
  }
  for (const { name, via, exit } of mesh.clients) {
    for (const [at, node] of via.entries()) {
      demand(["clients", name, "via", at], node, say`node`, nodes);
    }
    if (exit !== undefined) demand(["clients", name, "exit"], exit, say`node`, nodes);
  }
  for (const [at, { between }] of mesh.links.entries()) {
    for (const [end, name] of between.entries()) {
      demand(["links", at, "between", end], name, say`site or node`, places);
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
        form.unknownName(path, selector.name, say`node, client, site or group`, names),
      );
    }
    if (selector.kind === "tag" && !tags.has(selector.tag)) {
      diagnostics.add(form.unknownName(path, selector.tag, say`tag`, tags));
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
