/**
 * Writes many files as one change: all are written beside their places first, then renamed into
 * them. A full disk or a bad permission shows before the first file changes, and no file is ever half.
 */
import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { say } from "@warren/core";
import type { Pieces } from "@warren/core";
import { AppError, refusalOf } from "@warren/api";
import { listFolder, makeFolder, removeIfEmpty } from "./folders.ts";
import { TextBuffer } from "../terminal/text-buffer.ts";

export interface Written {
  readonly changed: readonly string[];
  readonly unchanged: number;
  readonly removed: readonly string[];
}

/** Who may read a file: secrets only their owner, whatever was allowed before; a user's own file whoever did. */
export type Audience = "owner" | "everybody" | "as-before";

const MODES: Readonly<Record<Audience, number>> = {
  owner: 0o600,
  everybody: 0o644,
  "as-before": 0o644,
};

/** Files under way end so; one left behind by a killed process is removed by who writes the same file next. */
const UNDER_WAY = ".warren-new";

export class Staging {
  readonly #buffer = new TextBuffer();
  readonly #changed: string[] = [];
  readonly #underWay = new Set<string>();
  readonly #removed: string[] = [];
  readonly #exposed: string[] = [];
  readonly #folders: string[] = [];
  readonly #known = new Set<string>();
  readonly #made = new Set<string>();
  readonly #folderMode: number;
  #unchanged = 0;

  /** Folders that are made on the way are for their owner alone, unless they hold no secret. */
  constructor(folderMode = 0o700) {
    this.#folderMode = folderMode;
  }

  /** Plans a file's new text. A file that has it already is left alone, but for who may read it. */
  put(file: string, text: string | Pieces, audience: Audience): void {
    const bytes = this.#buffer.encode(typeof text === "string" ? [text] : text);
    try {
      this.#makeFolder(dirname(file));
      // Only of this file: beside it, somebody else may be at work.
      if (!this.#underWay.has(underWay(file)) && fs.existsSync(underWay(file))) {
        fs.rmSync(underWay(file));
      }
      const stat = fs.lstatSync(file, { throwIfNoEntry: false });
      if (stat?.isDirectory() === true) throw folderInTheWay(file);
      if (stat?.isFile() === true && stat.size === bytes.length && this.#buffer.isIn(file, bytes)) {
        // Files of everybody keep the mode that their owner gave them.
        if (audience === "owner") this.protect(file);
        this.#unchanged += 1;
        return;
      }
      // Said before it is written, so that a failure half way removes it too.
      this.#changed.push(file);
      this.#underWay.add(underWay(file));
      fs.writeFileSync(underWay(file), bytes, { mode: MODES[audience], flag: "wx" });
      if (audience === "as-before" && stat !== undefined) keepRights(underWay(file), stat);
    } catch (cause) {
      throw refusalOf("cannot-write", file, cause);
    }
  }

  /** Once a folder, however many files it gets. */
  #makeFolder(folder: string): void {
    if (this.#known.has(folder)) return;
    const made = makeFolder(folder, this.#folderMode);
    this.#folders.push(...made);
    for (const each of made) this.#made.add(each);
    this.#known.add(folder);
  }

  /** Whether there was no such folder before: nothing is in it but what was put there. */
  isNew(folder: string): boolean {
    return this.#made.has(folder);
  }

  /** Plans that only its owner may read a file, or look into a folder, that others may now. */
  protect(path: string): void {
    const stat = attempt(path, () => fs.lstatSync(path, { throwIfNoEntry: false }));
    if (stat === undefined || stat.isSymbolicLink()) return;
    if ((stat.mode & 0o077) !== 0) this.#exposed.push(path);
  }

  /** Plans a file that keeps git away from all beside it, unless there is one already. */
  ignoreAll(folder: string): void {
    const file = join(folder, ".gitignore");
    const there = attempt(file, () => fs.lstatSync(file, { throwIfNoEntry: false }));
    if (there === undefined) this.put(file, "*\n", "everybody");
  }

  /** Plans the removal of a file. */
  remove(file: string): void {
    this.#removed.push(file);
  }

  /** Plans the removal of what a killed process left under way of a file. */
  sweepFile(file: string): void {
    if (fs.existsSync(underWay(file))) this.remove(underWay(file));
  }

  /** Plans the removal of what killed processes left under way in a folder that nobody else writes to now. */
  sweep(folder: string): void {
    for (const { name } of listFolder(folder).filter((each) => each.isFile())) {
      const file = join(folder, name);
      const isLeft = name.startsWith(".") && name.endsWith(UNDER_WAY);
      if (isLeft && !this.#underWay.has(file)) this.remove(file);
    }
  }

  /** Puts everything in its place, in the order in which it was planned. */
  commit(): Written {
    for (const file of this.#changed) {
      attempt(file, () => fs.renameSync(underWay(file), file));
    }
    for (const path of this.#exposed) {
      attempt(path, () => fs.chmodSync(path, fs.statSync(path).mode & 0o700));
    }
    for (const file of this.#removed) {
      attempt(file, () => {
        fs.rmSync(file, { force: true });
        removeIfEmpty(dirname(file));
      });
    }
    return { changed: this.#changed, unchanged: this.#unchanged, removed: this.#removed };
  }

  /** Takes back what was not committed: nothing but files under way and folders made for them. */
  discard(): void {
    for (const file of this.#changed) fs.rmSync(underWay(file), { force: true });
    for (const folder of this.#folders.toReversed()) removeIfEmpty(folder);
  }
}

/** Runs `plan` on a staging and commits it; if anything throws before the first rename, nothing has changed. */
export function staged(plan: (staging: Staging) => void, folderMode?: number): Written {
  const staging = new Staging(folderMode);
  try {
    plan(staging);
    return staging.commit();
  } catch (error) {
    staging.discard();
    throw error;
  }
}

/** Writes one file that a command was told to. What is no plain file is written to, as by a shell: /dev/stdout. */
export function writeNamed(file: string, text: string, audience: Audience): void {
  const stat = attempt(file, () => fs.lstatSync(file, { throwIfNoEntry: false }));
  const isPlain = stat === undefined || stat.isFile() || stat.isDirectory();
  if (isPlain) staged((staging) => staging.put(file, text, audience));
  else attempt(file, () => fs.writeFileSync(file, text, { mode: MODES[audience] }));
}

/** Mode and owner of the file that another takes the place of. Only root can give a file away. */
function keepRights(file: string, { mode, uid, gid }: fs.Stats): void {
  if (process.getuid?.() === 0) fs.chownSync(file, uid, gid);
  fs.chmodSync(file, mode & 0o777);
}

function underWay(file: string): string {
  return join(dirname(file), `.${basename(file)}${UNDER_WAY}`);
}

function attempt<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw refusalOf("cannot-write", file, cause);
  }
}

function folderInTheWay(file: string): AppError {
  const fix = say`move it away`;
  return new AppError("cannot-write", say`a folder stands where a file is needed`, { fix, file });
}
