/** Tests of the manual page: that man can read it, and that it has all that the help has. */
import { spawnSync } from "node:child_process";
import { Command } from "commander";
import { expect, test } from "vitest";
import { MeshFolder } from "../cli-run.contract.ts";
import { createTerminal } from "../terminal/terminal.ts";
import { man } from "./man.ts";

async function readPage(...words: readonly string[]): Promise<string> {
  const { status, out, err } = await new MeshFolder().run("man", ...words);
  expect({ status, err }).toEqual({ status: 0, err: "" });
  return `${out}\n`;
}

test("man() has its sections, and every command with its options", async () => {
  const page = await readPage();
  expect(page.match(/^\.SH .*$/gm)?.map((line) => line.slice(4))).toEqual([
    "NAME",
    "SYNOPSIS",
    "DESCRIPTION",
    "COMMANDS",
    "OPTIONS",
    "EXIT STATUS",
    "ENVIRONMENT",
    "FILES",
    "EXAMPLES",
    "SEE ALSO",
  ]);
  const commands = page.match(/^\.SS .*$/gm)?.map((line) => line.slice(4).split(" [")[0]);
  expect(commands).toContain("check");
  expect(commands).toContain("keys rotate\\-psk");
  const trace = page.slice(page.indexOf(".SS trace"), page.indexOf(".SS cidr"));
  expect(trace).toMatchInlineSnapshot(`
    ".SS trace [options] <source> <target> [port]
    tell the way of a packet, hop by hop, and why it holds or fails
    .TP
    .I source
    a node, a client, or an address
    .TP
    .I target
    a node, a client, or an address
    .TP
    .I port
    tcp/22, udp/53, icmp: what is sent (anything)
    .TP
    .B \\-f, \\-\\-file <file>
    the mesh file (default: warren.yaml)
    .TP
    .B \\-\\-json
    print JSON on standard output
    "
  `);
});

test("man() takes nothing in a text for a request or an escape", () => {
  let out = "";
  const stream = { write: (text: string): string => (out += text) };
  const terminal = createTerminal(stream, stream, { isColourWanted: false });
  const program = new Command("warren");
  program.command("a").description(".SH trap\n'b\\c -d");
  man(terminal, program, "1");
  expect(out).toContain("\\&.SH trap\n\\&'b\\ec \\-d\n");
});

test("man() prints what mandoc takes without a word", async (context) => {
  context.skip(!isThere("mandoc"), "needs mandoc");
  expect(lint(await readPage(), "all")).toEqual([]);
  // It counts the bytes of Chinese letters, and calls the lines too long.
  expect(lint(await readPage("--lang", "zh-CN"), "warning")).toEqual([]);
});

test("man() prints what man shows", async (context) => {
  context.skip(!isThere("man"), "needs man");
  const { stdout, stderr } = spawnSync("man", ["--warnings", "-l", "-"], {
    input: await readPage(),
    env: { ...process.env, LC_ALL: "C.UTF-8", MANWIDTH: "80" },
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(stdout).toContain("-f, --file <file>\n              the mesh file");
});

function isThere(program: string): boolean {
  return spawnSync(program, ["--version"]).error === undefined;
}

function lint(page: string, level: string): readonly string[] {
  const { stdout, stderr } = spawnSync("mandoc", ["-Tlint", `-W${level}`], {
    input: page,
    encoding: "utf8",
  });
  // A date would make the page another one each time that it is printed.
  const isMeant = (line: string): boolean => /missing date/.test(line);
  return `${stdout}${stderr}`.split("\n").filter((line) => line !== "" && !isMeant(line));
}
