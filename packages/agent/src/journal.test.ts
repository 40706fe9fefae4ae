/** A journal that somebody reads: what is told in it, and when. */
import { printText, say } from "@warren/core";
import { describe, expect, test } from "vitest";
import { Journal } from "./journal.ts";

const WHY = say`look for another program`;

/** All that is told when this comes at these seconds. */
function toldAt(
  seconds: readonly number[],
  words = (_: number) => "it was gone",
): readonly string[] {
  const told: string[] = [];
  let now = 0;
  const journal = new Journal(
    (text) => told.push(`${now} ${printText(text)}`),
    () => now * 1000,
  );
  for (now of seconds) journal.tell(say`${words(now)}`, WHY);
  return told;
}

describe("Journal", () => {
  test("tells each thing at once", () => {
    expect(toldAt([0, 1, 2], (now) => `${now} was gone`)).toHaveLength(3);
  });

  test("tells what comes again and again ever more seldom, and how often it came", () => {
    const each8 = Array.from({ length: 451 }, (_, at) => at * 8);
    expect(toldAt(each8)).toMatchInlineSnapshot(`
      [
        "0 it was gone",
        "8 it was gone; 1× since that was told last: look for another program",
        "24 it was gone; 2× since that was told last: look for another program",
        "88 it was gone; 8× since that was told last: look for another program",
        "344 it was gone; 32× since that was told last: look for another program",
        "1368 it was gone; 128× since that was told last: look for another program",
      ]
    `);
  });

  test("takes what comes with each look for the same, which is a moment late each time", () => {
    const looks = Array.from({ length: 100 }, (_, at) => at * 8.02);
    expect(toldAt(looks).length).toBeLessThan(7);
  });

  test("begins anew with what has stayed away", () => {
    expect(toldAt([0, 100, 200])).toEqual(["0 it was gone", "100 it was gone", "200 it was gone"]);
  });
});
