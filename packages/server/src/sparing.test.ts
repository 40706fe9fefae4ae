/** Work that others ask for, by a clock that goes from one timer to the next. */
import { expect, test } from "vitest";
import { inTurn } from "./sparing.ts";

test("inTurn() does what is asked for again and again once, and what is asked for after that once more", () => {
  const { clock, run } = createClock();
  const done: string[] = [];
  const soon = inTurn<string>(clock, (each) => done.push(`${each} ${clock.now()}`));
  for (let at = 0; at < 100; at += 1) soon("a");
  soon("b");
  run(100);
  expect(done).toEqual(["a 100"]);
  // In the rest after its turn.
  soon("a");
  run(10_000);
  expect(done).toEqual(["a 100", "b 200", "a 300"]);
  soon("b");
  run(20_000);
  expect(done.slice(3)).toEqual(["b 10100"]);
});

function createClock() {
  let now = 0;
  let timers: (readonly [at: number, work: () => void])[] = [];
  const after = (delayMs: number, work: () => void) => {
    timers.push([now + delayMs, work]);
    return () => undefined;
  };
  const run = (until: number): void => {
    for (;;) {
      const [next] = timers.toSorted(([one], [other]) => one - other);
      if (next === undefined || next[0] > until) break;
      timers = timers.filter((each) => each !== next);
      [now] = next;
      next[1]();
    }
    now = until;
  };
  return { clock: { now: () => now, after }, run };
}
