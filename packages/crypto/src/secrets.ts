/** WireGuard keys from the machine's own cryptography: made, turned into public keys, derived per pair. */
import { createPrivateKey, createPublicKey, hash, randomBytes } from "node:crypto";
import { parsePresharedKey, parsePrivateKey, parsePublicKey, Problem } from "@warren/core";
import type { PresharedKey, PresharedKeyId, PrivateKey, PublicKey } from "@warren/core";

/** What stands before the 32 bytes of an X25519 key in PKCS #8 (RFC 8410). */
const PKCS8_HEAD = Buffer.from("302e020100300506032b656e04220420", "hex");

/** 32 random bytes, clamped as `wg genkey` does it. */
export function makePrivateKey(): PrivateKey {
  const bytes = randomBytes(32);
  bytes[0] = (bytes[0] ?? 0) & 248;
  bytes[31] = ((bytes[31] ?? 0) & 127) | 64;
  return known(parsePrivateKey(bytes.toString("base64")));
}

/** 32 random bytes, as `wg genpsk` makes them. */
export function makePresharedKey(): PresharedKey {
  return known(parsePresharedKey(randomBytes(32).toString("base64")));
}

/** What `wg pubkey` says. */
export function publicKeyOf(privateKey: PrivateKey): PublicKey {
  const der = Buffer.concat([PKCS8_HEAD, Buffer.from(privateKey, "base64")]);
  const key = createPublicKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
  const bytes = key.export({ format: "der", type: "spki" }).subarray(-32);
  return known(parsePublicKey(bytes.toString("base64")));
}

/** 32 random bytes in base64, from which a mesh's preshared keys are derived. */
export function makeNetworkSecret(): string {
  return randomBytes(32).toString("base64");
}

/** Tells one network secret from another without revealing it. */
export function fingerprintOf(networkSecret: string): string {
  return createDeriver(networkSecret)("warren network secret");
}

/** The preshared key of an id, derived from the network secret for its two public keys and epoch. */
export function createPresharedKeys(networkSecret: string): (id: PresharedKeyId) => PresharedKey {
  const derive = createDeriver(networkSecret);
  return ({ low, high, epoch }) => derive(low, high, String(epoch)) as PresharedKey;
}

/** A key that nobody has: it stands for one that is not made yet, and is the same every time. */
export function placeholderKey(name: string): PublicKey {
  return known(parsePublicKey(hash("sha256", `no key yet: ${name}`, "base64")));
}

/**
 * One-step key derivation (NIST SP 800-56C rev. 2, section 4.1, with SHA-256): the hash of a counter,
 * which is 1, the secret, and what the key is for, in base64. One hash over a prepared buffer: a mesh
 * of 1,000 nodes asks a million times.
 */
function createDeriver(secret: string): (...info: readonly string[]) => string {
  const input = Buffer.alloc(256);
  const infoAt = input.writeUInt32BE(1) + input.write(secret, 4, "base64");
  return (...info) => {
    let end = infoAt;
    for (const text of info) end += input.write(text, end, "latin1");
    if (end === input.length) throw new Error("too much to derive from");
    return hash("sha256", input.subarray(0, end), "base64");
  };
}

function known<T>(parsed: T | Problem): T {
  if (parsed instanceof Problem) throw new Error(String(parsed));
  return parsed;
}
