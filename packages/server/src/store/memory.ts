/** A store that lasts as long as its process: for tests, and for a demonstration in a browser's tab. */
import { applyDelta } from "@warren/api";
import type { Delta, Entries } from "@warren/api";
import { changesOf, checkNext } from "./store.ts";
import type { Commit, Page, Revision, Store, Stored } from "./store.ts";

/** The epoch is random, and made by who may. */
export function createMemoryStore(epoch: string): Store {
  return new MemoryStore(epoch);
}

class MemoryStore implements Store {
  readonly #epoch: string;
  readonly #log: Revision[] = [];
  #rows: Entries = new Map();
  #facts: Entries = new Map();

  constructor(epoch: string) {
    this.#epoch = epoch;
  }

  async load(): Promise<Stored> {
    return { epoch: this.#epoch, rev: this.#log.length, rows: this.#rows, facts: this.#facts };
  }

  async commit(...commits: readonly Commit[]): Promise<void> {
    for (const [at, { rev }] of commits.entries()) checkNext(rev, this.#log.length + at);
    for (const commit of commits) {
      this.#rows = applyDelta(this.#rows, commit);
      this.#log.push({ ...commit, ...changesOf(commit) });
    }
  }

  async saveFacts(change: Delta): Promise<void> {
    this.#facts = applyDelta(this.#facts, change);
  }

  async revisions({ before = Infinity, limit }: Page): Promise<readonly Revision[]> {
    const end = Math.min(before - 1, this.#log.length);
    return this.#log.slice(Math.max(0, end - limit), Math.max(0, end)).toReversed();
  }

  async close(): Promise<void> {}
}
