/** Who passes on what is for others. The proof works this out for itself, on purpose. */
import type { Mesh, Node, Site } from "./mesh.ts";
import type { Name } from "./names.ts";

/** The active gateway of its site, or a relay. */
export function isCarrying({ name, relay }: Node, site: Site | undefined): boolean {
  return relay || site?.gateways[0] === name;
}

export function carriersOf({ nodes, sites }: Mesh): ReadonlySet<Name> {
  const siteOf = new Map(sites.map((site) => [site.name, site]));
  const carriers = nodes.filter((node) => {
    return isCarrying(node, node.site === undefined ? undefined : siteOf.get(node.site));
  });
  return new Set(carriers.map(({ name }) => name));
}
