/** What browsers are given: whole, and to be insisted on only where an authority vouches for the server. */
import { expect, test } from "vitest";
import { languageOf } from "./page/words.ts";
import { readPage } from "./page-files.ts";

test("readPage() has each file that another one asks for, without a type or an inline script", () => {
  const { files } = readPage({ isTrusted: false });
  const texts = [...files.values()].map(({ text }) => text);
  const asked = texts.flatMap((text) =>
    [...text.matchAll(/(?:from "\.|(?:src|href)=")(\/[^"]+)"/g)].map(([, path = ""]) => path),
  );
  expect(asked.length).toBeGreaterThan(10);
  expect(asked.filter((path) => !files.has(path))).toEqual([]);
  expect(texts.join("\n")).not.toMatch(/import type|readonly #|<script>|<style|style=|onclick/);
});

test("readPage() has browsers insist on what an authority has signed, and never on a self-made one", () => {
  const names = [true, false].map((isTrusted) => Object.keys(readPage({ isTrusted }).headers));
  expect(names[0]).toContain("Strict-Transport-Security");
  expect(names[1]).toEqual(names[0]?.filter((name) => name !== "Strict-Transport-Security"));
});

test.each([
  [["zh-Hans-CN", "en"], "zh-CN"],
  [["", "fr-FR", "zh-TW", "en"], "zh-CN"],
  [["en-GB", "zh-CN"], "en"],
  [["zha", "fr"], "en"],
  [[], "en"],
])("languageOf() of %j is %s", (wishes, language) => {
  expect(languageOf(wishes)).toBe(language);
});
