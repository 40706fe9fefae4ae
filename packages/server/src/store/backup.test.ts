/** Tests of backups: whole whoever writes meanwhile, and put back only where nobody does. */
import * as fs from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { backupStore, restoreStore } from "./backup.ts";
import { openSqliteStore } from "./sqlite.ts";
import type { Commit, Store, Stored } from "./store.ts";
import { commitOf, makeTestFolder } from "./store.contract.ts";

/** A store with so many revisions, each of which says in every row which it is. */
async function writeStore(file: string, revisions: number, rows = 1): Promise<Store> {
  const store = await openSqliteStore(file);
  for (let rev = 1; rev <= revisions; rev += 1) await store.commit(numbered(rev, rows));
  return store;
}

function numbered(rev: number, rows: number): Commit {
  const keys = Array.from({ length: rows }, (_, at) => [`row/${at}`, String(rev)] as const);
  return commitOf(rev, Object.fromEntries(keys));
}

async function readStore(file: string): Promise<Stored> {
  const store = await openSqliteStore(file);
  const stored = await store.load();
  await store.close();
  return stored;
}

async function refuse(work: Promise<unknown>, code: string, message: string): Promise<void> {
  await expect(work).rejects.toThrow(expect.objectContaining({ code, message }));
}

test("backupStore() copies one moment of a store that is written to, for its owner alone", async () => {
  const folder = makeTestFolder();
  const [file, copy] = [join(folder, "warren.db"), join(folder, "copy.db")];
  const store = await writeStore(file, 1, 2_000);
  const before = await store.load();
  fs.writeFileSync(copy, "the backup of yesterday", { mode: 0o644 });
  const copying = { isDone: false };
  const copied = backupStore(file, copy).then(() => (copying.isDone = true));
  let rev = 1;
  while (!copying.isDone) {
    await store.commit(numbered((rev += 1), 2_000));
    // Lets the copying go on.
    await fs.promises.stat(file);
  }
  await copied;
  expect(rev).toBeGreaterThan(1);
  await store.close();
  expect([fs.statSync(copy).mode & 0o777, fs.readdirSync(folder)]).toEqual([
    0o600,
    ["copy.db", "warren.db"],
  ]);
  const stored = await readStore(copy);
  expect(stored.rows).toEqual(new Map(numbered(stored.rev, 2_000).set));
  expect(stored.epoch).toBe(before.epoch);
});

test("backupStore() copies a store to any place but its own", async () => {
  const folder = makeTestFolder();
  const file = join(folder, "warren.db");
  const store = await writeStore(file, 3);
  await refuse(
    backupStore(file, join(folder, "none/../warren.db")),
    "usage",
    "it is the store itself",
  );
  await refuse(backupStore(file, folder), "cannot-write", "cannot write: it is a folder");
  const missing = "cannot write: no such file or folder";
  await refuse(backupStore(file, join(folder, "none/copy")), "cannot-write", missing);
  await refuse(
    backupStore(join(folder, "none"), join(folder, "copy")),
    "cannot-read",
    "cannot read: no such file or folder",
  );
  expect(fs.readdirSync(folder).filter((name) => !name.startsWith("warren.db"))).toEqual([]);
  await store.commit(numbered(4, 1));
});

test("restoreStore() puts a backup in the place of a store, under a new epoch, and keeps each one before", async () => {
  const folder = makeTestFolder();
  const [file, copy] = [join(folder, "warren.db"), join(folder, "copy.db")];
  const store = await writeStore(file, 2);
  const { epoch } = await store.load();
  await backupStore(file, copy);
  await store.commit(numbered(3, 1));
  await store.close();
  expect(await restoreStore(copy, file)).toBe(`${file}.before-restore`);
  const restored = await readStore(file);
  expect(restored).toMatchObject({ rev: 2, rows: new Map([["row/0", "2"]]) });
  expect(restored.epoch).not.toBe(epoch);
  expect(await restoreStore(copy, file)).toBe(`${file}.before-restore-2`);
  expect(await readStore(`${file}.before-restore`)).toMatchObject({ rev: 3, epoch });
  expect(await readStore(`${file}.before-restore-2`)).toEqual(restored);
  expect((await readStore(file)).epoch).not.toBe(restored.epoch);
  expect(await restoreStore(copy, join(folder, "new/warren.db"))).toBe(undefined);
  expect(await readStore(join(folder, "new/warren.db"))).toMatchObject({ rev: 2 });
  expect((await readStore(copy)).epoch).toBe(epoch);
});

test("restoreStore() leaves a store to the user whose it is", async (context) => {
  context.skip(process.getuid?.() !== 0, "needs root, to be somebody else");
  const folder = makeTestFolder();
  const [file, copy] = [join(folder, "warren.db"), join(folder, "copy.db")];
  await (await writeStore(file, 1)).close();
  await backupStore(file, copy);
  fs.chownSync(file, 1_234, 5_678);
  await restoreStore(copy, file);
  expect(fs.statSync(file)).toMatchObject({ uid: 1_234, gid: 5_678 });
});

test("restoreStore() takes no store for its own backup", async () => {
  const folder = makeTestFolder();
  const file = join(folder, "warren.db");
  await (await writeStore(file, 1)).close();
  await refuse(restoreStore(file, file), "usage", "it is the store itself");
  expect(fs.readdirSync(folder).filter((name) => name.includes("before"))).toEqual([]);
});

test("restoreStore() changes nothing while a server has the store open, written to or not", async () => {
  const folder = makeTestFolder();
  const [file, copy] = [join(folder, "warren.db"), join(folder, "copy.db")];
  await (await writeStore(file, 1)).close();
  await backupStore(file, copy);
  const store = await openSqliteStore(file);
  const names = fs.readdirSync(folder);
  await refuse(restoreStore(copy, file), "busy", "a server has it open");
  expect(fs.readdirSync(folder)).toEqual(names);
  await store.commit(numbered(2, 1));
  await store.close();
  expect(await readStore(file)).toMatchObject({ rev: 2 });
});

test("restoreStore() takes the place of a store that is damaged, and takes nothing of it", async () => {
  const folder = makeTestFolder();
  const [file, copy] = [join(folder, "warren.db"), join(folder, "copy.db")];
  await (await writeStore(file, 1)).close();
  await backupStore(file, copy);
  const store = await openSqliteStore(file);
  await store.commit(numbered(2, 1));
  const wal = fs.readFileSync(`${file}-wal`);
  await store.close();
  fs.writeFileSync(file, fs.readFileSync(file).fill("x", 0, 4_096));
  fs.writeFileSync(`${file}-wal`, wal);
  const kept = `${file}.before-restore`;
  expect(await restoreStore(copy, file)).toBe(kept);
  expect(await readStore(file)).toMatchObject({ rev: 1, rows: new Map([["row/0", "1"]]) });
  await refuse(readStore(kept), "cannot-read", "it is no database");
});

test.each<[string, (file: string) => void, string]>([
  ["is damaged", (file) => damage(file), "it is damaged"],
  ["is no database", (file) => fs.writeFileSync(file, "x".repeat(5_000)), "it is no database"],
  ["is empty", (file) => fs.writeFileSync(file, ""), "nothing is in it"],
  ["is not there", (file) => fs.rmSync(file), "cannot read: no such file or folder"],
  [
    "is of a newer warren",
    (file) => new DatabaseSync(file).exec("PRAGMA user_version = 99"),
    "a newer warren has written it: its form is 99, and this one knows 2",
  ],
])("restoreStore() refuses a backup that %s, and changes nothing", async (_, spoil, message) => {
  const folder = makeTestFolder();
  const [file, copy] = [join(folder, "warren.db"), join(folder, "copy.db")];
  await (await writeStore(file, 20, 100)).close();
  await backupStore(file, copy);
  spoil(copy);
  const names = fs.readdirSync(folder);
  await refuse(restoreStore(copy, file), "cannot-read", message);
  expect(fs.readdirSync(folder)).toEqual(names);
  expect(await readStore(file)).toMatchObject({ rev: 20 });
});

/** Writes over the middle of a file, where the rows are. */
function damage(file: string): void {
  const bytes = fs.readFileSync(file);
  fs.writeFileSync(file, bytes.fill(0xff, bytes.length / 2, bytes.length / 2 + 4_096));
}
