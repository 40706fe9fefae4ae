/** Reads the values of wg's keys, wherever they stand, and says what is wrong or odd with them. */
import type { Finding, Place } from "../finding.ts";
import { printAddress } from "../ip/address.ts";
import { parseEndpoint, printEndpoint } from "../ip/endpoint.ts";
import type { Endpoint } from "../ip/endpoint.ts";
import { linkOf } from "../ip/interface-address.ts";
import type { InterfaceAddress } from "../ip/interface-address.ts";
import { hostPrefix, printPrefix } from "../ip/prefix.ts";
import * as messages from "../messages/foreign-wg.ts";
import { parsePresharedKey, parsePrivateKey, parsePublicKey } from "../model/keys.ts";
import type { PresharedKey, PrivateKey, PublicKey } from "../model/keys.ts";
import { Problem } from "../problem.ts";
import type { Placed } from "./foreign.ts";
import {
  readAllowedIp,
  readFwmark,
  readHost,
  readKeepalive,
  readPort,
  splitHostPort,
} from "./wg-values.ts";

/** A key, spelt as wg and wg-quick do, and its value, without white space where it is for wg. */
export interface Field {
  readonly key: string;
  readonly value: string;
  /** Of the key. */
  readonly place: Place;
  readonly valuePlace: Place;
  /** Where this position of the value is. */
  readonly at: (offset: number) => Place;
}

export interface Findings {
  readonly findings: Finding[];
}

/** Its port is 0, where wg takes that. */
export type WgEndpoint = Required<Endpoint>;

export interface WgInterface {
  readonly privateKey?: Placed<PrivateKey>;
  /** 0: any. */
  readonly listenPort?: Placed<number>;
  /** 0: none. */
  readonly fwmark?: Placed<number>;
}

export interface WgPeer {
  readonly place: Place;
  /** From a comment. */
  readonly name?: string;
  readonly publicKey?: Placed<PublicKey>;
  readonly presharedKey?: Placed<PresharedKey>;
  /** As written, with host bits. */
  readonly allowedIps: readonly Placed<InterfaceAddress>[];
  readonly endpoint?: Placed<WgEndpoint>;
  readonly keepaliveSeconds?: Placed<number>;
}

/** Of several fields with one key the last one counts. */
export function readInterfaceFields(fields: readonly Field[], context: Findings): WgInterface {
  const read = createReader(fields, context);
  return {
    ...optional("privateKey", read("PrivateKey", readKey(parsePrivateKey))),
    ...optional("listenPort", read("ListenPort", readPlainPort)),
    ...optional("fwmark", read("FwMark", readOr(readFwmark, messages.badFwmark))),
  };
}

/** The same; AllowedIPs add up. */
export function readPeerFields(fields: readonly Field[], context: Findings): Omit<WgPeer, "place"> {
  const read = createReader(fields, context);
  const lists = fields.filter(({ key }) => key === "AllowedIPs");
  return {
    ...optional("publicKey", read("PublicKey", readKey(parsePublicKey))),
    ...optional("presharedKey", read("PresharedKey", readKey(parsePresharedKey))),
    allowedIps: lists.flatMap((field) => readAllowedIps(field, context)),
    ...optional("endpoint", read("Endpoint", readEndpoint)),
    ...optional(
      "keepaliveSeconds",
      read("PersistentKeepalive", readOr(readKeepalive, messages.badKeepalive)),
    ),
  };
}

/** A field of an object that is left out where there is no value. */
export function optional<Key extends string, T>(
  key: Key,
  value: T | undefined,
): { readonly [K in Key]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]?: T });
}

/** How wg writes that there is none. */
export function isZeroKey(key: string): boolean {
  return /^A+=$/.test(key);
}

type ReadField<T> = (field: Field, context: Findings) => T | undefined;

/** All are read, so that each is judged; the last that makes sense is taken. */
function createReader(
  fields: readonly Field[],
  context: Findings,
): <T>(key: string, read: ReadField<T>) => Placed<T> | undefined {
  return <T>(key: string, read: ReadField<T>): Placed<T> | undefined => {
    let last: Placed<T> | undefined;
    for (const field of fields) {
      if (field.key !== key) continue;
      const value = read(field, context);
      if (value !== undefined) last = { value, place: field.valuePlace };
    }
    return last;
  };
}

/** A value that wg reads in one way, or refuses. */
function readOr<T>(
  parse: (text: string) => T | undefined,
  refuse: (place: Place, text: string) => Finding,
): ReadField<T> {
  return ({ value, valuePlace }, { findings }) => {
    const read = parse(value);
    if (read === undefined) findings.push(refuse(valuePlace, value));
    return read;
  };
}

export function readKey<Key extends string>(
  parse: (text: string) => Key | Problem,
): ReadField<Key> {
  return ({ key, value, valuePlace }, { findings }) => {
    const parsed = parse(value);
    if (parsed instanceof Problem) {
      findings.push(messages.badKey(valuePlace, key, value.length));
      return undefined;
    }
    if (isZeroKey(parsed)) findings.push(messages.zeroKey(valuePlace, key));
    return parsed;
  };
}

function readPlainPort(field: Field, context: Findings): number | undefined {
  return readPortOf(field, field.value, context);
}

function readPortOf(
  { key, valuePlace: place }: Field,
  text: string,
  { findings }: Findings,
): number | undefined {
  const read = readPort(text);
  if (read === "bad") findings.push(messages.badPort(place, key, text));
  else if (read === "name") findings.push(messages.portName(place, key, text));
  else {
    // A port that nobody has is told where it stands.
    const isDialled = key === "Endpoint";
    if (!read.isPlain && !(isDialled && read.port === 0))
      findings.push(messages.oddPort(place, text, read.port));
    return read.port;
  }
  return undefined;
}

function readAllowedIps(
  { value, at }: Field,
  { findings }: Findings,
): readonly Placed<InterfaceAddress>[] {
  const read: Placed<InterfaceAddress>[] = [];
  let offset = 0;
  for (const text of value.split(",")) {
    const place = at(offset);
    offset += text.length + 1;
    const unsigned = text.replace(/^[+-]/, "");
    const range = readAllowedIp(unsigned);
    if (range === undefined) findings.push(messages.badAllowedIp(place, text));
    else if (text !== unsigned) findings.push(messages.signedAllowedIp(place, text));
    if (range === undefined || text.startsWith("-")) continue;
    const network = linkOf(range);
    if (network.bits !== range.address.bits) {
      const host = printPrefix(hostPrefix(range.address));
      findings.push(messages.hostBits(place, text, printPrefix(network), host));
    }
    read.push({ value: range, place });
  }
  return read;
}

function readEndpoint(entry: Field, context: Findings): WgEndpoint | undefined {
  const { value: text, valuePlace: place } = entry;
  const { findings } = context;
  const parts = splitHostPort(text);
  const host = parts === undefined ? undefined : readHost(parts.host);
  if (parts === undefined || host === undefined || host.kind === "bad") {
    findings.push(messages.badEndpoint(place, text));
    return undefined;
  }
  const port = parts.port === "*" ? 0 : readPortOf(entry, parts.port, context);
  if (port === 0) findings.push(messages.portZero(place, text));
  if (host.kind === "zone") findings.push(messages.endpointZone(place, text));
  if (port === undefined || host.kind === "zone") return undefined;
  if (host.kind === "name") {
    const name = parseEndpoint(host.name);
    if (!(name instanceof Problem) && typeof name.host === "string")
      return { host: name.host, port };
    findings.push(messages.badHost(place, host.name));
    return undefined;
  }
  const read = { host: host.address, port };
  if (!host.isPlain) {
    findings.push(messages.shortAddress(place, text, printEndpoint(read)));
  } else if (host.address.family === 6 && !text.startsWith("[")) {
    findings.push(messages.noBrackets(place, text, `[${printAddress(host.address)}]:${port}`));
  }
  return read;
}
