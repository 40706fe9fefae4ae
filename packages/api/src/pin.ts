/** Owns the pin of a server: the fingerprint of its certificate's key, by which whoever connects knows it for the right one. */
import { Problem, say } from "@warren/core";

/** `sha256:` and, in base64url, the SHA-256 of the certificate's public key (its SubjectPublicKeyInfo). */
export type Pin = string & { readonly pin: unique symbol };

/** 43 letters have two bits more than 256: in the last one these are 0. */
const PIN_FORM = /^(?:sha256:)?([\w-]{42}[AEIMQUYcgkosw048])$/;

/** The name of the hash may be missing; it keeps a pin that begins with a hyphen from looking like an option. */
export function parsePin(text: string): Pin | Problem {
  const [, hash] = PIN_FORM.exec(text) ?? [];
  if (hash !== undefined) return `sha256:${hash}` as Pin;
  return new Problem(
    say`cannot parse the fingerprint of a server: it is not sha256: with 43 letters behind it`,
    say`copy the whole of it, as the server prints it`,
  );
}
