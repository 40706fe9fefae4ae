/** A client's ways into the mesh: one entry a node that it enters through, each a device of its own. */
import type { InterfaceAddress } from "../ip/interface-address.ts";
import { hostPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { PublicKey } from "../model/keys.ts";
import { entrancesOf } from "../model/entrances.ts";
import type { Entrance } from "../model/entrances.ts";
import type { Lock } from "../model/lock.ts";
import type { Mesh } from "../model/mesh.ts";
import { onRange } from "./ranges.ts";

export interface Entry extends Entrance {
  readonly publicKey: PublicKey;
  readonly addresses: readonly InterfaceAddress[];
}

/** The entries of all clients that have a key, sorted by name; the others are not in the mesh yet. */
export function entriesOf(mesh: Mesh, lock: Lock): readonly Entry[] {
  return entrancesOf(mesh).flatMap((entrance): Entry[] => {
    const given = lock.entries.get(entrance.id);
    if (given?.publicKey === undefined) return [];
    const addresses = given.addresses.map((each) => onRange(mesh.network, each));
    return [{ ...entrance, publicKey: given.publicKey, addresses }];
  });
}

/** An entry's addresses in the mesh, each as the prefix of one host. */
export function hostsOf({ addresses }: Entry): readonly Prefix[] {
  return addresses.map(({ address }) => hostPrefix(address));
}
