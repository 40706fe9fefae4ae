/** Tests of how texts are measured and shortened. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../../../tools/runs.ts";
import { shorten, widthOf } from "./label.ts";

const PLAIN = { size: 10, isBold: false };

test.each([
  // Advance widths of DejaVu Sans and DejaVu Sans Bold, in thousandths of the size.
  ["i", 278, 343],
  ["l", 278, 343],
  ["m", 974, 1042],
  ["w", 818, 924],
  ["b", 635, 716],
  ["s", 521, 595],
  ["r", 411, 493],
  ["t", 392, 478],
  ["-", 361, 415],
  [".", 318, 380],
  ["0", 636, 696],
  ["M", 863, 995],
  ["W", 989, 1103],
  ["Q", 787, 850],
  ["/", 337, 365],
  ["…", 1000, 1000],
])("widthOf() takes %s to be at least as wide as the widest of the fonts", (letter, thin, bold) => {
  expect(widthOf(letter, PLAIN) * 100).toBeGreaterThanOrEqual(thin);
  expect(widthOf(letter, { size: 10, isBold: true }) * 100).toBeGreaterThanOrEqual(bold);
});

test("widthOf() takes letters of East Asia to be square", () => {
  expect(widthOf("网状", PLAIN)).toBe(20);
});

test("shorten() leaves a text alone that fits", () => {
  expect(shorten("frankfurt", PLAIN, widthOf("frankfurt", PLAIN))).toBe("frankfurt");
});

test("shorten() keeps what names differ in: beginning and end", () => {
  expect(shorten("k8s-worker-production-eu-central-1-node-0042", PLAIN, 120)).toMatchInlineSnapshot(
    `"k8s-worker-p…e-0042"`,
  );
});

test("shorten() fits wherever an ellipsis does, and halves no letter", () => {
  const texts = fc.string({ unit: "grapheme", maxLength: 63 });
  fc.assert(
    fc.property(texts, fc.integer({ min: 10, max: 300 }), (text, most) => {
      const short = shorten(text, PLAIN, most);
      expect(widthOf(short, PLAIN)).toBeLessThanOrEqual(most);
      expect(short.isWellFormed()).toBe(true);
      const [head = "", tail = ""] = short === text ? [text] : short.split("…");
      expect(text.startsWith(head) && text.endsWith(tail)).toBe(true);
    }),
    runs(200),
  );
});
