/** A world of the lab for each test of a file, and a folder for its files; both are gone afterwards. */
import { afterEach, beforeEach } from "vitest";
import { World } from "../lab/world.ts";
import { reasonToSkip, TemporaryFolder } from "./lab-run.ts";

const environment = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };

/** What the test that runs has. Skips every test of the file where there can be no world. */
export interface WorldFixture {
  readonly folder: TemporaryFolder;
  readonly world: World;
}

export function useWorld(): WorldFixture {
  let folder: TemporaryFolder | undefined;
  let world: World | undefined;
  beforeEach(async (ctx) => {
    const reason = reasonToSkip();
    if (reason !== undefined) ctx.skip(reason);
    folder = new TemporaryFolder();
    world = await World.create(environment, new AbortController().signal);
  });
  afterEach(async () => {
    await world?.close();
    folder?.remove();
  });
  return {
    get folder() {
      return there(folder);
    },
    get world() {
      return there(world);
    },
  };
}

function there<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("there is a world only while a test runs");
  return value;
}
