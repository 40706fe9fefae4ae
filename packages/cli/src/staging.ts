/**
 * Writes many files as one change: all are written beside their places first, then renamed into
 * them. A full disk or a bad permission shows before the first file changes, and no file is ever half.
 */
import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { AppError, describeSystem } from "./app-error.ts";

export interface Written {
  readonly changed: readonly string[];
  readonly unchanged: number;
  readonly removed: readonly string[];
}

/** Files under way end so; one left behind by a killed process is removed by the next. */
const UNDER_WAY = ".warren-new";

export class Staging {
  readonly #changed: string[] = [];
  readonly #removed: string[] = [];
  readonly #folders: string[] = [];
  #unchanged = 0;

  /** Plans a file's new text. A file that has it already is left alone, but for its mode. */
  put(file: string, text: string, mode: number): void {
    try {
      this.#makeFolder(dirname(file));
      fs.rmSync(underWay(file), { force: true });
      if (hasText(file, text)) {
        fs.chmodSync(file, mode);
        this.#unchanged += 1;
        return;
      }
      // Said before it is written, so that a failure half way removes it too.
      this.#changed.push(file);
      fs.writeFileSync(underWay(file), text, { mode, flag: "wx" });
    } catch (cause) {
      throw refusal(file, cause);
    }
  }

  /** Plans the removal of a file. */
  remove(file: string): void {
    this.#removed.push(file);
  }

  /** Puts everything in its place, in the order in which it was planned. */
  commit(): Written {
    for (const file of this.#changed) {
      try {
        fs.renameSync(underWay(file), file);
      } catch (cause) {
        throw refusal(file, cause);
      }
    }
    for (const file of this.#removed) {
      fs.rmSync(file, { force: true });
      removeIfEmpty(dirname(file));
    }
    return { changed: this.#changed, unchanged: this.#unchanged, removed: this.#removed };
  }

  /** Takes back what was not committed: nothing but files under way and folders made for them. */
  discard(): void {
    for (const file of this.#changed) fs.rmSync(underWay(file), { force: true });
    for (const folder of this.#folders.toReversed()) removeIfEmpty(folder);
  }

  /** Folders hold keys, so nobody else may look in: 0700, each remembered to be taken back. */
  #makeFolder(folder: string): void {
    if (fs.existsSync(folder)) return;
    this.#makeFolder(dirname(folder));
    fs.mkdirSync(folder, { mode: 0o700 });
    this.#folders.push(folder);
  }
}

/** Runs `plan` on a staging and commits it; if anything throws, nothing has changed. */
export function staged(plan: (staging: Staging) => void): Written {
  const staging = new Staging();
  try {
    plan(staging);
    return staging.commit();
  } catch (error) {
    staging.discard();
    throw error;
  }
}

/** The file that one under way was to become; undefined for any other file. */
export function targetOf(file: string): string | undefined {
  const name = basename(file);
  if (!name.startsWith(".") || !name.endsWith(UNDER_WAY)) return undefined;
  return join(dirname(file), name.slice(1, -UNDER_WAY.length));
}

function underWay(file: string): string {
  return join(dirname(file), `.${basename(file)}${UNDER_WAY}`);
}

function hasText(file: string, text: string): boolean {
  const stat = fs.lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) return false;
  if (stat.size !== Buffer.byteLength(text)) return false;
  return fs.readFileSync(file, "utf8") === text;
}

function removeIfEmpty(folder: string): void {
  if (fs.existsSync(folder) && fs.readdirSync(folder).length === 0) fs.rmdirSync(folder);
}

function refusal(file: string, cause: unknown): AppError {
  const { why, fix } = describeSystem(cause);
  return new AppError("cannot-write", `cannot write: ${why}`, { fix, file, cause });
}
