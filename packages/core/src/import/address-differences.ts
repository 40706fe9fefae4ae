/** Addresses that are others than the files say, or have another length: each fact once. */
import type { Finding, Place } from "../finding.ts";
import { isSameAddress } from "../ip/address.ts";
import { linkOf, printInterfaceAddress } from "../ip/interface-address.ts";
import type { InterfaceAddress } from "../ip/interface-address.ts";
import { isSubset, prefixSet } from "../ip/prefix-set.ts";
import * as messages from "../messages/import.ts";
import { joinTexts } from "../phrase.ts";
import type { Text } from "../phrase.ts";
import type { Device } from "../plan/device.ts";
import type { ForeignDevice } from "../read/foreign.ts";
import type { Party } from "./parties.ts";

/** What was read of somebody, and what was made of it. */
export interface Ends {
  readonly party: Party;
  readonly device: ForeignDevice;
  readonly made: Device;
}

export function compareAddresses(all: readonly Ends[]): readonly Finding[] {
  const changes = all.flatMap((ends) => changeOf(ends) ?? []);
  return [...Map.groupBy(changes, ({ lengths }) => lengths?.join() ?? "")].flatMap(
    ([, alike]): Finding[] => {
      const [first, second] = alike;
      if (first?.lengths === undefined || second === undefined) return alike.map(ownFinding);
      const [there, here] = first.lengths;
      const names = listed(alike.map(({ name }) => name));
      return [messages.lengthsDiffer(first.place, names, { count: alike.length, there, here })];
    },
  );
}

interface Change {
  readonly name: string;
  readonly place: Place;
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Before and after, where nothing else is another. */
  readonly lengths: readonly [string, string] | undefined;
}

function ownFinding({ place, name, before, after }: Change): Finding {
  return messages.addressesDiffer(place, name, listed(after), listed(before));
}

function changeOf({ device, made }: Ends): Change | undefined {
  const [first] = device.addresses;
  const own = device.addresses.map(({ value }) => value);
  const [before, after] = [
    own.map(printInterfaceAddress),
    made.addresses.map(printInterfaceAddress),
  ];
  if (first === undefined || before.toSorted().join() === after.toSorted().join()) return undefined;
  const isSame =
    own.length === made.addresses.length &&
    own.every(({ address }) => made.addresses.some((each) => isSameAddress(each.address, address)));
  if (isSame && isCovered(own, made)) return undefined;
  const lengths = isSame ? ([lengthsOf(own), lengthsOf(made.addresses)] as const) : undefined;
  return { name: made.name, place: first.place, before, after, lengths };
}

/** A range that an address put on the link is routed into the tunnel all the same, by a list. */
function isCovered(own: readonly InterfaceAddress[], { addresses, peers }: Device): boolean {
  const narrowed = own.filter(({ address, length }) =>
    addresses.some((each) => isSameAddress(each.address, address) && each.length >= length),
  );
  const ranges = prefixSet(own.map(linkOf));
  const routed = prefixSet(peers.flatMap(({ allowedIps }) => allowedIps));
  return narrowed.length === own.length && isSubset(ranges, routed);
}

/** Of two families both, where they are not the same. */
function lengthsOf(addresses: readonly InterfaceAddress[]): string {
  const sorted = addresses.toSorted((one, other) => one.address.family - other.address.family);
  return [...new Set(sorted.map(({ length }) => `/${length}`))].join(", ");
}

/** Some, and how many more. */
export function listed(texts: readonly string[]): Text {
  const shown = texts.slice(0, 5);
  const rest = texts.length - shown.length;
  const list = joinTexts(shown, ", ");
  return rest === 0 ? list : messages.andMore(list, rest);
}
