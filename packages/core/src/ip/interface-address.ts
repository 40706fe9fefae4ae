/** An address as an interface has it: with the length of the range that it puts on the link. */
import { say } from "../phrase.ts";
import { Problem, quote } from "../problem.ts";
import { addressWidth, parseAddress, printAddress } from "./address.ts";
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

/** Reads `10.0.0.1/24`: the address may be any within its range. */
export function parseInterfaceAddress(text: string): InterfaceAddress | Problem {
  const [, host = "", bits = ""] = /^(.*)\/(\d{1,3})$/.exec(text) ?? [];
  const address = parseAddress(host);
  if (address instanceof Problem) return address;
  const length = Number(bits);
  if (length <= addressWidth(address.family)) return { address, length };
  const fix = say`write ADDRESS/LENGTH, such as 10.0.0.1/24`;
  return new Problem(say`cannot parse interface address ${quote(text)}`, fix);
}

export function printInterfaceAddress({ address, length }: InterfaceAddress): string {
  return `${printAddress(address)}/${length}`;
}

/** The range on the link, which may be the address alone. */
export function linkOf({ address, length }: InterfaceAddress): Prefix {
  return prefixOf(address, length);
}
