/** Tests of taking turns: nobody writes beside another, and nobody waits for one that is gone. */
import { say } from "@warren/core";
import { spawn } from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { MeshFolder } from "../cli-run.contract.ts";
import { exclusively } from "./exclusive.ts";

function fail(): never {
  throw new Error("stop");
}

test("exclusively() leaves its file for the next, but takes away what it made for work that fails", () => {
  const folder = new MeshFolder();
  const file = folder.at("one/two/lock");
  expect(() => exclusively(file, fail)).toThrow("stop");
  expect(folder.listing()).toEqual({});
  expect(exclusively(file, () => 5)).toBe(5);
  const before = folder.listing();
  expect(Object.keys(before)).toEqual(["one/", "one/two/", "one/two/lock"]);
  expect(() => exclusively(file, fail)).toThrow("stop");
  expect(exclusively(file, () => 6)).toBe(6);
  expect(folder.listing()).toEqual(before);
});

test("exclusively() says that another is writing when it has waited long enough", () => {
  const folder = new MeshFolder();
  const file = folder.at("lock");
  const second = (): unknown => exclusively(file, () => 5, 0);
  expect(() => exclusively(file, second)).toThrow(
    expect.objectContaining({
      code: "busy",
      exit: 75,
      message: "another warren is writing here",
      fix: say`wait for the other command, or end it`,
    }),
  );
});

test("exclusively() makes its folder again, when the one before has taken it away", () => {
  const folder = new MeshFolder();
  const file = folder.at("keys/lock");
  const { openSync } = fs;
  vi.spyOn(fs, "openSync").mockImplementationOnce((...list) => {
    fs.rmdirSync(folder.at("keys"));
    return openSync(...list);
  });
  syncBuiltinESMExports();
  onTestFinished(() => {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });
  expect(exclusively(file, () => 5)).toBe(5);
  expect(Object.keys(folder.listing())).toEqual(["keys/", "keys/lock"]);
});

test("exclusively() holds a file that is there, when the one before has taken his away", async (context) => {
  context.skip(process.platform !== "linux", "needs /proc, to see that the other waits");
  const folder = new MeshFolder();
  const file = folder.at("keys/lock");
  const code = `
    import { exclusively } from ${JSON.stringify(join(import.meta.dirname, "exclusive.ts"))};
    exclusively(${JSON.stringify(file)}, () => {});
  `;
  let ended: Promise<unknown> = Promise.resolve();
  const work = (): void => {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", code]);
    ended = new Promise((resolve) => child.on("close", resolve));
    // Asleep in between: it needs the processor more than we do.
    const nobody = new Int32Array(new SharedArrayBuffer(4));
    while (!listOpenFiles(child.pid).includes(file)) Atomics.wait(nobody, 0, 0, 10);
    throw new Error("stop");
  };
  expect(() => exclusively(file, work)).toThrow("stop");
  expect(await ended).toBe(0);
  expect(Object.keys(folder.listing())).toEqual(["keys/", "keys/lock"]);
});

function listOpenFiles(pid = 0): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  return fs.readdirSync(folder).map((name) => readLink(join(folder, name)));
}

/** Empty when the file was closed in between. */
function readLink(path: string): string {
  try {
    return fs.readlinkSync(path);
  } catch (error) {
    return error instanceof Error ? "" : String(error);
  }
}

test.each<[string, (file: string) => void, string]>([
  ["is a folder", (file) => fs.mkdirSync(file), "unable to open database file"],
  ["is no lock", (file) => fs.writeFileSync(file, "x".repeat(4096)), "file is not a database"],
  ["leads nowhere", (file) => fs.symlinkSync("nowhere", file), "it comes and goes"],
])("exclusively() refuses a file that %s", (_, spoil, why) => {
  const folder = new MeshFolder();
  spoil(folder.at("lock"));
  const before = folder.listing();
  expect(() => exclusively(folder.at("lock"), () => 5)).toThrow(`cannot write here: ${why}`);
  expect(folder.listing()).toEqual(before);
});
