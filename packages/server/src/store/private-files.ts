/** Files for their owner alone, in folders for their owner alone: whole when they have their name, and there to stay. */
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { AppError } from "@warren/api";
import { say } from "@warren/core";

/** Of `writeWhole`, and what SQLite puts beside it. */
const UNDER_WAY = /^\..+\.[0-9a-f]{12}\.warren-new(?:-journal|-wal|-shm)?$/;
/** Nobody writes a file for so long without a byte. */
const LEFT_MS = 3_600_000;

/**
 * Has `fill` write into a new file beside `file`, which then takes its place: after a loss of power there is
 * the one or the other. `place` is a rename, or a link where nothing may be replaced.
 */
export async function writeWhole(
  file: string,
  fill: (underWay: string) => Promise<unknown> | void,
  place: (underWay: string, file: string) => void = fs.renameSync,
): Promise<void> {
  // A name of its own: two that write the same file at once would else put each other's half in place.
  const unique = randomBytes(6).toString("hex");
  const underWay = join(dirname(file), `.${basename(file)}.${unique}.warren-new`);
  try {
    sweep(dirname(file));
    fs.closeSync(fs.openSync(underWay, "wx", 0o600));
    await fill(underWay);
    syncPath(underWay);
    place(underWay, file);
    syncPath(dirname(file));
  } finally {
    fs.rmSync(underWay, { force: true });
  }
}

/** A killed one leaves what it had: perhaps a whole store. */
function sweep(folder: string): void {
  for (const name of fs.readdirSync(folder).filter((each) => UNDER_WAY.test(each))) {
    const path = join(folder, name);
    const { mtimeMs = Date.now(), uid } = fs.lstatSync(path, { throwIfNoEntry: false }) ?? {};
    const isOurs = uid === process.getuid?.();
    if (isOurs && Date.now() - mtimeMs > LEFT_MS) fs.rmSync(path, { force: true });
  }
}

export function makePrivateFolder(folder: string): void {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
}

/** Takes away what others may do with a file that is there; whether there is one. */
export function protectFile(file: string): boolean {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true) {
    const text = say`a folder stands where a file is needed`;
    throw new AppError("cannot-write", text, { fix: say`move it away`, file });
  }
  if (stat !== undefined && (stat.mode & 0o077) !== 0) fs.chmodSync(file, stat.mode & 0o700);
  return stat !== undefined;
}

/** The same for two names of one file. */
export function identityOf(file: string): string | undefined {
  const stat = fs.statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.dev} ${stat.ino}`;
}

function syncPath(path: string): void {
  const descriptor = fs.openSync(path, "r");
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}
