/** A client's ways into the mesh, one a node that it enters through: with a key or not yet. */
import { entryId } from "./lock.ts";
import type { EntryId } from "./lock.ts";
import type { Client, Mesh } from "./mesh.ts";
import { entryName } from "./names.ts";
import type { Name } from "./names.ts";

export interface Entrance {
  readonly id: EntryId;
  /** The client's name; with `.via` behind it where the client has several. */
  readonly name: Name;
  readonly client: Client;
  readonly via: Name;
}

/** All of a mesh, sorted by the client's name and then by the node's. */
export function entrancesOf({ clients }: Mesh): readonly Entrance[] {
  return clients.flatMap((client) =>
    [...client.via].sort().map((via) => ({
      id: entryId(client.name, via),
      name: client.via.length === 1 ? client.name : entryName(client.name, via),
      client,
      via,
    })),
  );
}
