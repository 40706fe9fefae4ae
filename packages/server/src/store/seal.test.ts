/** Tests of sealed secrets: against the standard's cipher driven by hand, and against whoever writes to the store. */
import { createDecipheriv } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../../../tools/runs.ts";
import { createSeal } from "./seal.ts";

const masterKey = new Uint8Array(32).fill(7);
const words = fc.string({ unit: "binary" });

test("seal() makes AES-256-GCM of a text, which open() reads", () => {
  const { seal, open } = createSeal(masterKey);
  fc.assert(
    fc.property(words, words, (key, text) => {
      const sealed = seal(key, text);
      expect(open(key, sealed)).toBe(text);
      expect(sealed).toMatch(/^v1\.[\w-]+$/);
      const bytes = Buffer.from(sealed.slice(3), "base64url");
      const cipher = createDecipheriv("aes-256-gcm", masterKey, bytes.subarray(0, 12));
      cipher.setAAD(Buffer.from(key)).setAuthTag(bytes.subarray(-16));
      expect(cipher.update(bytes.subarray(12, -16), undefined, "utf8") + cipher.final("utf8")).toBe(
        text,
      );
    }),
    runs(100),
  );
});

test("seal() never makes the same twice", () => {
  const { seal } = createSeal(masterKey);
  expect(new Set(Array.from({ length: 100 }, () => seal("secret/a", "text"))).size).toBe(100);
});

test("open() refuses a text of another row, of another key, and one that was changed anywhere", () => {
  const { seal, open } = createSeal(masterKey);
  const sealed = seal("secret/a", "PLANTED");
  const bytes = Buffer.from(sealed.slice(3), "base64url");
  const changed = [...bytes.keys()].map((at) => {
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ 1;
    return `v1.${copy.toString("base64url")}`;
  });
  const short = [
    "",
    "v1.",
    "v1.AAAA",
    sealed.slice(0, -8),
    `v2.${sealed.slice(3)}`,
    sealed.slice(3),
  ];
  const refused = expect.objectContaining({
    code: "cannot-read",
    message: "the master key does not open secret/a",
  });
  for (const text of [...changed, ...short]) expect(() => open("secret/a", text)).toThrow(refused);
  expect(() => open("secret/b", sealed)).toThrow("does not open secret/b");
  expect(() => createSeal(new Uint8Array(32)).open("secret/a", sealed)).toThrow(refused);
});
