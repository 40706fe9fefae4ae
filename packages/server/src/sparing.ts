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
