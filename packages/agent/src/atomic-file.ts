/** A file's text as a whole: after a kill or a power cut it is the old one or the new one. */
import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { refusalOf, systemCode } from "@warren/api";

/** Of nothing that is kept here: the device of a host with 5,000 peers has 2 MB. */
const LARGEST_BYTES = 64 * 1024 * 1024;

export interface WriteWish {
  readonly mode: number;
  /** Also of a power cut. On a disk in memory there is nothing to wait for. */
  readonly isLasting: boolean;
}

/** One process at a time writes a file: what a killed one left beside it is written over. */
export function writeWhole(file: string, text: string, { mode, isLasting }: WriteWish): void {
  const fresh = join(dirname(file), `.${basename(file)}.warren-new`);
  try {
    fs.rmSync(fresh, { force: true, recursive: true });
    fs.writeFileSync(fresh, text, { mode, flag: "wx", flush: isLasting });
    // Whatever the umask left of it.
    fs.chmodSync(fresh, mode);
    fs.renameSync(fresh, file);
    if (isLasting) flushFolder(dirname(file));
  } catch (cause) {
    fs.rmSync(fresh, { force: true, recursive: true });
    throw refusalOf("cannot-write", file, cause);
  }
}

/** Undefined where there is no such file. */
export function readWhole(file: string): string | undefined {
  try {
    const size = fs.statSync(file).size;
    return size > LARGEST_BYTES ? "" : fs.readFileSync(file, "utf8");
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return undefined;
    throw refusalOf("cannot-read", file, cause);
  }
}

/** The new name, too, is on the disk only then. */
function flushFolder(folder: string): void {
  const descriptor = fs.openSync(folder, "r");
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}
