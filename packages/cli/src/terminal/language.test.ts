/** Tests of languages: which is chosen, that a catalogue is whole, and Chinese outputs as they are read. */
import { printText } from "@warren/core";
import type { Phrase } from "@warren/core";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { MeshFolder, NETWORK } from "../cli-run.contract.ts";
import { findLanguage, loadCatalogue } from "./language.ts";
import { createProgram } from "../program.ts";
import { createTerminal } from "./terminal.ts";
import { widthOf } from "./width.ts";

test.each([
  [[], {}, "en"],
  [[], { LANG: "zh_CN.UTF-8" }, "zh-CN"],
  [[], { LANG: "zh_Hans" }, "zh-CN"],
  [[], { LANG: "zh_TW" }, "zh-CN"],
  [[], { LANG: "zh" }, "zh-CN"],
  [[], { LANG: "zh-CN" }, "zh-CN"],
  [[], { LANG: "zha_CN" }, "en"],
  [[], { LANG: "C" }, "en"],
  [[], { LANG: "xx_YY.latin1@odd" }, "en"],
  [[], { LANG: "zh_CN", LC_MESSAGES: "en_US" }, "en"],
  [[], { LANG: "zh_CN", LC_MESSAGES: "en_US", LC_ALL: "zh_CN" }, "zh-CN"],
  [[], { LANG: "zh_CN", LC_MESSAGES: "", LC_ALL: "" }, "zh-CN"],
  [["check", "--lang", "en"], { LC_ALL: "zh_CN" }, "en"],
  [["--lang", "zh-CN", "check"], { LC_ALL: "en_US" }, "zh-CN"],
  [["check", "--lang=zh-CN"], {}, "zh-CN"],
  [["--lang", "zh-CN", "check", "--lang", "en"], {}, "en"],
  [["check", "--", "--lang", "zh-CN"], {}, "en"],
  [["check", "--lang"], { LANG: "zh_CN" }, "zh-CN"],
  [["check", "--lang", "fr"], { LANG: "zh_CN" }, "zh-CN"],
])("findLanguage() of %j in %j is %s", (words, environment, language) => {
  expect(findLanguage(words, environment)).toBe(language);
});

const MESH = `${NETWORK}nodes:
  a: { endpoint: a.example, subnets: [192.168.1.0/24] }
  b: { endpoint: b.example }
  c: {}
clients:
  phone: { via: a }
`;

/** A command's words in Chinese. */
async function read(folder: MeshFolder, ...words: readonly string[]): Promise<string> {
  const { out, err } = await folder.run(...words, "--lang", "zh-CN");
  return [out, err].filter((text) => text !== "").join("\n");
}

test("loadCatalogue() has sentences that keep each value once", async () => {
  const catalogue = await loadCatalogue("zh-CN");
  expect(catalogue?.size).toBeGreaterThan(500);
  for (const template of catalogue?.keys() ?? []) {
    const words = template.split(/\{\d+\}/);
    const values = words.slice(1).map((_, at) => `<${at}>`);
    const phrase: Phrase = { words, values };
    const printed = printText(phrase, catalogue);
    const found = [...printed.matchAll(/<\d+>/g)].map(([value]) => value);
    expect({ template, found: found.sort(), rest: /\{\d+\}/.exec(printed) }).toEqual({
      template,
      found: values.toSorted(),
      rest: null,
    });
    // A sentence ends as in English: others go on after it.
    expect(printed).not.toMatch(/[.。]$/.test(template) ? /[^。]$/ : /。$/);
  }
});

test("createProgram() describes every command, argument and option in Chinese", async () => {
  const catalogue = await loadCatalogue("zh-CN");
  const stream = { write: () => undefined };
  const terminal = createTerminal(stream, stream, { isColourWanted: false, catalogue });
  const texts = describeTree(
    createProgram(terminal, { version: "0.0.0", environment: {}, words: [] }, () => undefined),
  );
  expect(texts.length).toBeGreaterThan(40);
  const isTranslated = (text: string): boolean => /\p{Script=Han}/u.test(text);
  expect(texts.filter((text) => text !== "" && !isTranslated(text))).toEqual([]);
});

function describeTree(command: Command): readonly string[] {
  return [
    command.description(),
    ...command.options.map(({ description }) => description),
    ...command.registeredArguments.map(({ description }) => description),
    ...command.commands.flatMap(describeTree),
  ];
}

test("help lines up its columns", async () => {
  const help = await read(new MeshFolder(), "trace", "--help");
  expect(help).toMatchInlineSnapshot(`
    "用法： warren trace [选项] <source> <target> [port]

    逐跳说明一个包的路，以及它为什么通或不通

    参数：
      source             节点、客户端或地址
      target             节点、客户端或地址
      port               发送什么：tcp/22、udp/53、icmp（不写即任意）

    选项：
      -f, --file <file>  网格文件（默认：warren.yaml）
      --json             在标准输出打印 JSON
      -h, --help         打印本帮助"
  `);
  // Only the list of commands has wide letters on both sides.
  const whole = await read(new MeshFolder(), "help");
  const columns = (whole.split("第一步")[0] ?? "")
    .split("\n")
    .flatMap((line) => /^ {2}\S.*? {2,}(?=\p{Script=Han})/u.exec(line) ?? []);
  expect(columns.length).toBeGreaterThan(10);
  expect(new Set(columns.map(widthOf)).size).toBe(1);
});

test("usage errors are in Chinese, as JSON too", async () => {
  const folder = new MeshFolder(MESH);
  const wrong = ["chek", "check --jsn", "trace a", "render more", "render --format x", "check -f"];
  const said: string[] = [];
  for (const words of wrong) said.push(await read(folder, ...words.split(" ")));
  expect(said.join("\n")).toMatchInlineSnapshot(`
    "warren: 错误 usage: 没有命令 "chek"
      是不是 check？
    warren: 错误 usage: 没有选项 "--jsn"
      是不是 --json？
    warren: 错误 usage: 缺少参数 target
      见 warren trace --help
    warren: 错误 usage: 1 个参数太多了：它只要 0 个
      见 warren render --help
    warren: 错误 usage: 选项 --format <format> 不能是 "x"
      从中选一个：wg-quick、setconf、networkd
    warren: 错误 usage: 选项 -f, --file <file> 缺少值
      见 warren check --help"
  `);
});

test("check says what is wrong in Chinese", async () => {
  const folder = new MeshFolder(
    MESH.replace("b.example }", "b.example, subnets: [192.168.1.0/25], relai: true }"),
  );
  expect(await read(folder, "check")).toMatchInlineSnapshot(`
    "warren.yaml:4:56: 错误 unknown-field: nodes.b 没有字段 "relai"
      是不是 relay？"
  `);
  folder.write("warren.yaml", MESH.replace("via: a", "via: d").replace("192.168.1.0", "10.0.0.0"));
  expect(await read(folder, "check")).toMatchInlineSnapshot(`
    "warren.yaml:3:39: 错误 ranges-overlap: nodes.a.subnets[0]：10.0.0.0/24（在 "a" 背后）与 10.0.0.0/24（网格的一个地址段）重叠
      地址在整个网格里必须唯一：给其中一个重新编址，或在这里去掉它
    warren.yaml:7:17: 错误 unknown-name: clients.phone.via[0]：没有节点 "d"
      已知的有 a、b、c"
  `);
  folder.write("warren.yaml", "nodes: a: b\n");
  expect(await read(folder, "check", "--json")).toMatchInlineSnapshot(`
    "[
      {
        "message": "写在一行里的映射中不能再嵌套映射",
        "fix": "看看这里或紧挨着的前面是不是缺了冒号、引号或括号，或缩进不齐",
        "severity": "error",
        "code": "syntax",
        "file": "warren.yaml",
        "line": 1,
        "column": 8
      }
    ]"
  `);
});

test("commands tell what they did in Chinese", async () => {
  const folder = new MeshFolder(MESH);
  expect(await read(folder, "check")).toMatchInlineSnapshot(`
    "已证明：3 个节点、3 条隧道、6 条路径（共 6 条）双向成立
    还没有密钥、因此还不在网格里：phone；warren qr 会生成并显示密钥"
  `);
  expect(await read(folder, "render")).toMatchInlineSnapshot(`
    "out：写入 12 个文件、0 个未变
    没有写 phone 的文件：有密钥之前不在网格里；密钥由 warren qr 生成并显示"
  `);
  expect(await read(folder, "diff")).toMatchInlineSnapshot(`"没有差异"`);
  folder.write("warren.yaml", MESH.replace("b.example", "bb.example"));
  expect(await read(folder, "diff")).toMatchInlineSnapshot(`
    "~ 2 台设备的文件有变化：a、c
    ~ b 的对端条目在 a、c 上有变化：Endpoint

    ~ a/warren0.conf
      ~ b
        - Endpoint = b.example:51820
        + Endpoint = bb.example:51820
    ~ c/warren0.conf
      ~ b
        - Endpoint = b.example:51820
        + Endpoint = bb.example:51820
    2 个文件不同"
  `);
  expect(await read(folder, "trace", "c", "192.168.1.9")).toMatchInlineSnapshot(`
    "✓ c 对 192.168.1.9 的最长匹配是 192.168.1.0/24：对等端 a
    ✓ c 拨 a（a.example:51820），并且每 25 秒保持这条路畅通，因为 a 不能回拨
    ✓ a 收下它：10.0.0.3/32 包含发送者 10.0.0.3；应答走同一条路
    ✓ a 转发到 192.168.1.0/24，用自己的地址，所以不需要回来的路由
    c 能到达 192.168.1.9"
  `);
  expect(await read(folder, "trace", "c", "d")).toMatchInlineSnapshot(`
    "warren: 错误 usage: 没有节点或客户端 "d"
      已知的有 a、b、c"
  `);
});

test("init writes a mesh with Chinese comments, which is the English one", async () => {
  const folder = new MeshFolder();
  await read(folder, "init");
  const texts = [folder.read("warren.yaml")];
  expect(texts[0]).toMatch(/# \p{Script=Han}/u);
  await folder.run("init", "-f", folder.at("english.yaml"));
  texts.push(folder.read("english.yaml"));
  const [chinese, english] = texts.map((text) => text.replaceAll(/#.*/g, "#"));
  expect(chinese).toBe(english);
});

test("trace --json tells the steps in Chinese", async () => {
  const folder = new MeshFolder(MESH);
  const told = JSON.parse(await read(folder, "trace", "a", "a", "--json")) as unknown;
  expect(told).toMatchInlineSnapshot(`
    {
      "reaches": true,
      "steps": [
        {
          "holds": true,
          "node": "a",
          "text": "10.0.0.1 就是它自己：不用隧道",
        },
      ],
    }
  `);
});
