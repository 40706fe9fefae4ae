/** Hashes of texts, as patches and credentials want them. */
import { hash, randomBytes } from "node:crypto";

/** The first 128 bits of SHA-256, as a whole number. */
export function digest(text: string): bigint {
  return BigInt(`0x${hash("sha256", text, "hex").slice(0, 32)}`);
}

/** What is kept of a secret that has 256 random bits: no salt and no slowness make that harder to guess. */
export function hashSecret(secret: string): string {
  return hash("sha256", secret, "base64url");
}

/** 256 random bits, in 43 characters that fit into a URL. */
export function makeSecret(): string {
  return randomBytes(32).toString("base64url");
}
