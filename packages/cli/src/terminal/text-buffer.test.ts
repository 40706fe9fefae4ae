/** Bytes of texts of all sizes, and whether a file holds them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import fc from "fast-check";
import { runs } from "../../../../tools/runs.ts";
import { TextBuffer } from "./text-buffer.ts";

const folder = mkdtempSync(join(tmpdir(), "warren-text-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("encode() gives the UTF-8 of all pieces, whatever came before", () => {
  const buffer = new TextBuffer();
  // What fast-check has for this makes a table of all characters first, which takes it a second.
  const code = fc.oneof(fc.nat(0x7f), fc.nat(0xd7ff), fc.integer({ min: 0xe000, max: 0x10ffff }));
  const piece = fc.array(code).map((codes) => String.fromCodePoint(...codes));
  const large = fc.tuple(piece, fc.nat(100_000)).map(([text, times]) => text.repeat(times % 9000));
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, large)), (pieces) => {
      const expected = Buffer.from(pieces.join(""));
      expect(buffer.encode(pieces).equals(expected)).toBe(true);
    }),
    runs(30),
  );
});

test("isIn() tells a file with the same bytes from a longer, a shorter and a changed one", () => {
  const buffer = new TextBuffer();
  const file = join(folder, "text");
  const text = "peer\n".repeat(200_000);
  const isIn = (written: string): boolean => {
    writeFileSync(file, written);
    return buffer.isIn(file, buffer.encode([text]));
  };
  expect(isIn(text)).toBe(true);
  expect(isIn(`${text}x`)).toBe(false);
  expect(isIn(text.slice(1))).toBe(false);
  expect(isIn(`${text.slice(0, -1)}x`)).toBe(false);
  expect(isIn("")).toBe(false);
});
