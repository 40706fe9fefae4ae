/** Tests of the rules about sentences: what is not said, not translated, or translated to something else. */
import { expect, test } from "vitest";
import { check, checkText } from "./sample.ts";
import { plainSentences, translatedSentences } from "./sentences.ts";

test.each([
  ['terminal.print("no difference");', 1],
  ["terminal.print(`${count} files`);", 1],
  ['terminal.paint("green", "is proven");', 1],
  ['print("no difference");', 1],
  ['terminal.print(isSame ? "no difference" : say`one`);', 1],
  ['terminal.print(say`${name} is ${isThere ? `in ${place}` : why ?? "not there"}`);', 1],
  ["terminal.print(say`no difference`);", 0],
  ["terminal.print(JSON.stringify(files));", 0],
  ["terminal.print(`${mark} ${file}`);", 0],
  ["terminal.print(`    - ${line}`);", 0],
  ['terminal.paint("green", name);', 0],
  ['throw new Error("no such thing");', 0],
])("plainSentences() judges %s", (text, count) => {
  expect(checkText(plainSentences, text)).toHaveLength(count);
});

const SOURCE = "packages/core/src/a.ts";
const CATALOGUE = "packages/cli/src/terminal/zh-cn.json";

function judge(source: string, catalogue: string): readonly string[] {
  return check(translatedSentences, { [SOURCE]: source, [CATALOGUE]: catalogue });
}

function printCatalogue(sentences: Readonly<Record<string, string>>): string {
  return `${JSON.stringify(sentences, undefined, 2)}\n`;
}

test("translatedSentences() wants each sentence, with the key to be added", () => {
  const source = 'say`${a} lists ${b}\\n`;\ncore.say`"one"`;\nsay`${a}: ${b}`;';
  expect(judge(source, printCatalogue({}))).toEqual([
    `${SOURCE}:1: not in ${CATALOGUE}: "{0} lists {1}\\n": ""`,
    `${SOURCE}:2: not in ${CATALOGUE}: "\\"one\\"": ""`,
  ]);
  const whole = { "{0} lists {1}\n": "{1} 在 {0} 里\n", '"one"': "一", "{0}: {1}": "{0}：{1}" };
  expect(judge(source, printCatalogue(whole))).toEqual([]);
});

test("translatedSentences() wants the same places", () => {
  const wrong = { "{0} lists {1}": "{0} 在 {0} 里" };
  expect(judge("say`${a} lists ${b}`;", printCatalogue(wrong))).toEqual([
    `${CATALOGUE}:2: other places than {0} lists {1}`,
  ]);
});

test("translatedSentences() wants nothing that nobody says, and nothing twice", () => {
  expect(judge("say`one`;", printCatalogue({ one: "一", two: "二" }))).toEqual([
    `${CATALOGUE}:3: nobody says two`,
  ]);
  expect(judge("say`one`;", '{\n  "one": "一",\n  "one": "二"\n}\n')).toEqual([
    `${CATALOGUE}:1: a sentence twice`,
  ]);
});

test("translatedSentences() leaves tests alone", () => {
  const source = { "packages/core/src/a.test.ts": "say`one`;", [CATALOGUE]: printCatalogue({}) };
  expect(check(translatedSentences, source)).toEqual([]);
});
