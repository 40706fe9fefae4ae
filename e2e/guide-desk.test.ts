/** The guide and the README, as their reader types them: what needs no other machine, on any machine. */
import { expect, test } from "vitest";
import { blocksOf, pageNames, parsePage, readPage, readText, runAtDesk } from "../tools/guide.ts";

test.each(pageNames())("%s prints what it says", async (name) => {
  expect(await runAtDesk(readPage(name))).toEqual([]);
});

test("the README prints what it says, and its translation the same", async () => {
  const readme = blocksOf(readText("../../README.md"));
  const consoles = readme.filter((block) => block.startsWith("console\n"));
  const translated = blocksOf(readText("../../README.zh-CN.md"));
  expect(translated.filter((block) => block.startsWith("console\n"))).toEqual(consoles);
  const mesh = readme.find((block) => block.startsWith("yaml\nnetwork: { name: clouds")) ?? "";
  const blocks = [
    "console\n$ ln -s ~/warren/warren .",
    mesh.replace("yaml", "yaml warren.yaml"),
    // As it says: azure claims the network that is aws's.
    mesh.replace("yaml", "yaml mistake.yaml").replace("192.168.20.0", "192.168.10.0"),
    // The code for a phone is longer than its one line there.
    ...consoles.filter((block) => !block.includes("warren qr")),
  ];
  const page = parsePage("README", blocks.map((block) => `\`\`\`${block}\n\`\`\`\n`).join(""));
  expect(page.steps).toHaveLength(15);
  expect(await runAtDesk(page)).toEqual([]);
});
