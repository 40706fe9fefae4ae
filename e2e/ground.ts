/** Where machines stand, for tests and whoever else needs some: a world, and a folder that a later run finds again. */
import { tmpdir } from "node:os";
import { claimFolder, createFolder, removeFolder, removeStaleFolders } from "../lab/folder.ts";
import { World } from "../lab/world.ts";
import { removeAllGroups } from "./control-groups.ts";
import type { Ground } from "./underlay.ts";

export interface OwnedGround extends Ground {
  /** Ends all that stands there, and removes what the kernel does not. */
  readonly close: () => Promise<void>;
}

/** One at a time in a process. Removes what runs that were killed have left behind. */
export async function createGround(path: string): Promise<OwnedGround> {
  removeAllGroups();
  removeStaleFolders(tmpdir());
  const folder = createFolder(tmpdir());
  claimFolder(folder);
  const environment = { PATH: path, HOME: "/root" };
  const world = await World.create(environment, new AbortController().signal);
  const close = async () => {
    await world.close();
    removeAllGroups();
    removeFolder(folder);
  };
  return { world, folder: { path: folder }, close };
}
