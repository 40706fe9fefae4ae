/** A server's folder: one server at a time has it, and says there how the command line on its host finds it. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { AppError } from "@warren/api";
import { say } from "@warren/core";
import { lockDatabase, makeFile, storeRefusal } from "./store/database.ts";
import { writeWhole } from "./store/private-files.ts";

/** What the command line on the same host finds the server by. */
export const LOCAL_FILE = "local.json";
export const STORE_FILE = "warren.db";
/** It holds nothing, and stays, so that all who ever come lock the same one. */
const LOCK_FILE = ".server";

/**
 * Held until that is closed, or the process ends. Of two servers neither would see what the other commits.
 * Not the store's own lock: a backup reads it while the server runs.
 */
export function lockFolder(folder: string): DatabaseSync {
  const file = join(folder, LOCK_FILE);
  try {
    makeFile(file);
    const lock = lockDatabase(file, () => inUse(folder));
    if (lock !== undefined) return lock;
  } catch (cause) {
    throw storeRefusal(file, cause);
  }
  const fix = say`remove it: it holds nothing`;
  throw new AppError("cannot-write", say`it is no lock`, { fix, file });
}

/** The process that serves from there; undefined where none does. */
export function findServer(folder: string): string | undefined {
  try {
    if (existsSync(join(folder, LOCK_FILE))) lockFolder(folder).close();
    return undefined;
  } catch (error) {
    if (error instanceof AppError && error.code === "busy") return findHolder(folder);
    throw error;
  }
}

/** For whoever may read the folder. */
export async function writeLocalFile(
  folder: string,
  login: { readonly address: string; readonly pin: string; readonly token: string },
): Promise<void> {
  const text = `${JSON.stringify({ ...login, process: process.pid })}\n`;
  await writeWhole(join(folder, LOCAL_FILE), (file) => writeFileSync(file, text));
}

export function removeLocalFile(folder: string): void {
  rmSync(join(folder, LOCAL_FILE), { force: true });
}

function inUse(folder: string): AppError {
  const text = say`a server runs in this folder already: process ${findHolder(folder)}`;
  const fix = say`it is enough; or stop it first: systemctl stop warren-server, or kill that process`;
  return new AppError("busy", text, { fix, file: folder });
}

/** It has not said it yet, where it has only just begun. */
function findHolder(folder: string): string {
  try {
    return /"process":(\d+)/.exec(readFileSync(join(folder, LOCAL_FILE), "utf8"))?.[1] ?? "?";
  } catch {
    return "?";
  }
}
