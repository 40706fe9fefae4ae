/** Tests of colours: they can be read and told apart, on a light ground and on a dark one. */
import { expect, test } from "vitest";
import { COLOURS, LOOKS, paintOf } from "./looks.ts";
import type { Look } from "./looks.ts";

const MODES = [0, 1] as const;
const GROUNDS = [COLOURS.ground, COLOURS.site];
const TEXTS: readonly Look[] = [
  "title",
  "caption",
  "name",
  "note",
  "lan-count",
  "public-count",
  "carrier-count",
];

test.each(TEXTS)("the text %s has the contrast that WCAG 2.2 wants of small letters", (look) => {
  for (const mode of MODES) {
    const colour = paintOf(look).fill?.[mode] ?? "";
    for (const ground of GROUNDS) {
      expect(contrast(colour, ground[mode])).toBeGreaterThanOrEqual(4.5);
    }
  }
});

test("lines and symbols have the contrast that WCAG 2.2 wants of what must be seen", () => {
  const seen = Object.keys(LOOKS).filter((look) =>
    /^(lan|public|carrier|denied|node|hidden|client|subnet|standby|cross)$/.test(look),
  );
  expect(seen).toHaveLength(10);
  for (const look of seen as Look[]) {
    for (const mode of MODES) {
      const colour = paintOf(look).stroke?.[mode] ?? "";
      for (const ground of GROUNDS) {
        expect(contrast(colour, ground[mode])).toBeGreaterThanOrEqual(3);
      }
    }
  }
});

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
