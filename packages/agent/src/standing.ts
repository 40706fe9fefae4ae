/** How the agent stands, for whoever asks: what is wrong stands there until that very thing has come right. */
import * as core from "@warren/core";
import type { Status } from "./world.ts";

/** `clone`: another host comes as this one. */
type What = "line" | "clone" | "device" | "kernel";

export class Standing {
  readonly #tell: (status: Status) => void;
  readonly #troubles = new Map<What, core.Text>();
  #status: Status;

  constructor(tell: (status: Status) => void, rev: number | undefined) {
    this.#tell = tell;
    this.#status = { isConnected: false, isWaiting: false, ...core.optional("rev", rev) };
  }

  get isConnected(): boolean {
    return this.#status.isConnected;
  }

  /** It is told with the next note. */
  right(what: What): void {
    this.#troubles.delete(what);
  }

  wrong(what: What, why: core.Text, more: Partial<Status> = {}): void {
    this.#troubles.set(what, why);
    this.note(more);
  }

  note(more: Partial<Status>): void {
    const { error: _, ...status } = this.#status;
    const [first, ...others] = this.#troubles.values();
    const error = first && others.reduce((all, each) => core.say`${all}; ${each}`, first);
    this.#status = { ...status, ...more, ...core.optional("error", error) };
    this.#tell(this.#status);
  }
}
