/** Owns how often work is done that others may ask for: once in a while, however often they ask. */
import type { Clock } from "./ledger.ts";

/** At once, or when the pause since the last time is over: then once for all who have asked meanwhile. */
export function sparing(clock: Clock, pauseMs: number, work: () => void): () => void {
  let doneAt = -Infinity;
  let isPutOff = false;
  const perform = (): void => {
    isPutOff = false;
    doneAt = clock.now();
    work();
  };
  return () => {
    if (isPutOff) return;
    // After a clock that went back nobody waits longer than he ever would.
    const waitMs = Math.min(pauseMs, doneAt + pauseMs - clock.now());
    if (waitMs <= 0) return perform();
    isPutOff = true;
    clock.after(waitMs, perform);
  };
}

/** The least pause between two, and how many times as long as the work itself. */
const REST_MS = 100;
const REST_SHARE = 10;

/** One after the other, with rests between: of a core, all of that takes a tenth. */
export function inTurn<T>(clock: Clock, work: (each: T) => void): (each: T) => void {
  const left = new Set<T>();
  let isBusy = false;
  const workOnce = (): void => {
    const [next] = left;
    isBusy = next !== undefined;
    if (next === undefined) return;
    left.delete(next);
    const begin = clock.now();
    work(next);
    clock.after(REST_MS + REST_SHARE * Math.max(0, clock.now() - begin), workOnce);
  };
  return (each) => {
    left.add(each);
    if (isBusy) return;
    isBusy = true;
    clock.after(REST_MS, workOnce);
  };
}
