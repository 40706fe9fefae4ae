/** WireGuard keys from the machine's own cryptography: made, turned into public keys, derived per pair. */
import { createPrivateKey, createPublicKey, hash, randomBytes } from "node:crypto";
import { parsePrivateKey, parsePublicKey, Problem } from "@warren/core";
import type { PresharedKey, PresharedKeyId, PrivateKey, PublicKey } from "@warren/core";

/** What stands before the 32 bytes of an X25519 key in PKCS #8 (RFC 8410). */
const PKCS8_HEAD = Buffer.from("302e020100300506032b656e04220420", "hex");
/** Bytes that SHA-256 takes in at once, and that HMAC pads its key to (RFC 2104). */
const BLOCK = 64;

/** 32 random bytes, clamped as `wg genkey` does it. */
export function makePrivateKey(): PrivateKey {
  const bytes = randomBytes(32);
  bytes[0] = (bytes[0] ?? 0) & 248;
  bytes[31] = ((bytes[31] ?? 0) & 127) | 64;
  return known(parsePrivateKey(bytes.toString("base64")));
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

/** The preshared key of an id: HMAC-SHA-256 of its keys and epoch under the network secret. */
export function createPresharedKeys(networkSecret: string): (id: PresharedKeyId) => PresharedKey {
  const derive = createDeriver(networkSecret);
  return ({ low, high, epoch }) => derive(low, high, String(epoch)) as PresharedKey;
}

/** A key that nobody has: it stands for one that is not made yet, and is the same every time. */
export function placeholderKey(name: string): PublicKey {
  return known(parsePublicKey(hash("sha256", `no key yet: ${name}`, "base64")));
}

/**
 * HMAC-SHA-256 (RFC 2104) of short ASCII texts, one after the other, under one key, in base64. Two one-shot hashes over
 * prepared buffers: a mesh of 1,000 nodes asks a million times, and createHmac takes ten times as long.
 */
function createDeriver(secret: string): (...texts: readonly string[]) => string {
  const key = Buffer.from(secret, "base64");
  const inner = Buffer.alloc(BLOCK + 4 * BLOCK, 0x36);
  const outer = Buffer.alloc(BLOCK + 32, 0x5c);
  for (const [at, byte] of key.entries()) {
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
  return (...texts) => {
    let end = BLOCK;
    for (const text of texts) end += inner.write(text, end, "latin1");
    if (end === inner.length) throw new Error("too long to derive from");
    outer.write(hash("sha256", inner.subarray(0, end), "binary"), BLOCK, "latin1");
    return hash("sha256", outer, "base64");
  };
}

function known<T>(parsed: T | Problem): T {
  if (parsed instanceof Problem) throw new Error(parsed.message);
  return parsed;
}
