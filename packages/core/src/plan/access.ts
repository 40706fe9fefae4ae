/** Where a client's entry may go: what it sends to the node that it enters by. */
import { parsePrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { cover, prefixSet, subtract } from "../ip/prefix-set.ts";
import { Problem } from "../problem.ts";
import type { Entry } from "./entries.ts";
import type { Index } from "./members.ts";

/** Sorted and disjoint; the mesh's ranges whole, so that a new node changes no client. */
export function accessOf(index: Index, { client, via }: Entry): readonly Prefix[] {
  const has = (...words: Entry["client"]["access"]): boolean =>
    words.some((word) => client.access.includes(word));
  const exits = index.byName.get(via)?.exits ?? [];
  const ranges = index.network.addresses;
  const subnets = index.withSubnets.flatMap(({ node, prefixes }) =>
    node.subnets.map(({ prefix }) => prefix).filter((prefix) => prefixes.includes(prefix)),
  );
  const far = cover(subtract(prefixSet(exits), prefixSet(privateRanges())));
  return cover(
    prefixSet([
      ...(has("nodes", "all-but-lan") ? ranges : []),
      ...(has("subnets", "all-but-lan") ? subnets : []),
      ...(has("exit") || client.exit === via ? exits : []),
      ...(has("all-but-lan") ? far : []),
    ]),
  );
}

function privateRanges(): readonly Prefix[] {
  return ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"].flatMap((text) => {
    const range = parsePrefix(text);
    return range instanceof Problem ? [] : [range];
  });
}
