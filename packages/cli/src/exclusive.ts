/** Lets one command at a time write a mesh's files; the kernel frees the place of one that was killed. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AppError, describeSystem } from "./app-error.ts";

/** Longer than any command writes; then somebody should look. */
const WAIT_MS = 60_000;
/** SQLite's own codes for "somebody holds the lock" (SQLITE_BUSY). */
const BUSY = 5;

/**
 * Runs `work` while holding `file`. The lock is SQLite's on an empty database: it works on every
 * system, waits its turn, and dies with its process, which no lock file made by hand does.
 */
export function exclusively<T>(file: string, work: () => T): T {
  const database = open(file);
  try {
    return work();
  } finally {
    database.close();
  }
}

function open(file: string): DatabaseSync {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const database = new DatabaseSync(file, { timeout: WAIT_MS });
    database.exec("BEGIN EXCLUSIVE");
    return database;
  } catch (cause) {
    const code: unknown = cause instanceof Error && "errcode" in cause ? cause.errcode : undefined;
    if (code === BUSY) {
      const fix = "wait for the other command, or end it";
      throw new AppError("busy", "another warren is writing here", { fix, file, cause });
    }
    const { why, fix } = describeSystem(cause);
    throw new AppError("cannot-write", `cannot write here: ${why}`, { fix, file, cause });
  }
}
