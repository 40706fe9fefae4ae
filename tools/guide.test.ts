/** How pages of the guide are read, run and judged, and what all have. Their commands are run in e2e/. */
import { REFUSALS } from "@warren/core";
import { expect, test } from "vitest";
import { blocksOf, pageNames, parsePage, readText, runAtDesk } from "./guide.ts";
import type { Page } from "./guide.ts";

const names = pageNames();

test.each(names)("%s and its translation show the same", (name) => {
  expect(blocksOf(readText(name.replace(/\.md$/, ".zh-CN.md")))).toEqual(blocksOf(readText(name)));
});

test("the index leads to every page", () => {
  const pages = names.filter((name) => name !== "README.md");
  const links = [...readText("README.md").matchAll(/\]\(([a-z-]+\.md)\)/g)].map(([, link]) => link);
  expect(links).toHaveLength(pages.length);
  expect(new Set(links)).toEqual(new Set(pages));
});

test("foreign-files.md lists what the readers refuse, and its translation the same", () => {
  const rows = Object.entries(REFUSALS).map(([code, { by, what }]) => [`\`${code}\``, by, what]);
  expect(refusalsOf("foreign-files.md")).toEqual(rows);
  const translated = refusalsOf("foreign-files.zh-CN.md");
  expect(translated.map(([code, by]) => [code, by])).toEqual(rows.map(([code, by]) => [code, by]));
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
  expect(await runAtDesk(page)).toEqual([]);
});

test("judge() sees what is not as it is shown", async () => {
  expect(await runAtDesk(consolePage("$ echo a; echo b", "a"))).toEqual([
    "x.md:2: echo a; echo b\nthe page says:\na\nit prints:\na\nb",
  ]);
  expect(await runAtDesk(consolePage("$ echo ab", "a"))).toHaveLength(1);
  expect(await runAtDesk(consolePage("$ echo a"))).toHaveLength(1);
  expect(await runAtDesk(consolePage("$ true", "a"))).toHaveLength(1);
  expect(await runAtDesk(consolePage("$ echo a.b", "a…c"))).toHaveLength(1);
});

test("judge() sees a command that fails where no error is shown, and one that is not run", async () => {
  expect(await runAtDesk(consolePage("$ false"))).toEqual([
    "x.md:2: false\nit ends with 1, and the page shows no error",
  ]);
  expect(await runAtDesk(consolePage("$ echo error; false", "error"))).toEqual([]);
  expect(await runAtDesk(consolePage("$ fi"))).toEqual(["x.md:2: fi\nit was not run to its end"]);
});

test("writeScript() leaves out what needs hosts, also by way of a script of the page", async () => {
  const scripts = "```sh a.sh\nssh root@a true\n```\n";
  const commands =
    "```console\n$ sh a.sh\n$ ssh root@a ls\na# ls\n$ cat a.sh\nssh root@a true\n```\n";
  const page = parsePage("x.md", scripts + commands);
  expect(page.steps).toHaveLength(5);
  expect(await runAtDesk(page)).toEqual([]);
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
  expect(await runAtDesk(parsePage("x.md", text.join("")))).toEqual([]);
});

/** The rows whose first cell is a code of a mistake. */
function refusalsOf(name: string): readonly (readonly string[])[] {
  const rows = readText(name).matchAll(/^\| (`[a-z-]+`) \| ([a-z-]+) \| (.+) \|$/gm);
  return [...rows].map((row) => row.slice(1));
}

function consolePage(...lines: readonly string[]): Page {
  return parsePage("x.md", `\`\`\`console\n${lines.join("\n")}\n\`\`\`\n`);
}
