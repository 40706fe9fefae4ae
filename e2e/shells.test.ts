/** Completion in real shells, where somebody presses Tab. */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { MAIN, MeshFolder, NETWORK, TEMPORARY } from "../packages/cli/src/cli-run.contract.ts";

const cache = join(TEMPORARY, `warren-cli-cache-${process.pid}`);
afterAll(() => rmSync(cache, { recursive: true, force: true }));

const MESH = `${NETWORK}nodes: { aws: {}, azure: {} }\nclients: { phone: { via: aws } }\n`;

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
