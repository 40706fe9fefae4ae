/** Time that goes on only when it is told to. */

/** Does what was put off in its order, when time is told to go on. */
export class SimClock {
  #now = 1_000_000;
  #count = 0;
  readonly #timers = new Map<number, { readonly atMs: number; readonly work: () => void }>();

  now(): number {
    return this.#now;
  }

  after(delayMs: number, work: () => void): () => void {
    this.#count += 1;
    const id = this.#count;
    this.#timers.set(id, { atMs: this.#now + delayMs, work });
    return () => this.#timers.delete(id);
  }

  async pass(spanMs: number): Promise<void> {
    const endsAt = this.#now + spanMs;
    for (;;) {
      await settle();
      const [next] = [...this.#timers].toSorted(([, one], [, other]) => one.atMs - other.atMs);
      if (next === undefined || next[1].atMs > endsAt) break;
      this.#timers.delete(next[0]);
      this.#now = next[1].atMs;
      next[1].work();
    }
    this.#now = endsAt;
  }
}

/** Whatever has begun and needs no clock: a step of an agent awaits some dozens of answers, one after the other. */
async function settle(): Promise<void> {
  for (let awaited = 0; awaited < 200; awaited += 1) await Promise.resolve();
}
