/** The keys folder beside a mesh: private keys of nodes and some clients, and the network secret, 0600 in 0700. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import {
  entrancesOf,
  entryId,
  keyMessages,
  namesOf,
  pairName,
  parsePrivateKey,
} from "@warren/core";
import { presharedKeyId, presharedMessages, Problem } from "@warren/core";
import type { Diagnostics, Entrance, EntryId, Lock, Mesh, Name, PairName } from "@warren/core";
import type { Path, PresharedKey, PresharedKeyId, PrivateKey, PublicKey } from "@warren/core";
import type { Secrets } from "@warren/core";
import { readTextIfThere } from "../files/file-text.ts";
import { givenKeysFile, printGivenKeys, readGivenKeys } from "./given-keys.ts";
import type { GivenKeys } from "./given-keys.ts";
import {
  createPresharedKeys,
  fingerprintOf,
  makeNetworkSecret,
  makePresharedKey,
} from "@warren/crypto";
import { makePrivateKey, placeholderKey, publicKeyOf } from "@warren/crypto";
import { checkShownKeys } from "./shown-keys.ts";

export interface KeyRing {
  readonly publicKeys: ReadonlyMap<Name, PublicKey>;
  /** Clients' keys; what is missing here is not made yet. */
  readonly entryKeys: ReadonlyMap<EntryId, PublicKey>;
  /** Ways in of clients whose private key is in the folder. */
  readonly kept: ReadonlySet<EntryId>;
  /** By the names of devices: of nodes, and of clients' ways in. */
  readonly privateKeys: ReadonlyMap<Name, PrivateKey>;
  /** Nodes whose key is made by the next command that writes; their public keys are placeholders. */
  readonly missing: ReadonlySet<Name>;
  readonly networkSecret?: string;
  /** Stands for the network secret where its file was not read: the lock's fingerprint of it. */
  readonly secretName: string;
  /** Preshared keys that were given, as far as their file was read. */
  readonly given: GivenKeys;
  /** Files that are not there yet, or have another text. */
  readonly fresh: readonly { readonly name: string; readonly text: string }[];
}

export interface KeyWish {
  readonly folder: string;
  readonly need: KeyNeed;
  readonly client?: ClientWish;
}

/** Keys to be made for a client, where nobody has one yet. */
export interface ClientWish {
  readonly name: string;
  /** Through this node only; absent: through all of its own. */
  readonly via?: string;
  /** Also where there is a key already. */
  readonly isNew: boolean;
  /** In the folder, too; else their only place is the device that is shown them. */
  readonly isKept: boolean;
}

/**
 * public: the lock's word is enough; files are only compared with keys that the mesh file has. private: the files are read. make: those that nobody has are
 * made too, in memory, for the command to write. host: the same, but for nodes' keys, which their hosts make.
 */
export type KeyNeed = "public" | "private" | "make" | "host";

const SECRET_FILE = "network.secret";

export function readKeyRing(
  mesh: Mesh,
  lock: Lock,
  wish: KeyWish,
  diagnostics: Diagnostics,
): KeyRing {
  const { folder, need } = wish;
  const publicKeys = new Map<Name, PublicKey>();
  const privateKeys = new Map<Name, PrivateKey>();
  const missing = new Set<Name>();
  const fresh: { name: string; text: string }[] = [];
  for (const node of mesh.nodes) {
    const recorded = lock.nodes.get(node.name)?.publicKey;
    const known = node.publicKey ?? (need === "public" ? recorded : undefined);
    const privateKey =
      known === undefined
        ? readPrivateKey(
            folder,
            { place: ["nodes", node.name], file: keyFile(node.name) },
            diagnostics,
          )
        : undefined;
    if (known !== undefined) publicKeys.set(node.name, known);
    else if (privateKey !== undefined) {
      publicKeys.set(node.name, publicKeyOf(privateKey));
      privateKeys.set(node.name, privateKey);
    } else if (recorded !== undefined) {
      diagnostics.add(keyMessages.keyMissing(node.name, join(folder, keyFile(node.name))));
    } else if (need === "make") {
      const made = makePrivateKey();
      fresh.push({ name: keyFile(node.name), text: `${made}\n` });
      publicKeys.set(node.name, publicKeyOf(made));
      privateKeys.set(node.name, made);
    } else {
      missing.add(node.name);
      publicKeys.set(node.name, placeholderKey(node.name));
    }
  }
  const clients = readClientKeys(mesh, lock, wish, diagnostics);
  for (const [name, key] of clients.privateKeys) privateKeys.set(name, key);
  fresh.push(...clients.fresh);
  checkShownKeys(mesh, folder, diagnostics);
  reportShared(mesh, { publicKeys, entryKeys: clients.entryKeys }, diagnostics);
  const given = readGiven(mesh, lock, { folder, need, renewed: clients.renewed }, diagnostics);
  if (clients.renewed.some((pair) => given.has(pair))) {
    fresh.push({ name: basename(givenKeysFile(folder)), text: printGivenKeys(given) });
  }
  const networkSecret = readNetworkSecret(folder, lock, need, diagnostics);
  const isMaking = need === "make" || need === "host";
  if (isMaking && networkSecret !== undefined && !existsSync(join(folder, SECRET_FILE))) {
    fresh.push({ name: SECRET_FILE, text: `${networkSecret}\n` });
  }
  return {
    publicKeys,
    privateKeys,
    entryKeys: clients.entryKeys,
    kept: clients.kept,
    missing,
    given,
    fresh,
    secretName: lock.networkSecret ?? "",
    ...(networkSecret === undefined ? {} : { networkSecret }),
  };
}

interface ClientKeys extends Pick<KeyRing, "entryKeys" | "kept" | "privateKeys" | "fresh"> {
  /** Ways in whose key is another now: so must be their preshared key. */
  readonly renewed: readonly PairName[];
}

/** Unlike a node's, a client's key is made only when it is wished for, and kept only when that is. */
function readClientKeys(
  mesh: Mesh,
  lock: Lock,
  { folder, need, client: wish }: KeyWish,
  diagnostics: Diagnostics,
): ClientKeys {
  const entryKeys = new Map<EntryId, PublicKey>();
  const privateKeys = new Map<Name, PrivateKey>();
  const kept = new Set<EntryId>();
  const fresh: { name: string; text: string }[] = [];
  const renewed: PairName[] = [];
  for (const entrance of entrancesOf(mesh)) {
    const { id, name, client, via } = entrance;
    const file = entryKeyFile(entrance);
    const recorded = lock.entries.get(id)?.publicKey;
    const place = ["clients", client.name];
    const isWished = client.name === wish?.name && (wish.via ?? via) === via;
    const isThere = client.publicKey === undefined && existsSync(join(folder, file));
    if (isThere) kept.add(id);
    const isRead = isThere && need !== "public" && !(isWished && wish.isNew);
    const own = isRead ? readPrivateKey(folder, { place, file }, diagnostics) : undefined;
    const isMade = isWished && own === undefined && (wish.isNew || recorded === undefined);
    const privateKey = isMade ? makePrivateKey() : own;
    const publicKey =
      client.publicKey ?? (privateKey === undefined ? recorded : publicKeyOf(privateKey));
    // An old key that came back would take the place of the one that the device has.
    if (own !== undefined && recorded !== undefined && publicKeyOf(own) !== recorded) {
      diagnostics.add(keyMessages.keyRetired(place, join(folder, file)));
    }
    if (publicKey !== undefined) entryKeys.set(id, publicKey);
    if (privateKey !== undefined) privateKeys.set(name, privateKey);
    if (isMade && recorded !== undefined) renewed.push(pairName(client.name, via));
    if (isMade && wish.isKept) fresh.push({ name: file, text: `${privateKey}\n` });
  }
  return { entryKeys, kept, privateKeys, fresh, renewed };
}

interface GivenWish {
  readonly folder: string;
  readonly need: KeyNeed;
  readonly renewed: readonly PairName[];
}

/** The file's word counts, and the lock's is the record of it: as with private keys. */
function readGiven(
  mesh: Mesh,
  lock: Lock,
  { folder, need, renewed }: GivenWish,
  diagnostics: Diagnostics,
): GivenKeys {
  if (need === "public") return new Map();
  const keys = readGivenKeys(folder);
  const file = givenKeysFile(folder);
  if (keys instanceof Problem) {
    diagnostics.add(presharedMessages.presharedKeysUnreadable(file, keys));
    return new Map();
  }
  const known = new Set<Name>([...mesh.nodes, ...mesh.clients].map(({ name }) => name));
  for (const pair of lock.givenPresharedKeys) {
    const [one, other] = namesOf(pair);
    if (keys.has(pair) || !known.has(one) || !known.has(other)) continue;
    diagnostics.add(presharedMessages.presharedKeyMissing(one, other, file));
  }
  return new Map([...keys, ...renewedKeys(keys, renewed)]);
}

function renewedKeys(keys: GivenKeys, renewed: readonly PairName[]): GivenKeys {
  return new Map(
    renewed.filter((pair) => keys.has(pair)).map((pair) => [pair, makePresharedKey()]),
  );
}

/**
 * What renderers ask for. Where the network secret was not read, a preshared key is a name of it:
 * to be compared, never to be written.
 */
export function createSecrets(keys: KeyRing): Secrets {
  const { privateKeys, networkSecret, secretName } = keys;
  const derive =
    networkSecret === undefined
      ? ({ low, high, epoch }: PresharedKeyId) =>
          `(${secretName} ${low} ${high} ${epoch})` as PresharedKey
      : createPresharedKeys(networkSecret);
  const given = givenByKeys(keys);
  return {
    privateKey: (name) => privateKeys.get(name),
    presharedKey:
      given.size === 0 ? derive : (id) => given.get(`${id.low} ${id.high}`) ?? derive(id),
  };
}

/** Preshared keys that were given, by the public keys of their pairs, the lower first. */
function givenByKeys({ given, publicKeys, entryKeys }: KeyRing): ReadonlyMap<string, PresharedKey> {
  const byKeys = new Map<string, PresharedKey>();
  for (const [pair, key] of given) {
    const [one, other] = namesOf(pair);
    // One of the two may be a client: its key is that of its way in through the other.
    const first = publicKeys.get(one) ?? entryKeys.get(entryId(one, other));
    const second = publicKeys.get(other) ?? entryKeys.get(entryId(other, one));
    if (first === undefined || second === undefined) continue;
    const { low, high } = presharedKeyId(first, second, 0);
    byKeys.set(`${low} ${high}`, key);
  }
  return byKeys;
}

/** The name of a node's private key in the folder. */
export function keyFile(name: Name): string {
  return `${name}.key`;
}

/** The name of a client's private key in the folder, which it keeps when the client gets more ways in. */
export function entryKeyFile({ client, via }: Entrance): string {
  return `${client.name}.${via}.key`;
}

function readPrivateKey(
  folder: string,
  { place, file: name }: { readonly place: Path; readonly file: string },
  diagnostics: Diagnostics,
): PrivateKey | undefined {
  const file = join(folder, name);
  const text = readTextIfThere(file)?.trim();
  if (text === undefined) return undefined;
  const key = parsePrivateKey(text);
  if (!(key instanceof Problem)) return key;
  diagnostics.add(keyMessages.keyUnreadable(place, file, key));
  // Whatever is computed with it is not used: the diagnostic is an error.
  return makePrivateKey();
}

function readNetworkSecret(
  folder: string,
  lock: Lock,
  need: KeyNeed,
  diagnostics: Diagnostics,
): string | undefined {
  if (need === "public") return undefined;
  const file = join(folder, SECRET_FILE);
  const text = readTextIfThere(file)?.trim();
  if (text === undefined) {
    if (lock.networkSecret !== undefined) diagnostics.add(keyMessages.networkSecretMissing(file));
    return need === "make" || need === "host" ? makeNetworkSecret() : undefined;
  }
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text))
    diagnostics.add(keyMessages.networkSecretUnreadable(file));
  else if (lock.networkSecret !== undefined && lock.networkSecret !== fingerprintOf(text)) {
    diagnostics.add(keyMessages.networkSecretDiffers(file));
  }
  return text;
}

/** One key at several ways in of one client is its own business. */
function reportShared(
  mesh: Mesh,
  { publicKeys, entryKeys }: Pick<KeyRing, "publicKeys" | "entryKeys">,
  diagnostics: Diagnostics,
): void {
  const owners = new Map<PublicKey, Name>();
  const claim = (kind: string, name: Name, key: PublicKey | undefined): void => {
    const owner = key === undefined ? undefined : owners.get(key);
    if (owner !== undefined && owner !== name) {
      diagnostics.add(keyMessages.publicKeyTaken([kind, name], owner));
    } else if (key !== undefined) owners.set(key, name);
  };
  for (const { name } of mesh.nodes) claim("nodes", name, publicKeys.get(name));
  for (const { id, client } of entrancesOf(mesh)) {
    claim("clients", client.name, entryKeys.get(id));
  }
}
