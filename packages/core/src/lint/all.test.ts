import { test } from "vitest";
import { MISTAKES } from "./mistakes.contract.ts";
import { missedOf, areApart } from "./lint.test.ts";
test("all", () => {
  let n = 0,
    bad = 0;
  for (const [i, one] of MISTAKES.entries())
    for (const other of MISTAKES.slice(i + 1))
      if (areApart(one, other)) {
        n++;
        const m = missedOf(one, other);
        if (m.length) {
          bad++;
          console.log(`BAD ${one.what} + ${other.what}: ${m}`);
        }
      }
  console.log("PAIRS", n, bad);
});
