/** The keys folder beside a mesh: one private key a node and the network secret, 0600 in 0700. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { keyMessages, parsePrivateKey, Problem } from "@warren/core";
import type { Diagnostics, Lock, Mesh, Name, Node } from "@warren/core";
import type { PresharedKey, PrivateKey, PublicKey, Secrets } from "@warren/core";
import { readTextIfThere } from "./file-text.ts";
import { createPresharedKeys, fingerprintOf, makeNetworkSecret } from "./secrets.ts";
import { makePrivateKey, placeholderKey, publicKeyOf } from "./secrets.ts";

export interface KeyRing {
  readonly publicKeys: ReadonlyMap<Name, PublicKey>;
  readonly privateKeys: ReadonlyMap<Name, PrivateKey>;
  /** Nodes whose key is made by the next command that writes; their public keys are placeholders. */
  readonly missing: ReadonlySet<Name>;
  readonly networkSecret?: string;
  /** Stands for the network secret where its file was not read: the lock's fingerprint of it. */
  readonly secretName: string;
  /** Files that are not there yet. */
  readonly fresh: readonly { readonly name: string; readonly text: string }[];
}

export interface KeyWish {
  readonly folder: string;
  readonly need: KeyNeed;
}

/**
 * public: the lock's word is enough. private: the files are read. make: those that nobody has are
 * made too, in memory, for the command to write.
 */
export type KeyNeed = "public" | "private" | "make";

const SECRET_FILE = "network.secret";

export function readKeyRing(
  mesh: Mesh,
  lock: Lock,
  { folder, need }: KeyWish,
  diagnostics: Diagnostics,
): KeyRing {
  const publicKeys = new Map<Name, PublicKey>();
  const privateKeys = new Map<Name, PrivateKey>();
  const missing = new Set<Name>();
  const fresh: { name: string; text: string }[] = [];
  for (const node of mesh.nodes) {
    const recorded = lock.nodes.get(node.name)?.publicKey;
    const known = node.publicKey ?? (need === "public" ? recorded : undefined);
    const privateKey = known === undefined ? readPrivateKey(folder, node, diagnostics) : undefined;
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
  reportShared(mesh, publicKeys, diagnostics);
  const networkSecret = readNetworkSecret(folder, lock, need, diagnostics);
  if (need === "make" && networkSecret !== undefined && !existsSync(join(folder, SECRET_FILE))) {
    fresh.push({ name: SECRET_FILE, text: `${networkSecret}\n` });
  }
  return {
    publicKeys,
    privateKeys,
    missing,
    fresh,
    secretName: lock.networkSecret ?? "",
    ...(networkSecret === undefined ? {} : { networkSecret }),
  };
}

/**
 * What renderers ask for. Where the network secret was not read, a preshared key is a name of it:
 * to be compared, never to be written.
 */
export function createSecrets({ privateKeys, networkSecret, secretName }: KeyRing): Secrets {
  return {
    privateKey: (name) => privateKeys.get(name),
    presharedKey:
      networkSecret === undefined
        ? ({ low, high, epoch }) => `(${secretName} ${low} ${high} ${epoch})` as PresharedKey
        : createPresharedKeys(networkSecret),
  };
}

/** The name of a node's private key in the folder. */
export function keyFile(name: Name): string {
  return `${name}.key`;
}

function readPrivateKey(
  folder: string,
  { name }: Node,
  diagnostics: Diagnostics,
): PrivateKey | undefined {
  const file = join(folder, keyFile(name));
  const text = readTextIfThere(file)?.trim();
  if (text === undefined) return undefined;
  const key = parsePrivateKey(text);
  if (!(key instanceof Problem)) return key;
  diagnostics.add(keyMessages.keyUnreadable(name, file, key));
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
    return need === "make" ? makeNetworkSecret() : undefined;
  }
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text))
    diagnostics.add(keyMessages.networkSecretUnreadable(file));
  else if (lock.networkSecret !== undefined && lock.networkSecret !== fingerprintOf(text)) {
    diagnostics.add(keyMessages.networkSecretDiffers(file));
  }
  return text;
}

function reportShared(
  mesh: Mesh,
  publicKeys: ReadonlyMap<Name, PublicKey>,
  diagnostics: Diagnostics,
): void {
  const owners = new Map<PublicKey, Name>();
  for (const { name } of mesh.nodes) {
    const key = publicKeys.get(name);
    const owner = key === undefined ? undefined : owners.get(key);
    if (owner !== undefined) diagnostics.add(keyMessages.publicKeyTaken(["nodes", name], owner));
    else if (key !== undefined) owners.set(key, name);
  }
}
