/**
 * The record of what a mesh was given: addresses, public keys, epochs of preshared keys. It is
 * written beside the mesh, safe to publish, and read again so that nobody is ever renumbered.
 */
import { say } from "../phrase.ts";
import * as ranges from "../messages/ranges.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { Address } from "../ip/address.ts";
import { parseAddress, printAddress } from "../ip/address.ts";
import { parsePublicKey } from "./keys.ts";
import type { PublicKey } from "./keys.ts";
import type { Network, Node } from "./mesh.ts";
import { parseName } from "./names.ts";
import type { Name } from "./names.ts";
import { fields, flag, list, mapped, number, optional, record, required, text } from "./shape.ts";
import { Problem, quote } from "../problem.ts";

export interface Lock {
  readonly nodes: ReadonlyMap<Name, LockedNode>;
  /** The same for clients, one record a node that each enters through. Keys are made by entryId. */
  readonly entries: ReadonlyMap<EntryId, LockedNode>;
  /** How often a pair's preshared key was rotated; absent: never. Keys are made by pairName. */
  readonly presharedKeyEpochs: ReadonlyMap<PairName, number>;
  /** Pairs whose preshared key was given, not derived: nodes, or a client and a node it enters through. */
  readonly givenPresharedKeys: ReadonlySet<PairName>;
  /** Tells one network secret from another without revealing it. */
  readonly networkSecret?: string;
}

export interface LockedNode {
  readonly addresses: readonly Address[];
  readonly publicKey?: PublicKey;
  /** Its private key was made on its host and never left it. */
  readonly isKeyOnHost?: true;
  /** Its host is to make another. Until it has told that one, the old one stays in use. */
  readonly isKeyDue?: true;
}

/** The names of two nodes, or of a client and a node, the lower first, with a blank between. */
export type PairName = string & { readonly pairName: unique symbol };

/** A client's name and that of the node it enters through, with a blank between. */
export type EntryId = string & { readonly entryId: unique symbol };

export const EMPTY_LOCK: Lock = {
  nodes: new Map(),
  entries: new Map(),
  presharedKeyEpochs: new Map(),
  givenPresharedKeys: new Set(),
};

const LOCK_VERSION = 1;

const given = mapped(
  fields({
    addresses: required(list(text(parseAddress)), "Given out for life."),
    publicKey: optional(text(parsePublicKey), "Of its key."),
    keyOnHost: optional(flag(), "Its private key was made on its host."),
    keyDue: optional(flag(), "Its host is to make another."),
  }),
  ({ keyOnHost, keyDue, ...rest }): LockedNode => {
    // Of a key that nobody knows there is nothing to say.
    if (keyOnHost !== true || rest.publicKey === undefined) return rest;
    return { ...rest, isKeyOnHost: true, ...(keyDue === true ? { isKeyDue: true } : {}) };
  },
);

const lockShape = fields({
  version: required(number({ min: LOCK_VERSION, max: LOCK_VERSION }), "Of this form."),
  nodes: required(record(parseName, given), "What each node was given."),
  clients: optional(record(parseEntryId, given), "What each client was given, by its way in."),
  presharedKeyEpochs: optional(
    record(parsePairName, number({ min: 1, max: Number.MAX_SAFE_INTEGER })),
    "Pairs whose preshared key was rotated.",
  ),
  givenPresharedKeys: optional(
    list(text(parsePairName)),
    "Pairs whose preshared key is in the keys folder.",
  ),
  networkSecret: optional(text(parseFingerprint), "Fingerprint of the network secret."),
});

type WrittenLock = NonNullable<ReturnType<typeof lockShape.read>>;

export function entryId(client: Name, via: Name): EntryId {
  return `${client} ${via}` as EntryId;
}

export function pairName(one: Name, other: Name): PairName {
  return (one < other ? `${one} ${other}` : `${other} ${one}`) as PairName;
}

/** Whether the two share a preshared key: all pairs do, or only those that were given one. */
export function hasPresharedKey(
  { presharedKeys }: Network,
  { givenPresharedKeys: given }: Pick<Lock, "givenPresharedKeys">,
  one: Name,
  other: Name,
): boolean {
  // A million pairs are asked about, and most meshes were given none.
  return presharedKeys || (given.size > 0 && given.has(pairName(one, other)));
}

/**
 * The nodes as the document would have them if it said which keys are on their hosts: whoever reads
 * that a node's public key is written down knows that its private key is elsewhere.
 */
export function withKeysOnHosts(nodes: readonly Node[], { nodes: locked }: Lock): readonly Node[] {
  return nodes.map((node) => {
    const { isKeyOnHost, publicKey } = locked.get(node.name) ?? {};
    if (node.publicKey !== undefined || isKeyOnHost !== true || publicKey === undefined)
      return node;
    return { ...node, publicKey };
  });
}

/** The two names that pairName put together. */
export function namesOf(pair: PairName): readonly [Name, Name] {
  const [one = "", other = ""] = pair.split(" ");
  return [one as Name, other as Name];
}

/** Reads what printLock wrote (after a JSON reader), or says in `diagnostics` what is wrong with it. */
export function parseLock(document: unknown, diagnostics: Diagnostics): Lock | undefined {
  const written = lockShape.read(document, [], diagnostics);
  if (written !== undefined) checkAddresses(written, diagnostics);
  if (written === undefined || diagnostics.hasErrors) return undefined;
  const { nodes, clients = [], presharedKeyEpochs = [], networkSecret } = written;
  const { givenPresharedKeys = [] } = written;
  return {
    nodes: new Map(nodes),
    entries: new Map(clients),
    presharedKeyEpochs: new Map(presharedKeyEpochs),
    givenPresharedKeys: new Set(givenPresharedKeys),
    ...(networkSecret === undefined ? {} : { networkSecret }),
  };
}

/** Two branches can give one address to two, and version control merges their lines without a word. */
function checkAddresses({ nodes, clients = [] }: WrittenLock, diagnostics: Diagnostics): void {
  const owners = new Map<string, string>();
  const records = [
    ...nodes.map(([name, { addresses }]) => ({ path: ["nodes", name], name, addresses })),
    ...clients.map(([name, { addresses }]) => ({ path: ["clients", name], name, addresses })),
  ];
  for (const { path, name, addresses } of records) {
    for (const [at, address] of addresses.entries()) {
      const text = printAddress(address);
      const owner = owners.get(text);
      const place = [...path, "addresses", at];
      if (owner !== undefined) diagnostics.add(ranges.addressTaken(place, text, owner));
      else owners.set(text, name);
    }
  }
}

/** JSON, one line a node or way in of a client, sorted, so that version control merges it well. */
export function printLock(lock: Lock): string {
  const epochs = sorted(lock.presharedKeyEpochs).map(
    ([pair, epoch]) => `    ${JSON.stringify(pair)}: ${epoch}`,
  );
  const secret =
    lock.networkSecret === undefined
      ? []
      : [`  "networkSecret": ${JSON.stringify(lock.networkSecret)}`];
  const clients =
    lock.entries.size === 0 ? [] : [`  "clients": ${printBlock(printRecords(lock.entries))}`];
  const given = [...lock.givenPresharedKeys].sort().map((pair) => `    ${JSON.stringify(pair)}`);
  const parts = [
    `  "version": ${LOCK_VERSION}`,
    ...secret,
    `  "nodes": ${printBlock(printRecords(lock.nodes))}`,
    ...clients,
    `  "presharedKeyEpochs": ${printBlock(epochs)}`,
    ...(given.length === 0 ? [] : [`  "givenPresharedKeys": [\n${given.join(",\n")}\n  ]`]),
  ];
  return `{\n${parts.join(",\n")}\n}\n`;
}

function printRecords(records: ReadonlyMap<string, LockedNode>): readonly string[] {
  return sorted(records).map(([name, { addresses, publicKey, isKeyOnHost, isKeyDue }]) => {
    const marks = { keyOnHost: isKeyOnHost, keyDue: isKeyDue };
    const record = { addresses: addresses.map(printAddress), publicKey, ...marks };
    return `    ${JSON.stringify(name)}: ${JSON.stringify(record)}`;
  });
}

function printBlock(lines: readonly string[]): string {
  return lines.length === 0 ? "{}" : `{\n${lines.join(",\n")}\n  }`;
}

function sorted<K extends string, V>(map: ReadonlyMap<K, V>): [K, V][] {
  return [...map].sort(([one], [other]) => (one < other ? -1 : 1));
}

function parsePairName(text: string): PairName | Problem {
  const [one, other] = twoNames(text);
  if (one !== undefined && other !== undefined && one < other) return pairName(one, other);
  return new Problem(
    say`cannot parse pair ${quote(text)}`,
    say`write two node names, the lower first`,
  );
}

function parseEntryId(text: string): EntryId | Problem {
  const [client, via] = twoNames(text);
  if (client !== undefined && via !== undefined) return entryId(client, via);
  const fix = say`write a client's name and that of the node it enters through`;
  return new Problem(say`cannot parse way in ${quote(text)}`, fix);
}

/** Nothing where there is anything else. */
function twoNames(text: string): readonly Name[] {
  const names = text
    .split(" ")
    .map(parseName)
    .filter((name) => typeof name === "string");
  return names.length === 2 && names.join(" ") === text ? names : [];
}

function parseFingerprint(text: string): string | Problem {
  if (/^[A-Za-z0-9+/]{43}=$/.test(text)) return text;
  return new Problem(
    say`cannot parse fingerprint ${quote(text)}`,
    say`restore the lock from its backup`,
  );
}
