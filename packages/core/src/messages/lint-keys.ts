/** What the linter can find about keys that stand where others should. */
import type { Finding } from "../finding.ts";
import { say } from "../phrase.ts";
import { quote } from "../problem.ts";
import { lintError } from "./lint.ts";
import type { Spot } from "./lint.ts";

/** `publicKey`: what should stand there, where that is known. */
export function privateKeyShown(spot: Spot, name: string, publicKey: string | undefined): Finding {
  const message = say`this is the PRIVATE key of ${quote(name)}: everybody who has this file can pose as ${quote(name)}`;
  const fix =
    publicKey === undefined
      ? say`write the public key of the peer, and make a new key for ${quote(name)} with wg genkey`
      : say`write PublicKey = ${publicKey}, and make a new key for ${quote(name)} with wg genkey`;
  return lintError("private-key-shown", spot, message, fix);
}
