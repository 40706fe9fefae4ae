/** What is told to people, and not again and again: whatever keeps coming is told ever more seldom. */
import * as core from "@warren/core";
import type { Phrase, Text } from "@warren/core";

/**
 * What comes again is told after this pause, and then after one so many times as long; what stays away for
 * that is forgotten: two looks, so that what each of them finds is the same, however late one is.
 */
const FIRST_MS = 4000;
const LONGER = 4;
const LONGEST_MS = 3_600_000;

interface Told {
  readonly at: number;
  readonly pauseMs: number;
  /** How often since then. */
  readonly count: number;
  readonly heardAt: number;
}

export class Journal {
  readonly #log: (text: Phrase) => void;
  readonly #nowMs: () => number;
  readonly #told = new Map<string, Told>();

  constructor(log: (text: Phrase) => void, nowMs: () => number) {
    this.#log = log;
    this.#nowMs = nowMs;
  }

  /** `why`: what may be behind it when it comes again and again. */
  tell(text: Phrase, why?: Text): void {
    const now = this.#nowMs();
    const key = core.printText(text);
    for (const [each, { heardAt, pauseMs }] of this.#told) {
      if (now - heardAt > LONGER * pauseMs) this.#told.delete(each);
    }
    const last = this.#told.get(key);
    if (last !== undefined && now - last.at < last.pauseMs) {
      this.#told.set(key, { ...last, count: last.count + 1, heardAt: now });
      return;
    }
    const pauseMs = last === undefined ? FIRST_MS : Math.min(LONGEST_MS, last.pauseMs * LONGER);
    this.#told.set(key, { at: now, pauseMs, count: 0, heardAt: now });
    if (last === undefined) return this.#log(text);
    const times = last.count + 1;
    const again = core.say`${text}; ${times}× since that was told last`;
    this.#log(why === undefined ? again : core.say`${again}: ${why}`);
  }
}
