/** How a renderer is given secrets: beside the device, never in it. */
import type { PresharedKey, PresharedKeyId, PrivateKey } from "../model/keys.ts";
import type { Name } from "../model/names.ts";

export interface Secrets {
  /** Undefined where the private key is on its host and nowhere else. */
  privateKey(name: Name): PrivateKey | undefined;
  presharedKey(id: PresharedKeyId): PresharedKey;
}
