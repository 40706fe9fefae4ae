/**
 * Owns the credential of a node, by which its server knows it. The host itself makes it, before it asks to
 * join: whoever asks once more, because he has heard no answer, is the same.
 */
import { Problem, say } from "@warren/core";

/** So that people and scanners of leaked text know what they see. */
export const NODE_CREDENTIAL_PREFIX = "wrc_";

/** Its own words: what it says is nobody's business. */
export function parseNodeCredential(text: string): string | Problem {
  if (/^wrc_[\w-]{43,190}$/.test(text)) return text;
  return new Problem(
    say`cannot parse a credential of ${text.length} characters`,
    say`it is wrc_ with 43 to 190 letters, digits, _ and - behind it`,
  );
}
