/** The warren command: reads the environment, runs one command, exits with its status. */
import manifest from "../package.json" with { type: "json" };
import { reportFailure } from "./exit.ts";
import { run } from "./program.ts";
import { createTerminal } from "./terminal.ts";

// https://no-color.org: any value but an empty one means no colour.
const isColourWanted = (process.env["NO_COLOR"] ?? "") === "";
const terminal = createTerminal(process.stdout, process.stderr, { isColourWanted });
try {
  process.exitCode = await run(terminal, manifest.version, process.argv.slice(2));
} catch (error) {
  process.exitCode = reportFailure(terminal, error);
}
