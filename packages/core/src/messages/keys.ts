/** What can be wrong with the keys that stand beside a document. */
import { error } from "../diagnostics.ts";
import type { Diagnostic } from "../diagnostics.ts";
import { say } from "../phrase.ts";
import type { Problem } from "../problem.ts";
import { label } from "../wording.ts";
import type { Path } from "../wording.ts";

export function keyMissing(node: string, file: string): Diagnostic {
  const message = say`the private key of ${node} is not in ${file}, though the lock knows its public half`;
  const fix = say`copy the keys folder to here, or make a new key: warren keys rotate ${node}`;
  return error("key-missing", ["nodes", node], message, fix);
}

export function keyUnreadable(path: Path, file: string, problem: Problem): Diagnostic {
  return error("key-unreadable", path, say`${file}: ${problem.message}`, problem.fix);
}

export function networkSecretMissing(file: string): Diagnostic {
  const message = say`${file} is missing, from which the preshared keys in use were derived`;
  const fix = say`copy the keys folder to here; or remove "networkSecret" from the lock, and every pair gets a new key`;
  return error("network-secret-missing", ["network"], message, fix);
}

export function networkSecretUnreadable(file: string): Diagnostic {
  const message = say`${file} does not hold 32 bytes in base64`;
  return error("network-secret-unreadable", ["network"], message, say`restore it from its backup`);
}

export function networkSecretDiffers(file: string): Diagnostic {
  const message = say`${file} is not the secret from which the preshared keys in use were derived`;
  const fix = say`restore the right one; or remove "networkSecret" from the lock, and every pair gets a new key`;
  return error("network-secret-differs", ["network"], message, fix);
}

export function publicKeyTaken(path: Path, owner: string): Diagnostic {
  const message = say`${label(path)}: the public key is that of "${owner}" too`;
  const fix = say`make a key of its own for each: wg genkey`;
  return error("public-key-taken", path, message, fix);
}

/** The key itself is never said: who reads this need not have it. */
export function privateKeyShown(path: Path, owner: string): Diagnostic {
  const message = say`${label(path)}: this is the private key of "${owner}"`;
  const fix = say`write the public half of its own key, as wg pubkey prints it; then make "${owner}" a new key, as this one has been shown`;
  return error("private-key-shown", path, message, fix);
}

export function keyRetired(path: Path, file: string): Diagnostic {
  const message = say`${file} is not the key that the lock knows: another took its place`;
  const fix = say`remove the file; or make another key for the client: warren qr --new-key`;
  return error("key-retired", path, message, fix);
}
