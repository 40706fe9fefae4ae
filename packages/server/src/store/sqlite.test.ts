/** Tests of the store in SQLite: what every store keeps, and what can befall a file. */
import { spawn, spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import * as fs from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test, vi } from "vitest";
import type { TestContext } from "vitest";
import { AppError } from "@warren/api";
import { printText } from "@warren/core";
import { MIGRATIONS } from "./schema.ts";
import { runs } from "../../../../tools/runs.ts";
import { openSqliteStore } from "./sqlite.ts";
import { commitOf, makeTestFolder, testStore } from "./store.contract.ts";

testStore("openSqliteStore()", () => {
  const file = join(makeTestFolder(), "one/warren.db");
  return async () => await openSqliteStore(file);
});

test("openSqliteStore() lets nobody else read what it keeps", async () => {
  const folder = join(makeTestFolder(), "one");
  const file = join(folder, "warren.db");
  await (await openSqliteStore(file)).close();
  expect(modeOf(file)).toBe("600");
  fs.chmodSync(file, 0o644);
  const store = await openSqliteStore(file);
  await store.commit(commitOf(1, { a: "1" }));
  const modes = fs.readdirSync(folder).map((name) => [name, modeOf(join(folder, name))]);
  expect([modeOf(folder), modes]).toEqual([
    "700",
    ["warren.db", "warren.db-shm", "warren.db-wal"].map((name) => [name, "600"]),
  ]);
});

function modeOf(path: string): string {
  return (fs.statSync(path).mode & 0o777).toString(8);
}

test("openSqliteStore() keeps nothing of what was replaced, not even of what an older one wrote to its log", async () => {
  const folder = makeTestFolder();
  const file = join(folder, "warren.db");
  const old = await openSqliteStore(file, { migrations: MIGRATIONS.slice(0, 1) });
  await old.commit(commitOf(1, { "account/a": '"OLDEST-HASH"', "node/a": '"PLAIN"' }));
  await old.commit({ ...commitOf(2), delete: ["node/a"] });
  await old.close();
  const database = new DatabaseSync(file);
  const written = JSON.stringify({
    set: [["account/a", '"OLDEST-HASH"'], ["secret/a"]],
    delete: [],
  });
  database.prepare("UPDATE revisions SET changes = ? WHERE rev = 1").run(written);
  database.close();
  expect(holds(file, "OLDEST-HASH")).toBe(true);
  const store = await openSqliteStore(file);
  expect(await store.revisions({ limit: 2 })).toEqual([
    { ...commitOf(2), delete: ["node/a"] },
    { ...commitOf(1), set: ["account/a", "secret/a"] },
  ]);
  // Its end is on a page that is free afterwards.
  await store.commit(commitOf(3, { "account/a": JSON.stringify(`${"x".repeat(5000)} OLD-HASH`) }));
  await store.commit(commitOf(4, { "account/a": '"NEW-HASH"' }));
  await store.close();
  const held = ["OLDEST", "OLD", "NEW"].filter((hash) => holds(file, `${hash}-HASH`));
  expect(held).toEqual(["NEW"]);
});

function holds(file: string, text: string): boolean {
  return fs.readFileSync(file).includes(text);
}

test("openSqliteStore() has SQLite wait for the disk at each commit", async () => {
  const exec = vi.spyOn(DatabaseSync.prototype, "exec");
  onTestFinished(() => exec.mockRestore());
  const store = await openSqliteStore(join(makeTestFolder(), "warren.db"));
  const database = exec.mock.contexts[0] as DatabaseSync;
  expect(database.prepare("PRAGMA synchronous").get()).toEqual({ synchronous: 2 });
  expect(database.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
  await store.close();
});

test("openSqliteStore() does not go on with a store that was replaced while it waited", async (context) => {
  context.skip(process.platform !== "linux", "needs /proc, to see that the other waits");
  const folder = makeTestFolder();
  const [file, copy] = [join(folder, "warren.db"), join(folder, "copy.db")];
  await (await openSqliteStore(file)).close();
  fs.copyFileSync(file, copy);
  const child = spawn(process.execPath, ["--input-type=module", "--eval", REPLACE, file, copy]);
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  expect(await refusal(openSqliteStore(file))).toBe(
    "busy a backup was restored just now; run it again",
  );
  await (await openSqliteStore(file)).close();
});

/** Locks a store as a restore does, and replaces it when somebody waits for it. */
const REPLACE = `
  import fs from "node:fs";
  import { DatabaseSync } from "node:sqlite";
  const [file, copy] = process.argv.slice(1);
  const lock = new DatabaseSync(file);
  lock.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
  console.log("locked");
  const folder = "/proc/" + process.ppid + "/fd/";
  const isOpen = (name) => {
    try { return fs.readlinkSync(folder + name) === file; } catch { return false; }
  };
  const end = Date.now() + 4_000;
  while (Date.now() < end && !fs.readdirSync(folder).some(isOpen));
  fs.renameSync(copy, file);
`;

test("commit() changes nothing when it fails half way", async () => {
  const store = await openSqliteStore(join(makeTestFolder(), "warren.db"));
  await store.commit(commitOf(1, { a: "1" }));
  const wrong = {
    ...commitOf(2, { a: "2" }),
    delete: ["a"],
    set: [
      ["b", "2"],
      ["c", {}],
    ] as never,
  };
  await expect(store.commit(wrong)).rejects.toThrow("cannot be bound");
  expect(await store.load()).toMatchObject({ rev: 1, rows: new Map([["a", "1"]]) });
  await store.commit(commitOf(2, { a: "2" }));
});

test("commit() says that the disk is full, changes nothing, and goes on when there is room", async (context) => {
  const folder = mountSmallDisk(context);
  const store = await openSqliteStore(join(folder, "warren.db"));
  const row = JSON.stringify("x".repeat(40_000));
  let rev = 0;
  const fill = async (): Promise<void> => {
    for (; rev < 100; rev += 1) await store.commit(commitOf(rev + 1, { [`row/${rev}`]: row }));
  };
  await expect(fill()).rejects.toThrow(
    expect.objectContaining({ code: "cannot-write", message: "no space is left" }),
  );
  const { rev: stored, rows } = await store.load();
  expect([stored, rows.size]).toEqual([rev, rev]);
  expect(spawnSync("mount", ["-o", "remount,size=64m", folder]).status).toBe(0);
  await store.commit(commitOf(rev + 1, { a: "1" }));
  await store.close();
});

function mountSmallDisk(context: TestContext): string {
  context.skip(process.getuid?.() !== 0, "needs root, to mount a small disk");
  const folder = makeTestFolder();
  const { status, stderr } = spawnSync("mount", [
    "-t",
    "tmpfs",
    "-o",
    "size=512k",
    "tmpfs",
    folder,
  ]);
  context.skip(status !== 0, `needs to mount a small disk: ${String(stderr)}`);
  onTestFinished(() => void spawnSync("umount", ["--lazy", folder]));
  return folder;
}

test("commit() says that another process is writing", async () => {
  const file = join(makeTestFolder(), "warren.db");
  const store = await openSqliteStore(file, { waitMs: 0 });
  const other = new DatabaseSync(file);
  other.exec("BEGIN IMMEDIATE");
  await expect(store.commit(commitOf(1))).rejects.toThrow(
    expect.objectContaining({ code: "busy", file, message: "another process is writing to it" }),
  );
  other.exec("COMMIT");
  await store.commit(commitOf(1));
});

test.each<[string, (file: string) => void, string]>([
  [
    "is a folder",
    (file) => fs.mkdirSync(file),
    "cannot-write a folder stands where a file is needed; move it away",
  ],
  [
    "is no database",
    (file) => fs.writeFileSync(file, "x".repeat(5_000)),
    "cannot-read it is no database; name another file, or restore a backup: warren server restore FILE",
  ],
  [
    "is another program's",
    (file) => new DatabaseSync(file).exec("CREATE TABLE moz_cookies (a)"),
    "cannot-read it is another program's database; name another file, or move this one away",
  ],
  [
    "lies behind a file",
    (file) => fs.writeFileSync(join(file, ".."), ""),
    "cannot-write cannot write: a file stands where a folder is needed; move it away",
  ],
])(
  "openSqliteStore() refuses a file that %s, and leaves it as it is",
  async (name, spoil, words) => {
    const folder = makeTestFolder();
    const file = join(folder, "one/warren.db");
    if (!name.includes("behind")) fs.mkdirSync(join(folder, "one"));
    spoil(file);
    const before = listing(folder);
    expect(await refusal(openSqliteStore(file))).toBe(words);
    expect(listing(folder)).toEqual(before);
  },
);

function listing(folder: string): readonly string[] {
  return fs.readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => {
    const file = join(folder, name);
    return `${name} ${fs.statSync(file).isFile() ? fs.readFileSync(file, "latin1") : ""}`;
  });
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => "it was done",
    (error: unknown) => error,
  );
  if (!(error instanceof AppError)) return String(error);
  return `${error.code} ${error.message}; ${printText(error.fix)}`;
}

const NEWER = [...MIGRATIONS, "CREATE TABLE other (a)", "INSERT INTO other VALUES (1)"];

test("openSqliteStore() brings a file to a newer schema, keeps a copy of it, and refuses it as an older program", async () => {
  const folder = makeTestFolder();
  const file = join(folder, "warren.db");
  const store = await openSqliteStore(file);
  await store.commit(commitOf(1, { a: "1" }));
  await store.close();
  const newer = await openSqliteStore(file, { migrations: NEWER });
  await newer.commit(commitOf(2, { a: "2" }));
  await newer.close();
  expect(fs.readdirSync(folder)).toEqual(["warren.db", "warren.db.before-4"]);
  expect(new DatabaseSync(file).prepare("SELECT * FROM other").all()).toMatchObject([{ a: 1 }]);
  expect(modeOf(`${file}.before-4`)).toBe("600");
  expect((await refusal(openSqliteStore(file))).replaceAll(folder, "")).toMatchInlineSnapshot(
    `"cannot-read a newer warren has written it: its form is 4, and this one knows 2; run the newer warren; or go back to the copy made before it: warren server restore /warren.db.before-4"`,
  );
  const copy = await openSqliteStore(`${file}.before-4`);
  expect(await copy.load()).toMatchObject({ rev: 1, rows: new Map([["a", "1"]]) });
});

test("openSqliteStore() leaves a file as it was when a migration fails", async () => {
  const file = join(makeTestFolder(), "warren.db");
  await (await openSqliteStore(file)).close();
  const migrations = [...MIGRATIONS, "CREATE TABLE other (a); INSERT INTO nowhere VALUES (1)"];
  expect(await refusal(openSqliteStore(file, { migrations }))).toContain("no such table: nowhere");
  await (await openSqliteStore(file)).close();
});

test("openSqliteStore() keeps each acknowledged revision of a writer that is killed, once", async () => {
  const folder = makeTestFolder();
  const file = join(folder, "warren.db");
  for (let time = 0; time < runs(4, 10).numRuns; time += 1) {
    const acknowledged = await killWriter(folder, randomInt(1, 40));
    const store = await openSqliteStore(file);
    const { rev, rows } = await store.load();
    // One more may have been committed, and not been told any more.
    expect([acknowledged, acknowledged + 1]).toContain(rev);
    expect(
      new Map([...rows].map(([key, text]) => [key, key === "last" ? text : text.length])),
    ).toEqual(rowsAt(rev));
    const log = await store.revisions({ limit: rev + 1 });
    expect(log.map((each) => each.rev)).toEqual(Array.from({ length: rev }, (_, at) => rev - at));
    await store.close();
  }
});

/** Lets it commit so often or a little more; the last revision that it told. */
async function killWriter(folder: string, times: number): Promise<number> {
  const words = [join(import.meta.dirname, "killed-writer.contract.ts"), join(folder, "warren.db")];
  // Most of the time that a process takes is that for compiling.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, "cache") };
  const child = spawn(process.execPath, words, { env, stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let told = "";
  child.stdout.on("data", (text) => {
    told += String(text);
    if (told.split("\n").length > times) child.kill("SIGKILL");
  });
  const [, signal] = await once(child, "close");
  expect(signal).toBe("SIGKILL");
  return Number(told.trimEnd().split("\n").at(-1));
}

/** What the writer has written by then, each text by its length. */
function rowsAt(rev: number): ReadonlyMap<string, unknown> {
  const rows = new Map<string, unknown>();
  for (let at = 1; at <= rev; at += 1) {
    rows.delete(`row/${(at + 3) % 7}`);
    rows.set(`row/${at % 7}`, 5_002).set("last", String(at));
  }
  return rows;
}
