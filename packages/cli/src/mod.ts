/** The public list of the command line: what the laboratory, the bench and the tools may call. */
export { reportFailure } from "./exit.ts";
export { run } from "./program.ts";
export { printMatrix, printRoundTrip } from "./terminal/table.ts";
export { createTerminal } from "./terminal/terminal.ts";
export { loadWorkspace } from "./workspace.ts";
