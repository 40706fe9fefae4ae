/** Tests of where the reading of YAML ends. */
import { say } from "@warren/core";
import { LineCounter } from "yaml";
import { expect, test } from "vitest";
import { readTokens } from "./bounds.ts";
import type { SyntaxFault } from "./faults.ts";

test("readTokens() ends where the file goes on for too long, and says so", () => {
  const stops: SyntaxFault[] = [];
  const tokens = [...readTokens("a: 1\n".repeat(1000), new LineCounter(), stops, 100)];
  expect(tokens).toMatchObject([{ type: "document" }]);
  expect(stops).toEqual([
    {
      place: { line: 15, column: 1 },
      message: say`the file goes on for too long`,
      fix: say`name a mesh file: 10,000 nodes take less`,
    },
  ]);
});
