/** An address as it stands on an interface: with the length of the mesh's range that holds it. */
import type { Address } from "../ip/address.ts";
import type { InterfaceAddress } from "../ip/interface-address.ts";
import { hasAddress } from "../ip/prefix.ts";
import type { Network } from "../model/mesh.ts";

/** The address must be inside the mesh's ranges: allocate has seen to it. */
export function onRange(network: Network, address: Address): InterfaceAddress {
  const range = network.addresses.find((each) => hasAddress(each, address));
  if (range === undefined) throw new Error("an address lies outside the mesh's ranges");
  return { address, length: range.length };
}
