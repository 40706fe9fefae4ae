/** A world with machines for each test of a file; whatever the test does, nothing of them is left. */
import { accessSync, constants, readFileSync } from "node:fs";
import { afterEach, beforeEach } from "vitest";
import { findHierarchy } from "./control-groups.ts";
import { createGround, type OwnedGround } from "./ground.ts";
import { reasonToSkip } from "./lab-run.ts";
import type { Ground } from "./underlay.ts";

export const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const PROGRAMS = ["/lib/systemd/systemd", "/usr/sbin/sshd", "/usr/bin/ssh", "/usr/bin/sudo"];

/** Skips every test of the file where no machine can be made, and says why. */
export function useGround(): Ground {
  let ground: OwnedGround | undefined;
  beforeEach(async (ctx) => {
    const reason = reasonToSkipSystems();
    if (reason !== undefined) {
      process.stderr.write(`skipped, because a machine ${reason}\n`);
      ctx.skip(reason);
    }
    ground = await createGround(PATH);
  });
  afterEach(async () => {
    await ground?.close();
    ground = undefined;
  });
  return {
    get folder() {
      return there(ground).folder;
    },
    get world() {
      return there(ground).world;
    },
  };
}

/** Why no machine can be made here; undefined when one can. */
export function reasonToSkipSystems(): string | undefined {
  const reason = reasonToSkip();
  if (reason !== undefined) return reason;
  if (!isAllowed(findHierarchy() ?? "", constants.W_OK)) return "needs control groups of version 2";
  if (!readFileSync("/proc/filesystems", "utf8").includes("\toverlay\n")) return "needs overlayfs";
  const missing = PROGRAMS.filter((program) => !isAllowed(program, constants.X_OK));
  if (missing.length > 0) return `needs ${missing.join(", ")}: npm test installs them`;
  return undefined;
}

function isAllowed(file: string, mode: number): boolean {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}

function there<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("there is a world only while a test runs");
  return value;
}
