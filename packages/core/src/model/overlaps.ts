/** Finds ranges that overlap among many, without comparing each with each. */
import { comparePrefixes, hasPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { Path } from "../wording.ts";

/** One range that the document gives to somebody. */
export interface Claim {
  readonly kind: "mesh" | "block" | "network" | "subnet" | "local";
  readonly owner: string;
  /** All owners, where one range may have many. */
  readonly owners?: ReadonlySet<string>;
  /** The owner's site, where a node claims. */
  readonly site?: string;
  readonly prefix: Prefix;
  readonly path: Path;
}

/**
 * Claims whose range overlaps another's against the rules, each with one that it overlaps: first of
 * the two the one that comes first in `claims`. Sorted by the second's place; O(N log N).
 */
export function findOverlaps(
  claims: readonly Claim[],
  isIntended: (one: Claim, other: Claim) => boolean,
): (readonly [Claim, Claim])[] {
  const places = new Map(claims.map((claim, place) => [claim, place]));
  const place = (claim: Claim): number => places.get(claim) ?? 0;
  const sorted = claims.toSorted((one, other) => comparePrefixes(one.prefix, other.prefix));
  const overlaps: (readonly [Claim, Claim])[] = [];
  // In this order what contains a prefix stands before it, and is still open when it comes. Of two
  // prefixes that overlap, one contains the other.
  let open: Claim[] = [];
  for (const claim of sorted) {
    open = open.filter((outer) => hasPrefix(outer.prefix, claim.prefix));
    const clash = open.find((outer) => !isIntended(outer, claim));
    if (clash === undefined) open.push(claim);
    else overlaps.push(place(clash) < place(claim) ? [clash, claim] : [claim, clash]);
  }
  return overlaps.sort(([, one], [, other]) => place(one) - place(other));
}
