/** Tests of the command line itself: help, versions, words that nobody knows, and how each ends. */
import { expect, test } from "vitest";
import { MeshFolder } from "./cli-run.contract.ts";
import { reportFailure } from "./exit.ts";
import { createTerminal } from "./terminal.ts";

test.each([[[]], [["--help"]], [["help"]]])("run() prints its help for %j", async (words) => {
  const { status, out, err } = await new MeshFolder().run(...words);
  expect({ status, err }).toEqual({ status: 0, err: "" });
  for (const name of [
    "init",
    "add",
    "set",
    "remove",
    "show",
    "check",
    "render",
    "diff",
    "trace",
    "cidr",
    "keys",
  ]) {
    expect(out).toMatch(new RegExp(`^  ${name} `, "m"));
  }
  expect(out).toContain("Exit status: 0 fine, 2 at least one error, 64 wrong usage");
});

test.each([
  "init",
  "add",
  "set",
  "remove",
  "show",
  "check",
  "render",
  "diff",
  "trace",
  "cidr",
  "keys",
  "keys show",
  "keys rotate",
  "keys rotate-psk",
])("run() prints the help of %s", async (command) => {
  const { status, out, err } = await new MeshFolder().run(
    "help",
    ...command.split(" ").slice(0, 1),
  );
  expect({ status, err }).toEqual({ status: 0, err: "" });
  expect(out).toMatch(new RegExp(`^Usage: warren ${command.split(" ")[0]} `));
  const own = await new MeshFolder().run(...command.split(" "), "--help");
  expect(own.status).toBe(0);
  expect(own.out).toMatch(new RegExp(`^Usage: warren ${command} `));
});

test("run() prints the version", async () => {
  expect(await new MeshFolder().run("--version")).toEqual({ status: 0, out: "0.0.0", err: "" });
});

test.each([
  [["chek"], "error: unknown command 'chek'\n(Did you mean check?)"],
  [["check", "--jsn"], "error: unknown option '--jsn'\n(Did you mean --json?)"],
  [["render", "--strickt"], "error: unknown option '--strickt'\n(Did you mean --strict?)"],
  [["trace", "a"], "error: missing required argument 'target'"],
  [
    ["check", "more"],
    "error: too many arguments for 'check'. Expected 0 arguments but got 1: more.",
  ],
  [
    ["render", "--format", "x"],
    "error: option '--format <format>' argument 'x' is invalid. Allowed choices are wg-quick, setconf, networkd.",
  ],
  [["check", "-f"], "error: option '-f, --file <file>' argument missing"],
])("run() refuses %j, says what was meant, and ends with 64", async (words, message) => {
  const folder = new MeshFolder("nodes: {}\n");
  const before = folder.listing();
  expect(await folder.run(...words)).toEqual({
    status: 64,
    out: "",
    err: `${message}\n(see warren --help)`,
  });
  expect(folder.listing()).toEqual(before);
});

test("reportFailure() says of a defect that it is one, with the stack", () => {
  let err = "";
  const stream = { write: (text: string): string => (err += text) };
  const terminal = createTerminal(stream, stream, { isColourWanted: false });
  expect(reportFailure(terminal, new Error("odd"))).toBe(70);
  expect(err).toMatch(
    /^warren: this is a defect, please report it with what follows:\nError: odd\n {4}at /,
  );
});
