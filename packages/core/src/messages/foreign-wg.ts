/** What can be wrong or odd with what `wg` itself reads. No message repeats what may be a secret. */
import type { Finding, Place } from "../finding.ts";
import { say } from "../phrase.ts";
import type { Phrase, Text } from "../phrase.ts";
import { quoteWithoutKeys } from "../problem.ts";
import { foreign } from "./refusals.ts";

/** A line longer than this may hold a key in its name: 43 characters and no = before them. */
const LONGEST_SHOWN_KEY = 30;

export function byteOrderMark(place: Place): Finding {
  const message = say`the file begins with a byte order mark, which wg takes for a part of the line`;
  return foreign("byte-order-mark", place, message, say`save it as UTF-8 without one`);
}

export function strayLine(place: Place): Finding {
  const message = say`the line stands before any section, and wg refuses the file`;
  return foreign("stray-line", place, message, say`put it below [Interface] or [Peer]`);
}

export function unknownSection(place: Place, head: string): Finding {
  const message = say`${quoteWithoutKeys(head)} is no section that wg knows`;
  return foreign("unknown-section", place, message, say`write [Interface] or [Peer]`);
}

export function commentMark(place: Place): Finding {
  const message = say`a line that begins with ; is no comment to wg, which refuses the file`;
  return foreign("comment-mark", place, message, say`begin it with #`);
}

export function unknownKey(place: Place, key: string, near: string | undefined): Finding {
  const message =
    key.length > LONGEST_SHOWN_KEY
      ? say`wg does not know this line`
      : say`wg does not know ${quoteWithoutKeys(key)} here`;
  const fix = near === undefined ? say`remove the line` : say`did you mean ${near}?`;
  return foreign("unknown-key", place, message, fix);
}

export function misplacedKey(place: Place, key: string, section: string): Finding {
  const message = say`${key} stands here where wg does not know it`;
  return foreign("misplaced-key", place, message, say`move the line to ${section}`);
}

export function quickKeyForWg(place: Place, key: string): Finding {
  const message = say`${key} is for wg-quick: wg itself refuses the file`;
  return foreign("misplaced-key", place, message, say`remove it, or give the file to wg-quick`);
}

export function hiddenKey(place: Place, key: string): Finding {
  const message = say`wg-quick does not see ${key}, because the section does not begin with exactly [Interface], and gives it to wg, which refuses it`;
  return foreign("hidden-key", place, message, say`write [Interface] alone on its line`);
}

export function valueMissing(place: Place, key: string): Finding {
  const message = say`${key} has no value`;
  return foreign("value-missing", place, message, say`remove the line, or write the value`);
}

export function badKey(place: Place, key: string, length: number): Finding {
  const message = say`${key} is no WireGuard key, but ${length} characters`;
  const fix = say`a key is 44 characters of base64 ending in =, as wg genkey and wg pubkey print it`;
  return foreign("bad-key", place, message, fix);
}

export function badPort(place: Place, key: string, text: string): Finding {
  const message = say`${key} cannot have the port ${quoteWithoutKeys(text)}`;
  return foreign("bad-port", place, message, say`write a number from 1 to 65535, such as 51820`);
}

export function portName(place: Place, key: string, text: string): Finding {
  const message = say`${key} has the port ${quoteWithoutKeys(text)}: wg looks the name up on each machine, and tries for 72 seconds if it is not there`;
  return foreign("port-name", place, message, say`write the port's number`);
}

export function oddPort(place: Place, text: string, port: number): Finding {
  const message = say`port ${quoteWithoutKeys(text)} is ${port} to wg, which says nothing`;
  return foreign("odd-port", place, message, say`write ${port}, or the port that was meant`);
}

export function portZero(place: Place, text: string): Finding {
  const message = say`nobody can be dialled at port 0, as ${quoteWithoutKeys(text)} has it`;
  return foreign("port-zero", place, message, say`write the port that the peer listens on`);
}

export function badFwmark(place: Place, text: string): Finding {
  const message = say`${quoteWithoutKeys(text)} is no mark for FwMark`;
  const fix = say`write off, or a number of 32 bits, such as 51820 or 0xca6c`;
  return foreign("bad-fwmark", place, message, fix);
}

export function badAllowedIp(place: Place, text: string): Finding {
  const [message, fix] = explainAllowedIp(text);
  return foreign("bad-allowed-ip", place, message, fix);
}

function explainAllowedIp(text: string): readonly [Phrase, Phrase] {
  if (text === "") {
    return [say`AllowedIPs has an empty place in its list`, say`remove the comma too many`];
  }
  const message = say`AllowedIPs cannot have ${quoteWithoutKeys(text)}`;
  if (/\/\d+\.\d+\.\d+\.\d+$/.test(text)) {
    return [message, say`write the number of bits after the slash, such as /24, not a mask`];
  }
  return [message, say`write an address with its length, such as 10.0.0.0/24 or fd00::1/128`];
}

export function signedAllowedIp(place: Place, text: string): Finding {
  const message = say`AllowedIPs has ${quoteWithoutKeys(text)} with a sign, which wg before 2025 refuses`;
  return foreign(
    "signed-allowed-ip",
    place,
    message,
    say`list all ranges of the peer, without signs`,
  );
}

export function hostBits(place: Place, text: string, network: string, host: string): Finding {
  const message = say`AllowedIPs has ${quoteWithoutKeys(text)}, of which the kernel makes ${network}`;
  return foreign(
    "host-bits",
    place,
    message,
    say`write ${network} for the range, or ${host} for the host`,
  );
}

export function badEndpoint(place: Place, text: string): Finding {
  const message = say`${quoteWithoutKeys(text)} is no endpoint: wg wants host:port`;
  const fix = say`write the host, a colon and the port, such as 192.0.2.1:51820 or [2001:db8::1]:51820`;
  return foreign("bad-endpoint", place, message, fix);
}

export function badHost(place: Place, text: string): Finding {
  const message = say`${quoteWithoutKeys(text)} is neither an address nor a DNS name`;
  return foreign(
    "bad-host",
    place,
    message,
    say`write an address, or a name of letters, digits, hyphens and dots`,
  );
}

export function endpointZone(place: Place, text: string): Finding {
  const message = say`endpoint ${quoteWithoutKeys(text)} has a zone, which means something on this host alone`;
  return foreign("endpoint-zone", place, message, say`write an address that needs no zone`);
}

export function shortAddress(place: Place, text: string, endpoint: string): Finding {
  const message = say`endpoint ${quoteWithoutKeys(text)} is ${endpoint} to wg, which says nothing`;
  return foreign(
    "short-address",
    place,
    message,
    say`write Endpoint = ${endpoint}, or what was meant`,
  );
}

export function noBrackets(place: Place, text: string, endpoint: string): Finding {
  const message = say`endpoint ${quoteWithoutKeys(text)} has no brackets: wg takes what is behind the last colon for the port`;
  return foreign(
    "no-brackets",
    place,
    message,
    say`write Endpoint = ${endpoint}, or what was meant`,
  );
}

export function badKeepalive(place: Place, text: string): Finding {
  const message = say`PersistentKeepalive cannot be ${quoteWithoutKeys(text)}`;
  return foreign(
    "bad-keepalive",
    place,
    message,
    say`write seconds from 1 to 65535, such as 25, or off`,
  );
}

export function noPublicKey(place: Place): Finding {
  const message = say`the peer has no PublicKey, and wg refuses the file`;
  return foreign(
    "no-public-key",
    place,
    message,
    say`write PublicKey = and its key, or remove the section`,
  );
}

/** It is not quoted: it may be a private key, put there by mistake. */
export function peerTwice(place: Place, first: Place): Finding {
  const message = say`this peer stands in line ${first.line} already: the AllowedIPs here replace those there`;
  const found = foreign("peer-twice", place, message, say`make one [Peer] of the two`);
  return { ...found, against: first };
}

export function keyTwice(place: Place, key: string, first: Place): Finding {
  const message = say`${key} stands in line ${first.line} already: this one counts, and that one does not`;
  return { ...foreign("key-twice", place, message, say`remove one of the two`), against: first };
}

export function interfaceTwice(place: Place, first: Place): Finding {
  const message = say`[Interface] stands in line ${first.line} already: wg makes one of both`;
  const found = foreign("interface-twice", place, message, say`put all its lines into one`);
  return { ...found, against: first };
}

export function innerSpace(place: Place, what: Text): Finding {
  const message = say`${what} has white space inside, which wg leaves out`;
  return foreign("inner-space", place, message, say`write it without`);
}

export function cuttingComment(place: Place, key: string): Finding {
  const message = say`a # stands inside the value of ${key}, which ends there`;
  return foreign(
    "cutting-comment",
    place,
    message,
    say`put a blank before a comment; no value has a #`,
  );
}

export function zeroKey(place: Place, key: string): Finding {
  const means: Readonly<Record<string, Phrase>> = {
    PrivateKey: say`wg takes a PrivateKey of zeros for none`,
    PresharedKey: say`wg takes a PresharedKey of zeros for none`,
  };
  const message = means[key] ?? say`nobody has a ${key} of zeros`;
  return foreign("zero-key", place, message, say`remove the line, or write the key`);
}

export function nulCharacter(place: Place): Finding {
  const message = say`the line has a NUL: wg ends it there, and wg-quick leaves it out`;
  return foreign(
    "nul-character",
    place,
    message,
    say`remove it: a file for WireGuard is plain text`,
  );
}
