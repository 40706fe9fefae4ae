/** Lets one command at a time write a mesh's files; the kernel frees the place of one that was killed. */
import { accessSync, closeSync, constants, openSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { say } from "@warren/core";
import { AppError, describeSystem, systemCode } from "@warren/api";
import { makeFolder, removeIfEmpty } from "./folders.ts";

/** Longer than any command writes; then somebody should look. */
const WAIT_MS = 60_000;
/** Each attempt that fails means that another command has come and gone meanwhile. */
const ATTEMPTS = 100;
/** SQLite's own codes for "somebody holds the lock" (SQLITE_BUSY). */
const BUSY = 5;

/**
 * Runs `work` while holding `file`. The lock is SQLite's on an empty database: it works on every
 * system, waits its turn, and dies with its process, which no lock file made by hand does. When
 * `work` throws, a file that was made for it is taken away.
 */
export function exclusively<T>(file: string, work: () => T, waitMs = WAIT_MS): T {
  const turn = takeTurn(file, waitMs);
  try {
    return work();
  } catch (error) {
    // While the lock is held: who waits for it sees that it holds a file that is no longer there.
    takeAway(file, turn.made);
    throw error;
  } finally {
    turn.database.close();
  }
}

interface Turn {
  readonly database: DatabaseSync;
  readonly made: Made;
}

interface Made {
  readonly isFileMade: boolean;
  readonly folders: readonly string[];
}

function takeTurn(file: string, waitMs: number): Turn {
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const turn = tryTurn(file, waitMs);
      if (turn !== undefined) return turn;
    }
    throw new Error("it comes and goes");
  } catch (cause) {
    const code: unknown = cause instanceof Error && "errcode" in cause ? cause.errcode : undefined;
    if (code === BUSY) {
      const fix = say`wait for the other command, or end it`;
      throw new AppError("busy", say`another warren is writing here`, { fix, file, cause });
    }
    const { why, fix: usual } = describeSystem(cause);
    const fix = code === undefined ? usual : say`remove it: it holds nothing`;
    throw new AppError("cannot-write", say`cannot write here: ${why}`, { fix, file, cause });
  }
}

/** Undefined when the one before took the file away, so that whoever comes next holds another. */
function tryTurn(file: string, waitMs: number): Turn | undefined {
  const made = makeLockFile(file);
  const before = identityOf(file);
  if (before === undefined) return undefined;
  // SQLite's own word for a file that cannot be written comes late, and names no reason.
  accessSync(file, constants.R_OK | constants.W_OK);
  const database = new DatabaseSync(file, { timeout: waitMs });
  try {
    // Nothing is written to it: a journal beside it would only change the folder.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    if (identityOf(file) === before) return { database, made };
  } catch (error) {
    database.close();
    throw error;
  }
  database.close();
  return undefined;
}

function makeLockFile(file: string): Made {
  const folders = makeFolder(dirname(file));
  try {
    closeSync(openSync(file, "wx", 0o600));
    return { isFileMade: true, folders };
  } catch (error) {
    // ENOENT: who made the folder before has just taken it away.
    if (["EEXIST", "ENOENT"].includes(systemCode(error))) return { isFileMade: false, folders };
    for (const folder of folders.toReversed()) removeIfEmpty(folder);
    throw error;
  }
}

/** The time of birth, too: the number of a file that is gone can be given to the next. */
function identityOf(file: string): string | undefined {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.dev} ${stat.ino} ${stat.birthtimeNs}`;
}

function takeAway(file: string, { isFileMade, folders }: Made): void {
  if (isFileMade) rmSync(file, { force: true });
  for (const folder of folders.toReversed()) removeIfEmpty(folder);
}
