/** An address as an interface has it: with the length of the range that it puts on the link. */
import { addressWidth, printAddress } from "./address.ts";
import type { Address } from "./address.ts";
import { prefixOf } from "./prefix.ts";
import type { Prefix } from "./prefix.ts";

/** `10.0.0.1/24`. */
export interface InterfaceAddress {
  readonly address: Address;
  readonly length: number;
}

/** With nothing else on the link. */
export function aloneOnLink(address: Address): InterfaceAddress {
  return { address, length: addressWidth(address.family) };
}

export function printInterfaceAddress({ address, length }: InterfaceAddress): string {
  return `${printAddress(address)}/${length}`;
}

/** The range on the link, which may be the address alone. */
export function linkOf({ address, length }: InterfaceAddress): Prefix {
  return prefixOf(address, length);
}
