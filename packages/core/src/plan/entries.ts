/** A client's ways into the mesh: one entry a node that it enters through, each a device of its own. */
import { hostPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { PublicKey } from "../model/keys.ts";
import { entryId } from "../model/lock.ts";
import type { Lock } from "../model/lock.ts";
import type { Client, Mesh } from "../model/mesh.ts";
import { entryName } from "../model/names.ts";
import type { Name } from "../model/names.ts";
import type { InterfaceAddress } from "./device.ts";
import { onRange } from "./ranges.ts";

export interface Entry {
  /** The client's name; with `.via` behind it where the client has several entries. */
  readonly name: Name;
  readonly client: Client;
  readonly via: Name;
  readonly publicKey: PublicKey;
  readonly addresses: readonly InterfaceAddress[];
}

/** The entries of all clients that have a key, sorted by name; the others are not in the mesh yet. */
export function entriesOf(mesh: Mesh, lock: Lock): readonly Entry[] {
  return mesh.clients.flatMap((client) =>
    client.via.flatMap((via): Entry[] => {
      const given = lock.entries.get(entryId(client.name, via));
      if (given?.publicKey === undefined) return [];
      const { publicKey } = given;
      const name = client.via.length === 1 ? client.name : entryName(client.name, via);
      const addresses = given.addresses.map((each) => onRange(mesh.network, each));
      return [{ name, client, via, publicKey, addresses }];
    }),
  );
}

/** An entry's addresses in the mesh, each as the prefix of one host. */
export function hostsOf({ addresses }: Entry): readonly Prefix[] {
  return addresses.map(({ address }) => hostPrefix(address));
}
