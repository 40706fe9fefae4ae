/** All files of a plan, with their places in the output folder: what render writes and diff compares. */
import { join } from "node:path";
import { compile, Printed, renderFiles, renderHosts } from "@warren/core";
import type { Entrance, Format, Pieces } from "@warren/core";
import { createSecrets } from "./keys/key-ring.ts";
import type { KeyRing } from "./keys/key-ring.ts";
import { HOSTS_FILE } from "./files/output-folder.ts";
import type { Audience } from "./files/staging.ts";
import type { Plan } from "./workspace.ts";

export interface PlacedFile {
  readonly path: string;
  readonly text: Pieces;
  readonly audience: Audience;
  /** The number of the device that it is for, from 1. */
  readonly device: number;
}

/** A device at a time, so that a large mesh is never in memory as text. */
export function* rendered({ index, keys }: Plan, format: Format): Generator<PlacedFile> {
  const secrets = createSecrets(keys);
  const printed = new Printed();
  const withheld = new Set<string>(
    index.entries.filter((entry) => !isRendered(keys, entry)).map(({ name }) => name),
  );
  let device = 0;
  for (const each of compile(index)) {
    device += 1;
    if (withheld.has(each.name)) continue;
    for (const { name, text } of renderFiles(each, secrets, printed, format)) {
      yield { path: join(each.name, name), text, audience: "owner", device };
    }
  }
  yield { path: HOSTS_FILE, text: [renderHosts(index)], audience: "everybody", device };
}

/** Whether a client has a file: its key is kept here, or it is to be put in elsewhere. */
export function isRendered({ kept }: KeyRing, { id, client }: Entrance): boolean {
  return kept.has(id) || client.publicKey !== undefined;
}
