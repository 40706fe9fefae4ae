/** Every range that a document or a plan names: between their edges all addresses are alike. */
import type { Device, Mesh, Prefix } from "@warren/core";
import type { Party } from "./parties.ts";
import type { Span } from "./spans.ts";
import { hostSpan, spanOf } from "./spans.ts";

export function readCuts(
  mesh: Mesh,
  parties: readonly Party[],
  devices: readonly Device[],
): readonly Span[] {
  const lists = new Set<readonly Prefix[]>(devices.flatMap(listsOf));
  const rules = (mesh.policy ?? []).flatMap(({ from, to }) => [...from, ...to]);
  const members = mesh.groups.flatMap(({ members }) => members);
  const selected = [...rules, ...members].flatMap((each) =>
    each.kind === "prefix" ? [each.prefix] : [],
  );
  const prefixes = [...lists].flat().concat(selected, mesh.network.addresses);
  for (const { networks, addresses, reach } of mesh.sites) {
    prefixes.push(...networks, ...addresses, ...reach);
  }
  for (const { local, subnets } of mesh.nodes) {
    prefixes.push(...local, ...subnets.map(({ prefix }) => prefix));
  }
  const spans = new Map<string, Span>();
  for (const prefix of prefixes) {
    const key = `${prefix.family} ${prefix.bits} ${prefix.length}`;
    if (!spans.has(key)) spans.set(key, spanOf(prefix));
  }
  return [...spans.values(), ...parties.flatMap(({ addresses }) => addresses.map(hostSpan))];
}

function listsOf({ peers, routes, offLinkRanges, filter }: Device): readonly (readonly Prefix[])[] {
  return [
    ...peers.map(({ allowedIps }) => allowedIps),
    routes,
    offLinkRanges,
    filter.clients,
    filter.exitUsers,
    ...filter.confined.flatMap(({ from, to }) => [from, to]),
    ...(filter.permits ?? []).flatMap(({ from, to }) => [from, to]),
  ];
}
