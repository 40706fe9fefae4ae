/** Time that goes on only when it is told to. */

const STEP_MS = 20;
const MOST_STEPS = 1000;

interface Timer {
  readonly atMs: number;
  readonly work: () => void;
}

/** Does what was put off in its order, when time is told to go on. */
export class SimClock {
  #now = Date.UTC(2026, 0, 1);
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  after(delayMs: number, work: () => void): () => void {
    const timer = { atMs: this.#now + delayMs, work };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  async pass(spanMs: number): Promise<void> {
    const endsAt = this.#now + spanMs;
    for (;;) {
      await settle();
      const next = this.#findNext();
      if (next === undefined || next.atMs > endsAt) break;
      this.#timers.delete(next);
      this.#now = next.atMs;
      next.work();
    }
    this.#now = endsAt;
  }

  /** So long as it takes, in steps; what takes for ever is a mistake. */
  async until<T>(work: Promise<T>): Promise<T> {
    const wait = { isOver: false };
    const over = (): void => {
      wait.isOver = true;
    };
    work.then(over, over);
    for (let step = 0; !wait.isOver; step += 1) {
      if (step === MOST_STEPS) throw new Error("what was waited for never ends");
      await this.pass(STEP_MS);
    }
    return await work;
  }

  /** Of those that are due at once the one that was put off first. */
  #findNext(): Timer | undefined {
    let next: Timer | undefined;
    for (const each of this.#timers) {
      if (next === undefined || each.atMs < next.atMs) next = each;
    }
    return next;
  }
}

/** Whatever has begun and needs no clock: a step of an agent awaits some dozens of answers, one after the other. */
async function settle(): Promise<void> {
  for (let awaited = 0; awaited < 200; awaited += 1) await Promise.resolve();
}
