/** Tests of where the master key comes from: made once, and never a second time for a store that needs the first. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { readMasterKey } from "./master-key.ts";
import { createSeal } from "./seal.ts";
import { makeTestFolder } from "./store.contract.ts";

const NO_ROWS = new Map([["node/a", "{}"]]);

function sealedRows(key: Uint8Array): ReadonlyMap<string, string> {
  return new Map([...NO_ROWS, ["secret/a", createSeal(key).seal("secret/a", "PLANTED")]]);
}

test("readMasterKey() makes a key for a new store, and finds it again", async () => {
  const folder = join(makeTestFolder(), "one");
  const file = join(folder, "master.key");
  const key = await readMasterKey({ file }, NO_ROWS);
  expect([key.length, fs.readdirSync(folder)]).toEqual([32, ["master.key"]]);
  expect(fs.readFileSync(file, "utf8")).toBe(`${Buffer.from(key).toString("base64")}\n`);
  expect([fs.statSync(folder).mode & 0o777, fs.statSync(file).mode & 0o777]).toEqual([
    0o700, 0o600,
  ]);
  fs.chmodSync(file, 0o644);
  expect(await readMasterKey({ file }, sealedRows(key))).toEqual(key);
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  expect(await readMasterKey({ file: join(folder, "other") }, NO_ROWS)).not.toEqual(key);
});

test("readMasterKey() takes the key of another process that was quicker to make one", async () => {
  const folder = makeTestFolder();
  const file = join(folder, "master.key");
  const other = Buffer.alloc(32, 5);
  const sync = vi.spyOn(fs, "fsyncSync").mockImplementationOnce(() => {
    fs.writeFileSync(file, other.toString("base64"));
  });
  syncBuiltinESMExports();
  onTestFinished(() => {
    sync.mockRestore();
    syncBuiltinESMExports();
  });
  expect(await readMasterKey({ file }, NO_ROWS)).toEqual(other);
  expect(fs.readdirSync(folder)).toEqual(["master.key"]);
});

test("readMasterKey() takes what it is given, and then makes no file", async () => {
  const folder = makeTestFolder();
  const file = join(folder, "master.key");
  const key = new Uint8Array(32).fill(9);
  const given = Buffer.from(key).toString("base64");
  expect(new Uint8Array(await readMasterKey({ given, file }, sealedRows(key)))).toEqual(key);
  expect(fs.readdirSync(folder)).toEqual([]);
});

test("readMasterKey() refuses to go on without the key that the store was written with", async () => {
  const folder = makeTestFolder();
  const file = join(folder, "master.key");
  const rows = sealedRows(new Uint8Array(32).fill(9));
  const missing = "the master key is missing, and the store has secrets that it opens";
  await expect(readMasterKey({ file }, rows)).rejects.toThrow(missing);
  expect(fs.readdirSync(folder)).toEqual([]);
  await readMasterKey({ file }, NO_ROWS);
  await expect(readMasterKey({ file }, rows)).rejects.toThrow(
    "the master key does not open secret/a",
  );
});

test.each(["", "short", "A".repeat(44), `${"A".repeat(43)}=x`, `${"-".repeat(43)}=`])(
  "readMasterKey() refuses %j as a key, and does not say it",
  async (text) => {
    const file = join(makeTestFolder(), "master.key");
    fs.writeFileSync(file, text);
    await expect(readMasterKey({ file }, NO_ROWS)).rejects.toThrow(
      expect.objectContaining({
        code: "cannot-read",
        file,
        message: "it is no master key: 32 bytes in base64",
      }),
    );
    const place = { given: text, file: join(makeTestFolder(), "master.key") };
    await expect(readMasterKey(place, NO_ROWS)).rejects.toThrow(
      expect.objectContaining({
        code: "usage",
        message: "WARREN_MASTER_KEY is no master key: 32 bytes in base64",
      }),
    );
  },
);
