/** Sentences in two languages. */
import { expect, test } from "vitest";
import { joinTexts, printText, say, templateOf } from "./phrase.ts";

const catalogue = new Map([
  ["{0} lists {1} twice", "{1} 在 {0} 里出现两次"],
  [", ", "、"],
]);

test("say() is read in English without a catalogue, and where the catalogue lacks it", () => {
  const phrase = say`${"a"} lists ${say`the peer ${"b"}`} twice`;
  expect(printText(phrase)).toBe("a lists the peer b twice");
  expect(printText(say`nothing ${1} knows`, catalogue)).toBe("nothing 1 knows");
});

test("printText() puts values where the other language wants them, inner phrases translated", () => {
  const phrase = say`${"a"} lists ${joinTexts(["x", "{0}"], say`, `)} twice`;
  expect(templateOf(phrase)).toBe("{0} lists {1} twice");
  expect(printText(phrase, catalogue)).toBe("x、{0} 在 a 里出现两次");
});
