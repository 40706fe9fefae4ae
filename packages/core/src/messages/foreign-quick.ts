/** What can be wrong or odd with the keys that wg-quick keeps for itself. */
import type { Finding, Place } from "../finding.ts";
import { say } from "../phrase.ts";
import { quoteWithoutKeys } from "../problem.ts";
import { foreign } from "./refusals.ts";

export function badFileName(place: Place, name: string): Finding {
  const message = say`wg-quick takes no file named ${quoteWithoutKeys(name)}`;
  const fix = say`name it for its interface: 1 to 15 letters, digits or _=+.- and then .conf`;
  return foreign("bad-file-name", place, message, fix);
}

export function hiddenInterface(place: Place): Finding {
  const message = say`wg takes this line for [Interface] and wg-quick does not: it sees no Address, MTU or hook below`;
  return foreign("hidden-interface", place, message, say`write [Interface] alone on its line`);
}

export function badAddress(place: Place, text: string): Finding {
  const message = say`Address cannot be ${quoteWithoutKeys(text)}`;
  const fix = say`write an address with the length of its range, such as 10.0.0.1/24 or fd00::1/64`;
  return foreign("bad-address", place, message, fix);
}

export function noMask(place: Place, address: string, width: number): Finding {
  const message = say`Address ${address} has no length: it is ${address}/${width}, and puts no range on the link`;
  return foreign(
    "no-mask",
    place,
    message,
    say`write ${address}/${width}, or the length of its range`,
  );
}

export function badMtu(place: Place, text: string): Finding {
  const message = say`no interface can have the MTU ${quoteWithoutKeys(text)}`;
  return foreign("bad-mtu", place, message, say`write MTU = 1420, or remove the line`);
}

export function oddMtu(place: Place, mtu: number): Finding {
  const message = say`an MTU of ${mtu} is hardly meant`;
  return foreign("odd-mtu", place, message, say`write MTU = 1420, or remove the line`);
}

/** Of auto and off in capitals. */
export function tableCase(place: Place, text: string, word: string): Finding {
  const message = say`Table ${quoteWithoutKeys(text)} is the name of a table to wg-quick, because only its keys may be in capitals`;
  return foreign("bad-table", place, message, say`write Table = ${word}`);
}

export function badTable(place: Place, text: string): Finding {
  const message = say`Table cannot be ${quoteWithoutKeys(text)}`;
  return foreign("bad-table", place, message, say`write auto, off, or the table's number`);
}

export function namedTable(place: Place, text: string): Finding {
  const message = say`Table ${quoteWithoutKeys(text)} is a name, which each host looks up in its own list`;
  return foreign("named-table", place, message, say`write the table's number`);
}

export function oddDns(place: Place, text: string): Finding {
  const message = say`DNS ${quoteWithoutKeys(text)} goes to the resolver as a server, and is no address`;
  return foreign("odd-dns", place, message, say`write the server's address`);
}

export function dnsIgnored(place: Place): Finding {
  const message = say`DNS has only domains to search in, and wg-quick does nothing with them without a server`;
  return foreign("dns-ignored", place, message, say`add a server's address, or remove the line`);
}

export function badSaveConfig(place: Place, text: string): Finding {
  const message = say`SaveConfig cannot be ${quoteWithoutKeys(text)}`;
  return foreign("bad-save-config", place, message, say`write false, or remove the line`);
}

export function saveConfig(place: Place): Finding {
  const message = say`SaveConfig writes this file again at each stop, without its comments and with names turned into addresses`;
  return foreign("save-config", place, message, say`remove the line`);
}

export function noPrivateKey(place: Place): Finding {
  const message = say`there is no PrivateKey, and no hook that sets one`;
  const fix = say`write PrivateKey = and the key, or PostUp = wg set %i private-key and its file`;
  return foreign("no-private-key", place, message, fix);
}

export function hookComment(place: Place, key: string): Finding {
  const message = say`${key} has a #: wg-quick before 2025 cuts the command there`;
  return foreign(
    "hook-comment",
    place,
    message,
    say`put comments on lines of their own, and a # that is meant into a script`,
  );
}

export function earlyHook(place: Place): Finding {
  const message = say`PreUp sets up the interface with wg: before 2025 wg-quick runs it when there is none yet`;
  return foreign(
    "early-hook",
    place,
    message,
    say`make it PostUp, which does the same on every version`,
  );
}

export function emptyKey(place: Place, key: string): Finding {
  const message = say`${key} has no value`;
  return foreign("empty-key", place, message, say`remove the line, or write the value`);
}
