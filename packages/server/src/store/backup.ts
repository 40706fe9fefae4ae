/** Backups of a store in SQLite: copied while a server writes to it, and put in its place while none does. */
import { chownSync, existsSync, linkSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AppError } from "@warren/api";
import { say } from "@warren/core";
import * as database from "./database.ts";
import { identityOf, makePrivateFolder, writeWhole } from "./private-files.ts";
import { MIGRATIONS } from "./schema.ts";

/** A whole copy of the store as it is now. A file that is there already is replaced. */
export async function backupStore(file: string, backupFile: string): Promise<void> {
  checkDifferent(file, backupFile);
  const source = database.openToRead(file, MIGRATIONS.length);
  try {
    await writeWhole(backupFile, (underWay) => database.copyDatabase(source, underWay));
  } catch (cause) {
    throw database.storeRefusal(backupFile, cause);
  } finally {
    source.close();
  }
}

/**
 * Puts a backup where the store is; gives the name under which the one before was kept. An agent that has seen
 * more than the backup knows is told by the new epoch that this is meant. One that is damaged
 * so that it cannot be locked is taken to be nobody's.
 */
export async function restoreStore(backupFile: string, file: string): Promise<string | undefined> {
  checkDifferent(backupFile, file);
  const source = database.openToRead(backupFile, MIGRATIONS.length);
  try {
    checkWhole(source, backupFile);
    makePrivateFolder(dirname(file));
    const copy = async (underWay: string): Promise<void> => {
      await database.copyDatabase(source, underWay);
      renewEpoch(underWay);
    };
    let kept: string | undefined;
    await writeWhole(file, copy, (underWay) => {
      kept = replaceStore(underWay, file);
    });
    return kept;
  } catch (cause) {
    throw database.storeRefusal(file, cause);
  } finally {
    source.close();
  }
}

function checkDifferent(one: string, other: string): void {
  const identity = identityOf(one);
  if (identity === undefined || identity !== identityOf(other)) return;
  const fix = say`name another file`;
  throw new AppError("usage", say`it is the store itself`, { fix, file: other });
}

function checkWhole(source: DatabaseSync, file: string): void {
  try {
    const { integrity_check: found } = source.prepare("PRAGMA integrity_check(1)").get() ?? {};
    if (found === "ok") return;
  } catch (cause) {
    throw database.storeRefusal(file, cause);
  }
  const fix = say`take another backup`;
  throw new AppError("cannot-read", say`it is damaged`, { fix, file });
}

function renewEpoch(file: string): void {
  const copy = new DatabaseSync(file);
  try {
    copy.exec("UPDATE identity SET epoch = lower(hex(randomblob(16)))");
  } finally {
    copy.close();
  }
}

function replaceStore(underWay: string, file: string): string | undefined {
  if (!existsSync(file)) {
    renameSync(underWay, file);
    return undefined;
  }
  const lock = database.lockDatabase(file, () => {
    const fix = say`stop the server first`;
    return new AppError("busy", say`a server has it open`, { fix, file });
  });
  try {
    const { uid, gid } = statSync(file);
    // Root restores, and the server is somebody else. Only root can give a file away.
    if (process.getuid?.() === 0) chownSync(underWay, uid, gid);
    const kept = findFreeName(`${file}.before-restore`);
    // What SQLite could not put into a damaged store it would put into the one that comes there now.
    if (existsSync(`${file}-wal`)) renameSync(`${file}-wal`, `${kept}-wal`);
    rmSync(`${file}-shm`, { force: true });
    linkSync(file, kept);
    renameSync(underWay, file);
    return kept;
  } finally {
    lock?.close();
  }
}

function findFreeName(name: string): string {
  for (let at = 1; ; at += 1) {
    const free = at === 1 ? name : `${name}-${at}`;
    if (!existsSync(free)) return free;
  }
}
