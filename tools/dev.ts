/**
 * npm run dev [FILE]: checks and renders a mesh on each save; without a file, one to play with in dev/. Beside
 * it a server with a demo mesh, started again when the code changes.
 */
import { say } from "@warren/core";
import { fork } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { watch } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { setTimeout } from "node:timers/promises";
import { reportFailure, createTerminal, run } from "@warren/cli";
import { root } from "./children.ts";

/** Editors save in several steps: what is read at once may be half. */
const QUIET_MS = 50;
const SERVER = join(root, "tools", "dev-server.ts");

const file = process.argv[2] ?? playground();
const output = join(dirname(file), "out");
const isColourWanted = (process.env["NO_COLOR"] ?? "") === "";
const terminal = createTerminal(process.stdout, process.stderr, { isColourWanted });

await renderOnce();
terminal.say(say`watching ${relative(process.cwd(), file)}; Ctrl-C ends it`);
await Promise.all([renderOnChange(), serveOnChange()]);

async function renderOnChange(): Promise<void> {
  // The folder, not the file: many editors put a new file in the old one's place.
  for await (const { filename } of watch(dirname(file))) {
    if (filename !== basename(file)) continue;
    await setTimeout(QUIET_MS);
    await renderOnce();
  }
}

async function serveOnChange(): Promise<void> {
  let server = fork(SERVER);
  let isDue = false;
  for await (const { filename } of watch(join(root, "packages"), { recursive: true })) {
    if (isDue || filename === null || filename.endsWith(".test.ts")) continue;
    isDue = true;
    void setTimeout(QUIET_MS).then(async () => {
      isDue = false;
      if (server.exitCode === null && server.kill()) await once(server, "exit");
      server = fork(SERVER);
    });
  }
}

async function renderOnce(): Promise<void> {
  try {
    const status = await run(terminal, "dev", ["check", "-f", file]);
    if (status === 0) await run(terminal, "dev", ["render", "-f", file, "-o", output]);
  } catch (error) {
    reportFailure(terminal, error);
  }
}

function playground(): string {
  const copy = join(root, "dev", "warren.yaml");
  mkdirSync(dirname(copy), { recursive: true });
  if (!existsSync(copy)) copyFileSync(join(root, "examples", "four-clouds.yaml"), copy);
  return copy;
}
