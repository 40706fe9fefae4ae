/** The guide, as its reader types it: what needs no other machine. The rest is run by e2e/guide.test.ts. */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { blocksOf, GUIDE, judge, parsePage, readPage, writeScript } from "./guide.ts";
import type { Page } from "./guide.ts";

const files = readdirSync(GUIDE);
const names = files.filter((name) => name.endsWith(".md") && !name.endsWith(".zh-CN.md"));

test.each(names)("%s prints what it says", async (name) => {
  expect(await run(readPage(name))).toEqual([]);
});

test.each(names)("%s and its translation show the same", (name) => {
  expect(blocksOf(read(name.replace(/\.md$/, ".zh-CN.md")))).toEqual(blocksOf(read(name)));
});

test("the README prints what it says, and its translation the same", async () => {
  const readme = blocksOf(read("../../README.md"));
  const consoles = readme.filter((block) => block.startsWith("console\n"));
  const translated = blocksOf(read("../../README.zh-CN.md"));
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
  expect(await run(page)).toEqual([]);
});

test("the index leads to every page", () => {
  const pages = names.filter((name) => name !== "README.md");
  const links = [...read("README.md").matchAll(/\]\(([a-z-]+\.md)\)/g)].map(([, link]) => link);
  expect(links).toHaveLength(pages.length);
  expect(new Set(links)).toEqual(new Set(pages));
});

test.each(["", "sh", "yaml", "text", "console file", "yaml a.yaml b.yaml"])(
  'parsePage() refuses a block that nobody runs: "%s"',
  (info) => {
    expect(() => parsePage("x.md", `\n\`\`\`${info}\nname: x\n\`\`\`\n`)).toThrow(
      `x.md:2: a block "${info}" is not run by any test`,
    );
  },
);

test("parsePage() refuses a block that does not end, and output of nothing", () => {
  expect(() => parsePage("x.md", "```yaml x.yaml\n")).toThrow("line 1: the block does not end");
  expect(() => parsePage("x.md", "```console\n# ls\n```\n")).toThrow("x.md:1: output without");
});

test("judge() is content with what comes as it is shown", async () => {
  const page = consolePage(
    "$ mkdir here",
    "$ cd here; name=x",
    "$ for n in 1 2; do",
    ">   echo $name$n",
    "> done; echo; echo end >&2",
    "x1",
    "…2",
    "",
    "end",
    "$ pwd; seq 9",
    "…/here",
    "1",
    "…",
    "9",
  );
  expect(page.steps).toHaveLength(4);
  expect(await run(page)).toEqual([]);
});

test("judge() sees what is not as it is shown", async () => {
  expect(await run(consolePage("$ echo a; echo b", "a"))).toEqual([
    "x.md:2: echo a; echo b\nthe page says:\na\nit prints:\na\nb",
  ]);
  expect(await run(consolePage("$ echo ab", "a"))).toHaveLength(1);
  expect(await run(consolePage("$ echo a"))).toHaveLength(1);
  expect(await run(consolePage("$ true", "a"))).toHaveLength(1);
  expect(await run(consolePage("$ echo a.b", "a…c"))).toHaveLength(1);
});

test("judge() sees a command that fails where no error is shown, and one that is not run", async () => {
  expect(await run(consolePage("$ false"))).toEqual([
    "x.md:2: false\nit ends with 1, and the page shows no error",
  ]);
  expect(await run(consolePage("$ echo error; false", "error"))).toEqual([]);
  expect(await run(consolePage("$ fi"))).toEqual(["x.md:2: fi\nit was not run to its end"]);
});

test("writeScript() leaves out what needs hosts, also by way of a script of the page", async () => {
  const scripts = "```sh a.sh\nssh root@a true\n```\n";
  const commands =
    "```console\n$ sh a.sh\n$ ssh root@a ls\na# ls\n$ cat a.sh\nssh root@a true\n```\n";
  const page = parsePage("x.md", scripts + commands);
  expect(page.steps).toHaveLength(5);
  expect(await run(page)).toEqual([]);
});

test("writeScript() writes the files of a page where it shows them", async () => {
  const write = (info: string, text: string): string => `\`\`\`yaml ${info}\n${text}\n\`\`\`\n`;
  const look = (...lines: readonly string[]): string =>
    `\`\`\`console\n$ cat in/x.yaml\n${lines.join("\n")}\n\`\`\`\n`;
  const text = [
    write("in/x.yaml", "a"),
    look("a"),
    write(">>in/x.yaml", "b"),
    look("a", "b"),
    write("in/x.yaml", "c"),
    look("c"),
  ];
  expect(await run(parsePage("x.md", text.join("")))).toEqual([]);
});

function read(name: string): string {
  return readFileSync(join(GUIDE, name), "utf8");
}

function consolePage(...lines: readonly string[]): Page {
  return parsePage("x.md", `\`\`\`console\n${lines.join("\n")}\n\`\`\`\n`);
}

async function run(page: Page): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "warren-guide-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const stage = { folder, hasHosts: false };
  const script = writeScript(page, stage);
  // A command that does not even parse ends the script; judge() sees what is missing.
  await promisify(execFile)("bash", [script], { env: {} }).catch(() => undefined);
  return judge(page, stage);
}
