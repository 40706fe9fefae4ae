/** npm run dev [FILE]: checks and renders a mesh on each save; without a file, one to play with in dev/. */
import { say } from "@warren/core";
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { watch } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { reportFailure, createTerminal, run } from "@warren/cli";

/** Editors save in several steps: what is read at once may be half. */
const QUIET_MS = 50;

const root = fileURLToPath(new URL("..", import.meta.url));
const file = process.argv[2] ?? playground();
const output = join(dirname(file), "out");
const isColourWanted = (process.env["NO_COLOR"] ?? "") === "";
const terminal = createTerminal(process.stdout, process.stderr, { isColourWanted });

await renderOnce();
terminal.say(say`watching ${relative(process.cwd(), file)}; Ctrl-C ends it`);
// The folder, not the file: many editors put a new file in the old one's place.
for await (const { filename } of watch(dirname(file))) {
  if (filename !== basename(file)) continue;
  await setTimeout(QUIET_MS);
  await renderOnce();
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
