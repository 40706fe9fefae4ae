/**
 * Owns the join token, the one line that makes a host a node: where the server is, how to know it for the
 * right one, and the secret that lets the host in. A token is a secret, and no message here repeats any of it.
 */
import { parseName, Problem, say } from "@warren/core";
import type { Name, Phrase } from "@warren/core";
import { parsePin } from "./pin.ts";
import type { Pin } from "./pin.ts";
import { parseServerAddress, printServerAddress } from "./server-address.ts";
import type { ServerAddress } from "./server-address.ts";

export interface JoinToken {
  /** Of the server, the best first; at least one. */
  readonly addresses: readonly ServerAddress[];
  /** Absent where the server's certificate is one of an authority that every host trusts. */
  readonly pin?: Pin;
  /** In base64url, at least 16 bytes. */
  readonly secret: string;
  /** Absent where the secret alone says it. */
  readonly network?: Name;
}

const PREFIX = "wrn_";
/** The form below; another one gets another number. */
const FORM = 1;
const CHECKSUM_BYTES = 4;
const LEAST_SECRET_BYTES = 16;

/**
 * In base64url: the number of the form, the pin's bytes and the secret's, each behind a byte that counts
 * them, the network and the addresses as text with blanks between them, and a CRC-32 of all that.
 */
export function printJoinToken({ addresses, pin, secret, network }: JoinToken): string {
  const texts = [network ?? "", ...addresses.map(printServerAddress)];
  const pinBytes = fromBase64(pin?.replace("sha256:", "") ?? "");
  const secretBytes = fromBase64(secret);
  if (pinBytes === undefined || secretBytes === undefined) throw new Error("not in base64url");
  const counted = [pinBytes, secretBytes].map(
    (bytes) => String.fromCodePoint(bytes.length) + bytes,
  );
  const body = `${String.fromCodePoint(FORM)}${counted.join("")}${texts.join(" ")}`;
  return `${PREFIX}${toBase64(body + checksumOf(body))}`;
}

/**
 * A letter that is another or is missing never goes unnoticed: of the former the checksum finds every
 * one, of the latter all but one in four thousand million.
 */
export function parseJoinToken(text: string): JoinToken | Problem {
  const whole = say`copy all of it, as warren token create prints it`;
  if (!text.startsWith(PREFIX)) return refuse(say`it does not begin with wrn_`, whole);
  const bytes = fromBase64(text.slice(PREFIX.length));
  const body = bytes?.slice(0, -CHECKSUM_BYTES) ?? "";
  if (bytes === undefined || bytes !== body + checksumOf(body)) {
    return refuse(say`it is cut off, or a letter of it is another`, whole);
  }
  const newer = say`update Warren on this host to the version of the server`;
  const unknown = refuse(say`its form is one that this version does not know`, newer);
  return body.codePointAt(0) === FORM ? (readBody(body) ?? unknown) : unknown;
}

function refuse(why: Phrase, fix: Phrase): Problem {
  return new Problem(say`cannot parse join token: ${why}`, fix);
}

/** Undefined where it is not what `printJoinToken` makes, for all that its checksum is right. */
function readBody(body: string): JoinToken | undefined {
  const pinEnd = 2 + (body.codePointAt(1) ?? 0);
  const secretEnd = pinEnd + 1 + (body.codePointAt(pinEnd) ?? 0);
  const [networkText = "", ...addressTexts] = body.slice(secretEnd).split(" ");
  const addresses = addressTexts.map(parseServerAddress).filter((each) => isRight(each));
  const pin = pinEnd === 2 ? undefined : parsePin(toBase64(body.slice(2, pinEnd)));
  const network = networkText === "" ? undefined : parseName(networkText);
  const isWhole =
    addresses.length === addressTexts.length &&
    addresses.length > 0 &&
    secretEnd - pinEnd > LEAST_SECRET_BYTES;
  if (!isWhole || !isRight(pin) || !isRight(network)) return undefined;
  const secret = toBase64(body.slice(pinEnd + 1, secretEnd));
  return {
    addresses,
    secret,
    ...(pin === undefined ? {} : { pin }),
    ...(network === undefined ? {} : { network }),
  };
}

function isRight<T>(parsed: T | Problem): parsed is T {
  return !(parsed instanceof Problem);
}

/** CRC-32 as of Ethernet and gzip (ITU-T V.42): it finds every error that lies within 32 bits. */
function checksumOf(bytes: string): string {
  let crc = 0xffff_ffff;
  for (const each of bytes) {
    crc ^= each.codePointAt(0) ?? 0;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
  }
  const places = [24, 16, 8, 0].map((shift) => (~crc >>> shift) & 0xff);
  return String.fromCodePoint(...places);
}

/** Bytes are letters up to U+00FF here, as `btoa` and `atob` have them, in browsers too. */
function toBase64(bytes: string): string {
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Undefined where `toBase64` would have written it otherwise. */
function fromBase64(text: string): string | undefined {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return toBase64(bytes) === text ? bytes : undefined;
}
