/** Lets one process at a time do something: run a network, change what several share. The kernel frees the place of one that was killed. */
import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { AppError, refusalOf } from "@warren/api";
import { say } from "@warren/core";

/** SQLite's own code for "somebody holds the lock" (SQLITE_BUSY). */
const BUSY = 5;

/**
 * Holds `file` until it is closed, or the process ends. The lock is SQLite's on an empty database, as
 * that of the mesh's writers; the file stays, so that all who ever come hold the same one.
 */
export class NetworkLock {
  readonly #database: DatabaseSync;

  /** Waits so long for another to be done. */
  constructor(file: string, waitMs = 0) {
    try {
      // SQLite's own would be readable by everybody.
      closeSync(openSync(file, "a", 0o600));
      this.#database = new DatabaseSync(file, { timeout: waitMs });
    } catch (cause) {
      throw refusalOf("cannot-write", file, cause);
    }
    try {
      // Nothing is written to it: a journal beside it would only be in the way.
      this.#database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    } catch (cause) {
      this.#database.close();
      throw refusalOfLock(file, cause);
    }
  }

  close(): void {
    this.#database.close();
  }
}

function refusalOfLock(file: string, cause: unknown): AppError {
  const code: unknown = cause instanceof Error && "errcode" in cause ? cause.errcode : undefined;
  if (code === BUSY) {
    const fix = say`it is enough: look at it with warren status; or stop it first`;
    return new AppError("busy", say`another agent runs this network`, { fix, file, cause });
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  const fix = say`remove it: it holds nothing`;
  return new AppError("cannot-write", say`cannot write here: ${why}`, { fix, file, cause });
}
