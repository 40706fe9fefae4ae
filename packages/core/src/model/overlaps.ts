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
 * Pairs of claims of which one range contains the other (two prefixes that overlap do nothing
 * else), each pair with the claim first that comes first in `claims`; sorted by the second's place.
 */
export function findOverlaps(claims: readonly Claim[]): (readonly [Claim, Claim])[] {
  const places = new Map(claims.map((claim, place) => [claim, place]));
  const place = (claim: Claim): number => places.get(claim) ?? 0;
  const sorted = claims.toSorted((one, other) => comparePrefixes(one.prefix, other.prefix));
  const overlaps: (readonly [Claim, Claim])[] = [];
  // In this order what contains a prefix stands before it, and is still open when it comes.
  let open: Claim[] = [];
  for (const claim of sorted) {
    open = open.filter((outer) => hasPrefix(outer.prefix, claim.prefix));
    for (const outer of open) {
      overlaps.push(place(outer) < place(claim) ? [outer, claim] : [claim, outer]);
    }
    open.push(claim);
  }
  return overlaps.sort(([, one], [, other]) => place(one) - place(other));
}
