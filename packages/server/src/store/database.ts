/** A file of SQLite with the schema of a store: opened, copied, written to; and what SQLite refuses, in words. */
import { accessSync, closeSync, constants, openSync } from "node:fs";
import { dirname } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { AppError, refusalOf } from "@warren/api";
import type { ErrorCode } from "@warren/api";
import { say } from "@warren/core";
import type { Phrase } from "@warren/core";
import { makePrivateFolder, protectFile, writeWhole } from "./private-files.ts";
import { copyBefore, migrate, readSchema } from "./schema.ts";

export interface OpenOptions {
  readonly migrations: readonly string[];
  /** How long another process that is writing is waited for. */
  readonly waitMs: number;
}

/** More pages than a file can have: a copy that is made in one step is of one moment, whoever writes meanwhile. */
const ALL_PAGES = 2 ** 31 - 1;

/** SQLite's result codes, https://www.sqlite.org/rescode.html */
const BUSY = 5;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;
const READ_ONLY = 8;
const FULL = 13;
/** A restore was waited for: what is open is no longer the store, but what was kept of it. */
const MOVED = 1032;

/** Makes the file where there is none, and gives it this program's schema. */
export async function openDatabase(file: string, options: OpenOptions): Promise<DatabaseSync> {
  makeFile(file);
  const database = new DatabaseSync(file, { timeout: options.waitMs });
  try {
    await prepare(database, file, options.migrations);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Opens a store that is there, or a backup of one, and leaves it as it is. */
export function openToRead(file: string, known: number): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    // SQLite's own word for a file that cannot be opened names no reason.
    accessSync(file, constants.R_OK);
    database = new DatabaseSync(file, { readOnly: true });
    if (readSchema(database, file, known) > 0) return database;
    const fix = say`name a store of Warren's, or a backup of one`;
    throw new AppError("cannot-read", say`nothing is in it`, { fix, file });
  } catch (cause) {
    database?.close();
    throw sqliteCode(cause) === undefined
      ? refusalOf("cannot-read", file, cause)
      : storeRefusal(file, cause);
  }
}

/** Copies all of a store as it is at one moment into an empty file, which then needs no other beside it. */
export async function copyDatabase(source: DatabaseSync, file: string): Promise<void> {
  await backup(source, file, { rate: ALL_PAGES });
  const copy = new DatabaseSync(file);
  try {
    copy.exec("PRAGMA journal_mode = DELETE");
  } finally {
    copy.close();
  }
}

/** All of `work` or nothing. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  // IMMEDIATE: nobody writes between what is read here and what is written.
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // After some failures SQLite has taken it back already.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** Held by nobody else, and with nothing left in the files beside it; undefined when it is no longer a database. */
export function lockDatabase(file: string, inUse: () => AppError): DatabaseSync | undefined {
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    // Everybody who has it open holds a part of this lock, and loses it only by his end.
    lock.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
    return lock;
  } catch (cause) {
    lock.close();
    const code = (sqliteCode(cause) ?? 0) & 0xff;
    if (code === CORRUPT || code === NOT_A_DATABASE) return undefined;
    throw code === BUSY ? inUse() : cause;
  }
}

/** SQLite's result code of a failure; its lowest byte says what, the others which of that. */
function sqliteCode(cause: unknown): number | undefined {
  const code: unknown = cause instanceof Error && "errcode" in cause ? cause.errcode : undefined;
  return typeof code === "number" ? code : undefined;
}

/** What the system or SQLite refused of a file, in words. Mistakes of ours stay as they are. */
export function storeRefusal(file: string, cause: unknown): unknown {
  if (cause instanceof Error && "syscall" in cause) return refusalOf("cannot-write", file, cause);
  const restore = say`name another file, or restore a backup: warren server restore FILE`;
  const known = new Map<number, readonly [code: ErrorCode, text: Phrase, fix: Phrase]>([
    [BUSY, ["busy", say`another process is writing to it`, say`wait for it, or end it`]],
    [MOVED, ["busy", say`a backup was restored just now`, say`run it again`]],
    [FULL, ["cannot-write", say`no space is left`, say`free some and run it again`]],
    [READ_ONLY, ["cannot-write", say`it may only be read`, say`let the server's user write to it`]],
    [CORRUPT, ["cannot-read", say`it is damaged`, restore]],
    [NOT_A_DATABASE, ["cannot-read", say`it is no database`, restore]],
  ]);
  const found = sqliteCode(cause);
  if (found === undefined) return cause;
  const message = cause instanceof Error ? cause.message : "";
  const [code, text, fix] = known.get(found) ??
    known.get(found & 0xff) ?? [
      "cannot-write",
      say`cannot write here: ${message}`,
      say`see the message`,
    ];
  return new AppError(code, text, { fix, file, cause });
}

/** An empty one, for its owner alone, where there is none. */
export function makeFile(file: string): void {
  makePrivateFolder(dirname(file));
  // It is not opened where it is there: to close it would end the locks that SQLite has on it in this process.
  if (protectFile(file)) accessSync(file, constants.R_OK | constants.W_OK);
  else closeSync(openSync(file, "wx", 0o600));
}

async function prepare(
  database: DatabaseSync,
  file: string,
  migrations: readonly string[],
): Promise<void> {
  const schema = readSchema(database, file, migrations.length);
  // FULL: what was acknowledged outlasts a loss of power. And what is deleted or replaced is in no free page.
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON");
  if (schema > 0 && schema < migrations.length) {
    const copy = copyBefore(file, migrations.length);
    await writeWhole(copy, (underWay) => copyDatabase(database, underWay));
  }
  for (const [before, migration] of migrations.entries()) {
    inTransaction(database, () => {
      // Another process may have been quicker.
      if (readSchema(database, file, migrations.length) > before) return;
      migrate(database, before + 1, migration);
    });
  }
}
