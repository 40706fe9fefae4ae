/** That the bugs still are some: `e2e/sim-bugs.test.ts` has random worlds find each. */
import { expect, test } from "vitest";
import { bugged } from "./bugged-parts.ts";
import { protocolBugs } from "./bugs.ts";

test("each bug of the protocol can be put into what there is", () => {
  for (const bug of protocolBugs) expect(bugged(bug)).toContain(bug.replace);
});
