/** Tests of links and translations. */
import { expect, test } from "vitest";
import { links, translations } from "./markdown.ts";
import { check } from "./sample.ts";

const files = {
  "docs/guide/join.md":
    "# Join a host\n\n## Über `wg`: 1 & 2\n\n## 加入 网络\n\n## Again\n\n## Again\n",
  "docs/guide/map.svg": "",
  LICENSE: "",
};

test.each([
  "[a](docs/guide/join.md)",
  "[a](docs/guide)",
  "[a](docs/guide/)",
  "[a](/LICENSE)",
  '[a](docs/guide/join.md#join-a-host "A title")',
  "[a](docs/guide/join.md#über-wg-1--2)",
  "[a](docs/guide/join.md#%C3%BCber-wg-1--2)",
  "[a](docs/guide/join.md#加入-网络)",
  "[a](docs/guide/join.md#again-1)",
  "![a](docs/guide/map.svg)",
  "[a][b]\n\n[b]: docs/guide/join.md",
  '<img alt="" src="docs/guide/map.svg">',
  "[a](https://example.org/b.md#c) <mailto:a@example.org>",
  "## Here\n\n[a](#here)",
  '<a id="there"></a>\n\n[a](#there)',
  "`[a](gone.md)`",
  "```md\n[a](gone.md)\n```",
  "<!-- [a](gone.md) -->",
])("links() follows: %j", (text) => {
  expect(check(links, { ...files, "README.md": text })).toEqual([]);
});

test.each([
  ["[a](gone.md)", '"gone.md" leads to no file'],
  ["[a](../README.md)", '"../README.md" leads to no file'],
  ["[a](docs/guide/join.md#gone)", '"docs/guide/join.md#gone" leads to no heading'],
  ["[a](docs/guide/join.md#again-2)", '"docs/guide/join.md#again-2" leads to no heading'],
  ["[a](#gone)", '"#gone" leads to no heading'],
  ["```md\n# Here\n```\n[a](#here)", '"#here" leads to no heading'],
  ["[a][b]\n\n[b]: gone.md", '"gone.md" leads to no file'],
  ['<a href="gone.md">a</a>', '"gone.md" leads to no file'],
  ["![a](docs/guide/gone.svg)", '"docs/guide/gone.svg" leads to no file'],
  ["[![a](gone.svg)](LICENSE)", '"gone.svg" leads to no file'],
])("links() stops at: %j", (text, what) => {
  const [found] = check(links, { ...files, "README.md": text });
  expect(found).toContain(what);
});

test("links() says the line", () => {
  const text = "# A\n\n```sh\nwarren up\n```\n\nSee [a](gone.md).\n";
  expect(check(links, { "README.md": text })).toEqual(['README.md:7: "gone.md" leads to no file']);
});

test("translations() wants the same levels in the same order", () => {
  const original = "# A\n\n## B\n\n```sh\n# a comment\n```\n\n### C\n";
  const good = "# 甲\n\n## 乙\n\n### 丙\n";
  expect(check(translations, { "README.md": original, "README.zh-CN.md": good })).toEqual([]);
  const bad = "# 甲\n\n## 乙\n\n## 丙\n";
  expect(check(translations, { "README.md": original, "README.zh-CN.md": bad })).toEqual([
    'README.zh-CN.md:5: "丙" stands where README.md has "C"',
  ]);
  const short = "# 甲\n\n## 乙\n";
  expect(check(translations, { "README.md": original, "README.zh-CN.md": short })).toEqual([
    'README.zh-CN.md:3: nothing stands where README.md has "C"',
  ]);
  expect(check(translations, { "docs/a.zh-CN.md": "# 甲" })).toEqual([]);
});
