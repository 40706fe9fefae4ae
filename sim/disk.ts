/** A server's disk: what was written outlasts the process that wrote it, and is written whole or not at all. */
import { AppError, applyDelta } from "@warren/api";
import type { Delta, Entries } from "@warren/api";
import { say } from "@warren/core";
import type { Store, Stored } from "@warren/server";
import type { SimClock } from "./clock.ts";

/** With the deed of each revision, in their order. */
export interface SimContent extends Stored {
  readonly log: readonly string[];
}

export class SimDisk {
  readonly #clock: SimClock;
  /** Until something is on the disk, and again until its writer hears of it. */
  readonly #writeMs: () => number;
  #content: SimContent = { epoch: "epoch 0", rev: 0, rows: new Map(), facts: new Map(), log: [] };
  #restores = 0;
  #writer: { isKilled: boolean } = { isKilled: true };
  isFull = false;
  /** Somebody put an older copy in place by hand: hosts refuse what is said under the same log. */
  wasPutBack = false;

  constructor(clock: SimClock, writeMs: () => number) {
    this.#clock = clock;
    this.#writeMs = writeMs;
  }

  /** A copy, as a backup is one. */
  get content(): SimContent {
    return this.#content;
  }

  /** For one process: what it was writing when it was killed, it hears no more of. */
  open(): Store {
    const writer = { isKilled: false };
    this.#writer = writer;
    const write = async (work: () => void): Promise<void> => {
      await this.#pause(writer);
      if (this.isFull) throw full();
      work();
      await this.#pause(writer);
    };
    return {
      load: async () => this.#content,
      commit: async (...commits) =>
        await write(() => {
          for (const commit of commits) {
            if (commit.rev !== this.#content.rev + 1) throw new Error("two have written at once");
            this.#change("rows", commit);
            const log = [...this.#content.log, commit.command];
            this.#content = { ...this.#content, rev: commit.rev, log };
          }
        }),
      saveFacts: async (change) => await write(() => this.#change("facts", change)),
      revisions: async () => [],
      close: async () => undefined,
    };
  }

  kill(): void {
    this.#writer.isKilled = true;
  }

  /** As `warren server restore` does it: from here on it is another log. */
  restore(copy: SimContent): void {
    this.#restores += 1;
    this.#content = { ...copy, epoch: `epoch ${this.#restores}` };
  }

  /** As somebody does it with cp. */
  putBack(copy: SimContent): void {
    this.#content = copy;
    this.wasPutBack = true;
  }

  #change(table: "rows" | "facts", delta: Delta): void {
    const entries: Entries = applyDelta(this.#content[table], delta);
    this.#content = { ...this.#content, [table]: entries };
  }

  async #pause(writer: { readonly isKilled: boolean }): Promise<void> {
    await new Promise<void>((goOn) => {
      this.#clock.after(this.#writeMs(), () => {
        if (!writer.isKilled) goOn();
      });
    });
  }
}

function full(): AppError {
  return new AppError("cannot-write", say`no space is left`, { fix: say`mend the test` });
}
