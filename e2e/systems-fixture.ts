/** A world with machines for each test of a file; whatever the test does, nothing of them is left. */
import { accessSync, constants } from "node:fs";
import { tmpdir } from "node:os";
import { afterEach, beforeEach } from "vitest";
import { claimFolder, createFolder, removeFolder, removeStaleFolders } from "../lab/folder.ts";
import { World } from "../lab/world.ts";
import { findHierarchy, removeAllGroups } from "./control-groups.ts";
import { reasonToSkip } from "./lab-run.ts";
import type { Ground } from "./underlay.ts";

export const environment = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
};

const PROGRAMS = ["/lib/systemd/systemd", "/usr/sbin/sshd", "/usr/bin/ssh", "/usr/bin/sudo"];

/** Skips every test of the file where no machine can be made, and says why. */
export function useGround(): Ground {
  let folder: string | undefined;
  let world: World | undefined;
  beforeEach(async (ctx) => {
    const reason = reasonToSkipSystems();
    if (reason !== undefined) {
      process.stderr.write(`skipped, because a machine ${reason}\n`);
      ctx.skip(reason);
    }
    removeStaleFolders(tmpdir());
    folder = createFolder(tmpdir());
    claimFolder(folder);
    world = await World.create(environment, new AbortController().signal);
  });
  afterEach(async () => {
    await world?.close();
    removeAllGroups();
    if (folder !== undefined) removeFolder(folder);
  });
  return {
    get folder() {
      return { path: there(folder) };
    },
    get world() {
      return there(world);
    },
  };
}

/** Why no machine can be made here; undefined when one can. */
export function reasonToSkipSystems(): string | undefined {
  const reason = reasonToSkip();
  if (reason !== undefined) return reason;
  if (findHierarchy() === undefined) return "needs control groups of version 2";
  const missing = PROGRAMS.filter((program) => !isExecutable(program));
  if (missing.length > 0) return `needs ${missing.join(", ")}: npm test installs them`;
  return undefined;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function there<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("there is a world only while a test runs");
  return value;
}
