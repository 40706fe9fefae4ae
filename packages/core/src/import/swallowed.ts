/** Endpoints inside the tunnel that they are to carry: nobody is reached there, and they say nothing of a network. */
import { linkOf } from "../ip/interface-address.ts";
import { hasAddress, isWithin } from "../ip/prefix.ts";
import type { Address } from "../ip/address.ts";
import { hostAddressOf } from "../ip/endpoint.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { Party, PartyEntry } from "./parties.ts";

/** None where somebody dials into a range of the mesh that its own tunnel does not hold: a network has it, too. */
export function findSwallowed(
  parties: readonly Party[],
  ranges: readonly Prefix[],
): ReadonlySet<PartyEntry> {
  const swallowed = new Set<PartyEntry>();
  for (const party of parties) {
    for (const entry of party.entries) {
      const host = hostAddressOf(entry.peer.endpoint?.value);
      if (host === undefined || !isWithin(ranges, host)) continue;
      if (!isRouted(party, host)) return new Set();
      swallowed.add(entry);
    }
  }
  return swallowed;
}

/** By its own lists, but for a /0, and by the ranges that its addresses put on the link. */
function isRouted({ device, entries }: Party, host: Address): boolean {
  const links = (device?.addresses ?? []).map(({ value }) => linkOf(value));
  const lists = entries.flatMap(({ allowedIps }) => allowedIps);
  return [...links, ...lists].some((each) => each.length > 0 && hasAddress(each, host));
}
