/** Tests that the oracle stands alone. */
import { expect, test } from "vitest";
import { independence } from "./independence.ts";
import { checkText } from "./sample.ts";

test.each([
  'import { parsePrefix } from "@warren/core";',
  'import { sampleOf } from "../sample.ts";',
  'import type { Sample } from "../sample.ts";',
  'import { compile } from "../../packages/core/src/plan/compile.ts";',
  'import { readFileSync } from "node:fs";',
])("independence() stops the oracle from %s", (text) => {
  expect(checkText(independence, text, "tools/oracle/a.ts")).toHaveLength(1);
});

test.each([
  ['import type { Device } from "@warren/core";', "tools/oracle/a.ts"],
  ['import { isIn } from "./spans.ts";', "tools/oracle/a.ts"],
  ['import { compile } from "@warren/core";', "tools/oracle/a.test.ts"],
  ['import { compile } from "@warren/core";', "tools/oracle/a.contract.ts"],
  ['import { compile } from "@warren/core";', "tools/sample.ts"],
])("independence() lets %s stand in %s", (text, path) => {
  expect(checkText(independence, text, path)).toEqual([]);
});
