/** Tests of completion: the words that can stand somewhere, and real shells in which Tab is pressed. */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { MAIN, MeshFolder, NETWORK, TEMPORARY } from "../cli-run.contract.ts";

const cache = join(TEMPORARY, `warren-cli-cache-${process.pid}`);
afterAll(() => rmSync(cache, { recursive: true, force: true }));

const MESH = `${NETWORK}nodes: { aws: {}, azure: {} }\nclients: { phone: { via: aws } }\nsites: { office: {} }\ngroups: { ops: [phone] }\n`;

const COMMANDS =
  "init check render import add set remove show diff trace cidr graph qr keys export completion man help";

test.each([
  ["", COMMANDS],
  ["tr", "trace"],
  ["nothing", ""],
  ["--lang en ", COMMANDS],
  ["--lang en keys ro", "rotate rotate-psk"],
  ["keys rotate-psk -f MESH aws a", "aws azure"],
  ["keys show -f MESH ", "aws azure phone"],
  ["show -f MESH ", "aws azure phone office ops"],
  ["remove -f MESH o", "office ops"],
  ["set -f MESH o", "office"],
  ["add -f MESH ", ""],
  ["trace -f MESH ", "aws azure phone"],
  ["trace aws --file MESH a", "aws azure"],
  ["trace -f MESH aws azure ", ""],
  ["qr -f MESH ", "phone"],
  ["qr -f MESH phone ", ""],
  ["qr -f MESH phone --via ", "aws azure"],
  ["qr --via aws --text -f MESH ", "phone"],
  ["completion ", "bash zsh fish"],
  ["render --format ", "wg-quick setconf networkd"],
  ["render --format=s", "--format=setconf"],
  ["render --f", "--file --format"],
  ["render --lang ", "en zh-CN"],
  ["check --file ", ":files"],
  ["check -f", ""],
  ["diff ", ":files"],
  ["diff old.yaml ", ":files"],
  ["cidr 10.0.0.0/8 ", ""],
])("complete() after %j knows %j", async (line, words) => {
  const folder = new MeshFolder(MESH);
  const typed = line.split(" ").map((word) => (word === "MESH" ? folder.at("warren.yaml") : word));
  const { status, out, err } = await folder.run("complete", ...typed);
  expect({ status, err }).toEqual({ status: 0, err: "" });
  expect(out.replaceAll(/\t.*/g, "").split("\n").join(" ")).toBe(words);
});

test("complete() reads names from the mesh that the line names, as far as it can be read", async () => {
  const folder = new MeshFolder();
  const file = folder.at("x.yaml");
  folder.write("x.yaml", "nodes: { other: {}, wrong: 7 }\nunknown: 1\n");
  expect((await folder.run("complete", "trace", "-f", file, "")).out).toBe("other\t\nwrong");
  folder.write("x.yaml", "nodes: { other: {} ");
  expect((await folder.run("complete", "trace", "-f", file, "")).out).toBe("");
  expect((await folder.run("complete", "trace", "-f", folder.at("none"), "")).out).toBe("");
});

const SHELLS = [
  ["bash", "--norc -i", "source <(warren completion bash)"],
  ["zsh", "-f -i", "autoload -Uz compinit; compinit -u -D\nsource <(warren completion zsh)"],
  ["fish", "--no-config -i", "warren completion fish | source"],
] as const;

for (const [shell, options, start] of SHELLS) {
  test(`completion() works in ${shell}, where somebody presses Tab`, async (context) => {
    context.skip(!isThere("script"), "needs script, which makes a terminal");
    context.skip(!isThere(shell), `needs ${shell}`);
    const folder = new MeshFolder(MESH);
    // Writes down what is run in the end.
    const node = `exec '${process.execPath}' '${MAIN}' "$@"`;
    folder.write(
      "warren",
      `#!/bin/sh\ncase $1 in complet*) ${node};; *) echo "$*" >>"$HOME/typed";; esac\n`,
    );
    chmodSync(folder.at("warren"), 0o755);
    const lines = [
      start,
      "warren tr\taw\t",
      "warren check -f warren.y\t",
      "warren render --lang=z\t",
      "exit",
    ];
    const ended = await typeInto(`${shell} ${options}`, lines, folder.path);
    expect(ended).toBe(0);
    expect(folder.read("typed").replaceAll(/ $/gm, "")).toBe(
      ["trace aws", "check -f warren.yaml", "render --lang=zh-CN", ""].join("\n"),
    );
  });
}

function isThere(program: string): boolean {
  return spawnSync(program, ["--version"]).error === undefined;
}

/** What is typed is read by a shell in a terminal, Tab for Tab; how it ends. */
async function typeInto(shell: string, lines: readonly string[], folder: string): Promise<unknown> {
  const env = {
    ...process.env,
    HOME: folder,
    PATH: `${folder}${delimiter}${process.env["PATH"]}`,
    LC_ALL: "C.UTF-8",
    TERM: "xterm",
    // Most of the time that an answer takes is that for compiling.
    NODE_COMPILE_CACHE: cache,
  };
  const child = spawn("script", ["-qec", shell, "/dev/null"], {
    cwd: folder,
    env,
    stdio: "pipe",
    timeout: 30_000,
  });
  child.stdout.resume();
  child.stderr.resume();
  child.stdin.end(`${lines.join("\n")}\n`);
  return new Promise((resolve) => child.on("close", resolve));
}
