/** Many links as one: between two places, or inside one, from a size on where all pairs would be a blot. */
import type { Bundle, Picture, PicturedLink, Place } from "./picture.ts";
import { LARGE } from "./places.ts";

/** What stands for a link in its bundle. */
export interface Bundling {
  readonly key: string;
  readonly between: readonly [string, string];
}

export function bundlesOf(
  places: readonly Place[],
  links: readonly PicturedLink[],
): readonly Bundle[] {
  if (places.reduce((sum, { nodes }) => sum + nodes.length, 0) < LARGE) return [];
  const bundling = bundlingOf(places);
  const found = new Map<string, { readonly bundle: Bundle; readonly costs: Set<number> }>();
  for (const link of links) {
    const { key, between } = bundling(link);
    const known = found.get(key);
    const costs = (known?.costs ?? new Set<number>()).add(link.costPerGiB ?? NaN);
    const links = (known?.bundle.links ?? 0) + 1;
    found.set(key, { bundle: { between, kind: link.kind, links }, costs });
  }
  return [...found]
    .filter(([, { bundle }]) => bundle.links > 1)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, { bundle, costs }]) => {
      const [cost = NaN] = costs;
      return costs.size > 1 || Number.isNaN(cost) ? bundle : { ...bundle, costPerGiB: cost };
    });
}

/** The links that no bundle stands for. */
export function singleLinks({ places, links, bundles }: Picture): readonly PicturedLink[] {
  const bundling = bundlingOf(places);
  const bundled = new Set(bundles.map(({ between, kind }) => keyOf(between, kind)));
  return links.filter((link) => !bundled.has(bundling(link).key));
}

/** Between which places a link is; the key says the kind, too. */
export function bundlingOf(places: readonly Place[]): (link: PicturedLink) => Bundling {
  const placeOf = new Map(places.flatMap(({ name, nodes }) => nodes.map((node) => [node, name])));
  return ({ between: [one, other], kind }) => {
    const ends = [placeOf.get(one) ?? one, placeOf.get(other) ?? other] as const;
    const between = ends[0] < ends[1] ? ends : ([ends[1], ends[0]] as const);
    return { key: keyOf(between, kind), between };
  };
}

function keyOf([one, other]: Bundle["between"], kind: Bundle["kind"]): string {
  return [one, other, kind].join("|");
}
