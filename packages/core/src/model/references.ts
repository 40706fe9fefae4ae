/** Where a document names something: what stands in the way of its removal. */
import type { Path } from "../wording.ts";
import type { Mesh, Selector } from "./mesh.ts";

export interface Reference {
  readonly path: Path;
  /** Of what the name is to be; of a selector it may be that of anything. */
  readonly kind: "node" | "site" | "place" | "selector" | "tag";
  readonly name: string;
}

/** The places that name a node, client, site or group, in the order of their sections. */
export function referencesTo(mesh: Mesh, name: string): readonly Path[] {
  const named = listReferences(mesh).filter((each) => each.kind !== "tag" && each.name === name);
  return named.map(({ path }) => path);
}

/** All names in a mesh but those of whom it describes, in the order of its sections. */
export function listReferences(mesh: Mesh): readonly Reference[] {
  const { nodes, sites, clients, links, groups, policy = [], tests } = mesh;
  const list = (
    path: Path,
    kind: Reference["kind"],
    names: readonly string[],
  ): readonly Reference[] => names.map((name, at) => ({ path: [...path, at], kind, name }));
  const one = (path: Path, kind: Reference["kind"], name: string | undefined): Reference[] =>
    name === undefined ? [] : [{ path, kind, name }];
  return [
    ...nodes.flatMap(({ name: own, site, exit }) => [
      ...one(["nodes", own, "site"], "site", site),
      ...one(["nodes", own, "exit"], "node", exit),
    ]),
    ...sites.flatMap((site) => list(["sites", site.name, "gateways"], "node", site.gateways)),
    ...links.flatMap(({ between }, at) => list(["links", at, "between"], "place", between)),
    ...clients.flatMap(({ name: own, via, exit }) => [
      ...list(["clients", own, "via"], "node", via),
      ...one(["clients", own, "exit"], "node", exit),
    ]),
    ...groups.flatMap((group) => allChosenBy(["groups", group.name], group.members)),
    ...policy.flatMap(({ from, to }, at) => [
      ...allChosenBy(["policy", at, "from"], from),
      ...allChosenBy(["policy", at, "to"], to),
    ]),
    ...tests.flatMap(({ from, to }, at) => [
      ...chosenBy(["tests", at, "from"], from),
      ...chosenBy(["tests", at, "to"], to),
    ]),
  ];
}

function allChosenBy(path: Path, selectors: readonly Selector[]): readonly Reference[] {
  return selectors.flatMap((each, at) => chosenBy([...path, at], each));
}

function chosenBy(path: Path, selector: Selector): readonly Reference[] {
  if (selector.kind === "tag") return [{ path, kind: "tag", name: selector.tag }];
  return selector.kind === "name" ? [{ path, kind: "selector", name: selector.name }] : [];
}
