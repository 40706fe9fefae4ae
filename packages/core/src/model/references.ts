/** Where a document names something: what stands in the way of its removal. */
import type { Path } from "../wording.ts";
import type { Mesh, Selector } from "./mesh.ts";

/** The places that name a node, client, site or group, in the order of their sections. */
export function referencesTo(mesh: Mesh, name: string): readonly Path[] {
  const { nodes, sites, clients, links, groups, policy = [], tests } = mesh;
  const list = (path: Path, names: readonly string[]): readonly Path[] =>
    names.flatMap((each, at) => (each === name ? [[...path, at]] : []));
  const one = (path: Path, named: string | undefined): readonly Path[] =>
    named === name ? [path] : [];
  const selectors = (path: Path, those: readonly Selector[]): readonly Path[] =>
    list(path, those.map(nameOf));
  return [
    ...nodes.flatMap(({ name: own, site, exit }) => [
      ...one(["nodes", own, "site"], site),
      ...one(["nodes", own, "exit"], exit),
    ]),
    ...sites.flatMap((site) => list(["sites", site.name, "gateways"], site.gateways)),
    ...links.flatMap(({ between }, at) => list(["links", at, "between"], between)),
    ...clients.flatMap(({ name: own, via, exit }) => [
      ...list(["clients", own, "via"], via),
      ...one(["clients", own, "exit"], exit),
    ]),
    ...groups.flatMap((group) => selectors(["groups", group.name], group.members)),
    ...policy.flatMap(({ from, to }, at) => [
      ...selectors(["policy", at, "from"], from),
      ...selectors(["policy", at, "to"], to),
    ]),
    ...tests.flatMap(({ from, to }, at) => [
      ...one(["tests", at, "from"], nameOf(from)),
      ...one(["tests", at, "to"], nameOf(to)),
    ]),
  ];
}

/** Nobody has an empty name. */
function nameOf(selector: Selector): string {
  return selector.kind === "name" ? selector.name : "";
}
