/** Tests of columns: what a terminal draws twice as wide, and what it does not draw at all. */
import { expect, test } from "vitest";
import { padTo, widthOf } from "./width.ts";

test.each([
  ["", 0],
  ["a-1", 3],
  ["网格", 4],
  ["a（b）", 6],
  ["，。", 4],
  ["…→✓—", 4],
  ["\u001B[1m网\u001B[0m", 2],
  ["𠀀", 2],
])("widthOf() of %j is %i", (text, width) => {
  expect(widthOf(text)).toBe(width);
});

test("padTo() fills up with blanks, and cuts nothing", () => {
  expect([padTo(5, "网格"), padTo(2, "网格")]).toEqual(["网格 ", "网格"]);
});
