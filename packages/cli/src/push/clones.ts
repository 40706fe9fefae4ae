/** Hosts that were made of one disk have one key, and would pass for each other. */
import type { Name, PublicKey } from "@warren/core";
import type { KeyRing } from "../keys/key-ring.ts";

/** Of those that told their keys now, in their order, each that told somebody else's; whose it is. */
export function findClones(
  told: ReadonlyMap<Name, PublicKey>,
  { publicKeys, entryKeys, missing }: Pick<KeyRing, "publicKeys" | "entryKeys" | "missing">,
): ReadonlyMap<Name, string> {
  const owners = new Map<PublicKey, string>();
  for (const [id, key] of entryKeys) owners.set(key, id.replace(/ .*/, ""));
  for (const [name, key] of publicKeys) if (!missing.has(name)) owners.set(key, name);
  const clones = new Map<Name, string>();
  for (const [name, key] of told) {
    const owner = owners.get(key);
    if (owner === undefined) owners.set(key, name);
    else if (owner !== name) clones.set(name, owner);
  }
  return clones;
}
