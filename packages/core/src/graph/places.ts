/** Where nodes are drawn together: in their site; else each alone, or, in a large mesh, all who have none. */
import { printPrefix } from "../ip/prefix.ts";
import type { Mesh } from "../model/mesh.ts";
import type { PicturedNode, Place } from "./picture.ts";

/** From so many nodes on, lines between all pairs show nothing any more. */
export const LARGE = 16;

/** The place of all who have no site; no name of a document has a space. */
export const ELSEWHERE = "no site";

export function placesOf({ sites }: Mesh, nodes: readonly PicturedNode[]): readonly Place[] {
  const atSites = sites.map((site): Place => {
    const own = nodes.filter((node) => node.site === site.name).map(({ name }) => name);
    return { name: site.name, kind: "site", networks: site.networks.map(printPrefix), nodes: own };
  });
  const others = nodes.filter(({ site }) => site === undefined);
  const isLarge = nodes.length >= LARGE;
  // Who carries for everybody stays where it can be seen.
  const alone = others.filter(({ kind }) => !isLarge || kind === "relay");
  const rest = others.filter((node) => !alone.includes(node)).map(({ name }) => name);
  return [
    ...atSites,
    ...alone.map(({ name }): Place => ({ name, kind: "node", networks: [], nodes: [name] })),
    ...(rest.length === 0
      ? []
      : [{ name: ELSEWHERE, kind: "elsewhere" as const, networks: [], nodes: rest }]),
  ].sort((one, other) => (one.name < other.name ? -1 : 1));
}
