/**
 * Where the control plane's state lies: rows of text by key, and the log of all that has changed them.
 * What a key means is the business of who writes it, but for sealed ones, and the log tells keys alone.
 */
import { AppError } from "@warren/api";
import type { Delta, Entries } from "@warren/api";
import { say } from "@warren/core";

/** Whoever commits must know the whole state: the revision that follows the one he has read is his, or nobody's. */
export interface Store {
  load(): Promise<Stored>;
  /** One after the other, all of them or nothing; `stale` when the first one's revision is not the next. */
  commit(...commits: readonly Commit[]): Promise<void>;
  /** What was observed: neither a revision nor in the log. */
  saveFacts(change: Delta): Promise<void>;
  /** The log, the newest first; `before` is where the page before has ended. */
  revisions(page: Page): Promise<readonly Revision[]>;
  close(): Promise<void>;
}

export interface Stored {
  /** Random: which run of revisions this is. After a restore the same number can be another state. */
  readonly epoch: string;
  /** 0 before the first commit. */
  readonly rev: number;
  readonly rows: Entries;
  readonly facts: Entries;
}

/** A delta is deleted first, then set. */
export interface Commit extends Delta, Deed {}

export interface Deed {
  readonly rev: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly actor: string;
  readonly command: string;
  readonly summary?: string;
}

export interface Revision extends Deed, Changes {}

/** What the log keeps of a delta: which rows. It is kept for ever, and what was in them need not be: hashes of old passwords. */
export interface Changes {
  readonly set: readonly string[];
  readonly delete: readonly string[];
}

export interface Page {
  readonly before?: number;
  readonly limit: number;
}

/** Rows that hold sealed texts, see `createSeal()`. */
export function isSecret(key: string): boolean {
  return key.startsWith("secret/");
}

export function changesOf({ set, delete: gone }: Delta): Changes {
  return { set: set.map(([key]) => key), delete: gone };
}

export function checkNext(rev: number, stored: number): void {
  if (rev === stored + 1) return;
  throw new AppError("stale", say`revision ${rev} does not follow ${stored}`, {
    fix: say`read the state again, and repeat what was to be done`,
  });
}
