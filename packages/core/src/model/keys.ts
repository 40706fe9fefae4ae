/** WireGuard's keys as text, and the identity of a preshared key; nothing here knows a secret's use. */
import { say } from "../phrase.ts";
import type { Phrase } from "../phrase.ts";
import { Problem, quote } from "../problem.ts";

/** So long the keys of a handshake hold: an older one carries nothing any more (WireGuard, section 6.1, REJECT_AFTER_TIME). */
export const HANDSHAKE_SECONDS = 180;

/** 32 bytes in base64, 44 characters, as `wg pubkey` prints them. */
export type PublicKey = string & { readonly publicKey: unique symbol };
/** The same form; only renderers of files and the machine itself ever hold one. */
export type PrivateKey = string & { readonly privateKey: unique symbol };
/** The same form, shared by the two ends of one pair. */
export type PresharedKey = string & { readonly presharedKey: unique symbol };
/** Names a preshared key without revealing it: the pair's public keys, and how often it was rotated. */
export interface PresharedKeyId {
  /** The one that sorts first, so that both ends name the same key. */
  readonly low: PublicKey;
  readonly high: PublicKey;
  readonly epoch: number;
}

export function parsePublicKey(text: string): PublicKey | Problem {
  return isKey(text)
    ? (text as PublicKey)
    : keyProblem(say`cannot parse public key ${quote(text)}`);
}

/** The message does not repeat the text: it may be a secret with one letter missing. */
export function parsePrivateKey(text: string): PrivateKey | Problem {
  return isKey(text)
    ? (text as PrivateKey)
    : keyProblem(say`cannot parse private key of ${text.length} characters`);
}

/** The message does not repeat the text: it may be a secret with one letter missing. */
export function parsePresharedKey(text: string): PresharedKey | Problem {
  return isKey(text)
    ? (text as PresharedKey)
    : keyProblem(say`cannot parse preshared key of ${text.length} characters`);
}

/** The same id whichever end asks. */
export function presharedKeyId(one: PublicKey, other: PublicKey, epoch: number): PresharedKeyId {
  return one < other ? { low: one, high: other, epoch } : { low: other, high: one, epoch };
}

/**
 * 43 base64 digits and one `=`. The last digit carries 4 bits of the key and 2 unused ones, which
 * must be zero: `wg` refuses the text otherwise.
 */
function isKey(text: string): boolean {
  return /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(text);
}

function keyProblem(message: Phrase): Problem {
  return new Problem(
    message,
    say`a WireGuard key is 44 characters of base64 ending in =, as wg genkey and wg pubkey print it`,
  );
}
