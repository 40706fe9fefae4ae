/** The warren command: reads the environment, runs one command, exits with its status. */
import { say } from "@warren/core";
import manifest from "../package.json" with { type: "json" };
import { AppError, describeSystem, systemCode } from "@warren/api";
import { findOpener } from "./terminal/desktop.ts";
import { reportFailure } from "./exit.ts";
import { findLanguage, loadCatalogue } from "./terminal/language.ts";
import { run } from "./program.ts";
import { createTerminal } from "./terminal/terminal.ts";

// https://no-color.org: any value but an empty one means no colour.
const isColourWanted = (process.env["NO_COLOR"] ?? "") === "";
const words = process.argv.slice(2);
const catalogue = await loadCatalogue(findLanguage(words, process.env));
const opener = findOpener(process.platform, process.env);
const options = { isColourWanted, catalogue, opener };
const terminal = createTerminal(process.stdout, process.stderr, options);
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (cause) => {
    // A reader that has seen enough (`| head`) is no failure: what is left to do is still done.
    if (systemCode(cause) === "EPIPE") return;
    const { why, fix } = describeSystem(cause);
    process.exit(
      reportFailure(
        terminal,
        new AppError("cannot-write", say`cannot print: ${why}`, { fix, cause }),
      ),
    );
  });
}
try {
  process.exitCode = await run(terminal, manifest.version, words, {
    environment: process.env,
    words: [process.execPath, ...process.execArgv, process.argv[1] ?? ""],
  });
} catch (error) {
  process.exitCode = reportFailure(terminal, error, { json: words.includes("--json") });
}
