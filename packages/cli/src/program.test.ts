/** Tests of the command line itself: help, versions, words that nobody knows, and how each ends. */
import { expect, test } from "vitest";
import { MeshFolder, NETWORK } from "./cli-run.contract.ts";
import { reportFailure } from "./exit.ts";
import { createTerminal } from "./terminal/terminal.ts";

/** Not all of them: those that a first help must show. */
const COMMANDS = [
  "init",
  "add",
  "set",
  "remove",
  "show",
  "check",
  "render",
  "diff",
  "trace",
  "probe",
  "status",
  "graph",
  "cidr",
  "keys",
];

test.each([[[]], [["--help"]], [["help"]]])("run() prints its help for %j", async (words) => {
  const { status, out, err } = await new MeshFolder().run(...words);
  expect({ status, err }).toEqual({ status: 0, err: "" });
  for (const name of COMMANDS) {
    expect(out).toMatch(new RegExp(`^  ${name} `, "m"));
  }
  expect(out).toContain("Exit status: 0 fine, 2 at least one error, 64 wrong usage");
});

test.each([...COMMANDS, "keys show", "keys rotate", "keys rotate-psk"])(
  "run() prints the help of %s",
  async (command) => {
    const { status, out, err } = await new MeshFolder().run(
      "help",
      ...command.split(" ").slice(0, 1),
    );
    expect({ status, err }).toEqual({ status: 0, err: "" });
    expect(out).toMatch(new RegExp(`^Usage: warren ${command.split(" ")[0]} `));
    const own = await new MeshFolder().run(...command.split(" "), "--help");
    expect(own.status).toBe(0);
    expect(own.out).toMatch(new RegExp(`^Usage: warren ${command} `));
  },
);

test("run() prints the version", async () => {
  expect(await new MeshFolder().run("--version")).toEqual({ status: 0, out: "0.0.0", err: "" });
});

test.each([
  [["chek"], 'unknown command "chek"', "did you mean check?"],
  [["help", "chek"], 'unknown command "chek"', "did you mean check?"],
  [["--lang", "en", "help", "chek"], 'unknown command "chek"', "did you mean check?"],
  [["probe", "nobody"], 'there is no node "nobody"', "known are a, b"],
  [["status", "bb", "a"], 'there is no node "bb"', "did you mean b?"],
  [
    ["export", "help", "x"],
    'unknown command "x"',
    "known are meshconf, networkd, k3s, kubeadm, flannel",
  ],
  [["keys", "help", "rotat"], 'unknown command "rotat"', "did you mean rotate?"],
  [["check", "--jsn"], 'unknown option "--jsn"', "did you mean --json?"],
  [["render", "--strickt"], 'unknown option "--strickt"', "did you mean --strict?"],
  [
    ["keys", "rotat-psk", "a", "b"],
    "3 arguments are too many: it takes 1",
    "see warren keys --help",
  ],
  [["trace", "a"], "the argument target is missing", "see warren trace --help"],
  [
    ["render", "more\n(Did you mean"],
    "1 argument is too many: it takes 0",
    "see warren render --help",
  ],
  [["check", "folder", "more"], "2 arguments are too many: it takes 1", "see warren check --help"],
  [["check", "--a\nb"], 'unknown option "--a\\u{a}b"', "see warren check --help"],
  [
    ["render", "--format", "x"],
    'the option --format <format> cannot be "x"',
    "choose one of wg-quick, setconf, networkd",
  ],
  [
    ["probe", "--parallel", "0"],
    'the option --parallel <hosts> cannot be "0"',
    "a whole number from 1 to 1000 is wanted",
  ],
  [
    ["push", "--remove"],
    "--remove says not from which hosts",
    "name the hosts; or say that all of them are meant: warren push --remove --all",
  ],
  [["check", "-f"], "the option -f, --file <file> lacks its value", "see warren check --help"],
  [
    ["check", "--lang", "fr"],
    'the option --lang <language> cannot be "fr"',
    "choose one of en, zh-CN",
  ],
])("run() refuses %j, says what was meant, and ends with 64", async (words, message, fix) => {
  const folder = new MeshFolder(`${NETWORK}nodes: { a: { endpoint: a.example }, b: {} }\n`);
  const before = folder.listing();
  expect(await folder.run(...words)).toEqual({
    status: 64,
    out: "",
    err: `warren: error usage: ${message}\n  ${fix}`,
  });
  expect(folder.listing()).toEqual(before);
});

test("run() ends with 64 when it has printed the help of a command that lacks the next", async () => {
  const { status, out, err } = await new MeshFolder().run("--lang", "en", "export");
  expect({ status, out }).toEqual({ status: 64, out: "" });
  expect(err).toMatch(/^Usage: warren export /);
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
