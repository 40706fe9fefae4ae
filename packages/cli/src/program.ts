/** The table of commands: names, arguments, options, help. What each does is loaded when it is called. */
import { USAGE } from "@warren/api";
import { say } from "@warren/core";
import { Argument, Command, CommanderError, Option } from "commander";
import { addClusterCommands } from "./program/cluster-commands.ts";
import { createTable, fileOption, formatOption, jsonOption } from "./program/options.ts";
import { outputOption, strictOption } from "./program/options.ts";
import type { FileOption, StrictOption } from "./commands/plan.ts";
import type { Done, Table } from "./program/options.ts";
import { addHostCommands } from "./program/host-commands.ts";
import { addHelp, setHelp } from "./terminal/edit-help.ts";
import { LANGUAGES } from "./terminal/language.ts";
import { describeProgram, printExamples, printStatuses } from "./terminal/manual.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { addControlCommands } from "./program/control-commands.ts";
import type { Surroundings } from "./program/control-commands.ts";
import { refuseUnknownHelp, speakThrough, usageError } from "./terminal/usage.ts";

/** Parses a command line and runs its command; the exit status. Throws what the command throws. */
export async function run(
  terminal: Terminal,
  version: string,
  words: readonly string[],
  around: Pick<Surroundings, "environment" | "words"> = { environment: {}, words: [] },
): Promise<number> {
  let status = 0;
  const done = (result: number): void => {
    status = result;
  };
  const program = createProgram(terminal, { ...around, version }, done);
  if (words.length === 0) {
    program.outputHelp();
    return 0;
  }
  if (words[0] === "complete") {
    const { complete } = await import("./commands/completion.ts");
    return complete(terminal, program, words.slice(1));
  }
  try {
    refuseUnknownHelp(program, words);
    await program.parseAsync([...words], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version that were asked for are no failure.
    if (error.exitCode === 0) return 0;
    // It has printed the help of a command that lacks the next one.
    if (error.code === "commander.help") return USAGE;
    throw usageError(error, program, words);
  }
  return status;
}

/** All commands; `done` is told the exit status of the one that was run. */
export function createProgram(terminal: Terminal, around: Surroundings, done: Done): Command {
  const { read } = terminal;
  const { version } = around;
  const program = speakThrough(new Command("warren"), terminal)
    .description(read(describeProgram()))
    .version(version, "-V, --version", read(say`print the version`))
    .addOption(
      new Option("--lang <language>", read(say`the language of all output`)).choices(LANGUAGES),
    )
    .exitOverride()
    .addHelpText("after", () => `\n${read(printExamples())}\n\n${read(printStatuses())}`);
  const table = createTable(terminal, done);
  addMeshCommands(program, table);
  addEditCommands(program, table);
  addLookCommands(program, table);
  addHostCommands(program, table);
  addControlCommands(program, terminal, done, around);
  addPictureCommands(program, table);
  addKeyCommands(program, table);
  addExportCommands(program, table);
  addShellCommands(program, table, version);
  return program;
}

type LookOptions = FileOption & StrictOption;

function addMeshCommands(program: Command, { terminal, done, addOnMesh, call }: Table): void {
  const { read } = terminal;
  addOnMesh(program, "init", say`write a first mesh file, to be edited`).action(
    call(async () => (await import("./commands/init.ts")).init),
  );
  addOnMesh(program, "check", say`read, compile and prove the mesh; write nothing`)
    .argument(
      "[path]",
      read(say`another mesh file; or somebody's WireGuard files to be linted: a folder, or one`),
    )
    .addOption(jsonOption(terminal))
    .addOption(strictOption(terminal))
    .action(async (path: string | undefined, options: LookOptions) => {
      const { isMeshPath } = await import("./mesh-path.ts");
      if (path === undefined || isMeshPath(path)) {
        const { check } = await import("./commands/check.ts");
        done(check(terminal, path === undefined ? options : { ...options, file: path }));
      } else {
        const { lint } = await import("./commands/lint.ts");
        done(lint(terminal, path, options));
      }
    });
  addOnMesh(program, "render", say`write all files, the names, the lock and the keys`)
    .addOption(outputOption(terminal))
    .addOption(formatOption(terminal))
    .addOption(jsonOption(terminal))
    .addOption(strictOption(terminal))
    .action(call(async () => (await import("./commands/render.ts")).render));
  addOnMesh(
    program,
    "import",
    say`make a mesh file, its lock and its keys out of WireGuard's files`,
  )
    .argument("<path>", read(say`a folder of wg-quick files, or another tool's file`))
    .addOption(jsonOption(terminal))
    .action(call(async () => (await import("./commands/import.ts")).importMesh));
}

function addEditCommands(program: Command, { terminal, addOnMesh, call }: Table): void {
  const { read } = terminal;
  addOnMesh(program, "add", say`add a node, a client or a site to the mesh file`)
    .argument("<name>")
    .argument("[field=value...]", read(say`what it has`))
    .option("--client", read(say`add a client`), false)
    .option("--site", read(say`add a site`), false)
    .addHelpText("after", () => `\n${read(addHelp())}`)
    .action(call(async () => (await import("./commands/add.ts")).add));
  addOnMesh(program, "set", say`change fields of a node, a client, a site or the network`)
    .argument("<name>", read(say`its name; or network`))
    .argument("<field=value...>", read(say`new values; FIELD= removes one`))
    .addHelpText("after", () => `\n${read(setHelp())}`)
    .action(call(async () => (await import("./commands/set.ts")).set));
  const removal = say`remove a node, a client, a site or a group from the mesh file`;
  addOnMesh(program, "remove", removal)
    .argument("<name>")
    .action(call(async () => (await import("./commands/remove.ts")).remove));
  addOnMesh(program, "show", say`list what is in the mesh, or tell all about one`)
    .argument("[name]", read(say`only this node, client, site or group`))
    .addOption(jsonOption(terminal))
    .action(call(async () => (await import("./commands/show.ts")).show));
}

function addLookCommands(program: Command, { terminal, done, add, addOnMesh, call }: Table): void {
  const { read } = terminal;
  const comparison = say`tell what a change does: to the rendered files, or from mesh to mesh`;
  addOnMesh(program, "diff", comparison)
    .argument("[old]", read(say`a mesh file; without it, the output folder is compared`))
    .argument("[new]", read(say`another; without it, the one of --file`))
    .addOption(outputOption(terminal))
    .addOption(formatOption(terminal))
    .addOption(jsonOption(terminal))
    .option("--brief", read(say`only what the change does, without the lines of the files`), false)
    .action(call(async () => (await import("./commands/diff.ts")).diff));
  const way = say`tell the way of a packet, hop by hop, and why it holds or fails`;
  addOnMesh(program, "trace", way)
    .argument("<source>", read(say`a node, a client, or an address`))
    .argument("<target>", read(say`a node, a client, or an address`))
    .argument("[port]", read(say`tcp/22, udp/53, icmp: what is sent (anything)`))
    .addOption(jsonOption(terminal))
    .action(
      async (source: string, target: string, port: string | undefined, options: LookOptions) => {
        const { trace } = await import("./commands/trace.ts");
        done(trace(terminal, { source, target, port }, options));
      },
    );
  const sum = say`calculate with prefixes: + (or nothing) unites, - takes away, & intersects`;
  add(program, "cidr", sum)
    .argument("<expression...>", read(say`such as 172.16.0.0/12 - 172.16.0.0/24`))
    .addOption(jsonOption(terminal))
    .action(call(async () => (await import("./commands/cidr.ts")).cidr));
}

function addPictureCommands(program: Command, { terminal, addOnMesh, call }: Table): void {
  const { read } = terminal;
  addOnMesh(program, "graph", say`draw the mesh, and open the picture where there is a desktop`)
    .option("-o, --output <file>", read(say`write it here; - is standard output`))
    .addOption(
      new Option("--format <format>", read(say`a picture, or what other programs draw`))
        .choices(["svg", "dot", "json"])
        .default("svg"),
    )
    .action(call(async () => (await import("./commands/graph.ts")).graph));
  const code = say`make a client's key, and show its configuration once, as a QR code`;
  addOnMesh(program, "qr", code)
    .argument("<client>", read(say`its name; or CLIENT.NODE, its way in through one node`))
    .option("--via <node>", read(say`only its way in through this node`))
    .option("--new-key", read(say`make a key in the place of the one it has`), false)
    .option("--keep-key", read(say`keep the key, so that render writes the client's file`), false)
    .option("--text", read(say`print the configuration as text, too`), false)
    .option(
      "--svg <file>",
      read(say`write the code as a picture, instead of showing it; - is standard output`),
    )
    .option(
      "--conf <file>",
      read(say`write the configuration as a file, instead of showing it; - is standard output`),
    )
    .action(call(async () => (await import("./commands/qr.ts")).qr));
}

function addKeyCommands(program: Command, { terminal, add, addOnMesh, call }: Table): void {
  const { read } = terminal;
  const keys = add(program, "keys", say`show keys, or make new ones`);
  keys
    .command("show", { isDefault: true })
    .description(read(say`print public keys`))
    .addOption(fileOption(terminal))
    .argument("[name]", read(say`only this node's or client's`))
    .option("--private", read(say`print its private key instead`), false)
    .addOption(jsonOption(terminal))
    .action(call(async () => (await import("./commands/keys.ts")).showKeys));
  addOnMesh(keys, "rotate", say`make a new private key for a node`)
    .argument("<node>")
    .action(call(async () => (await import("./commands/keys.ts")).rotateKey));
  addOnMesh(keys, "rotate-psk", say`make a new preshared key for a pair`)
    .argument("<one>", read(say`a node`))
    .argument("<other>", read(say`another`))
    .action(call(async () => (await import("./commands/keys.ts")).rotatePresharedKey));
}

function addExportCommands(program: Command, table: Table): void {
  const { terminal, add, addOnMesh, call } = table;
  const { read } = terminal;
  const formats = add(program, "export", say`write the mesh in the form of other tools`);
  addOnMesh(formats, "meshconf", say`print the database of wg-meshconf, private keys and all`)
    .option("-o, --output <file>", read(say`write it into this file instead, for its owner alone`))
    .action(call(async () => (await import("./commands/export.ts")).exportMeshconf));
  addOnMesh(formats, "networkd", say`write units of systemd-networkd for every node`)
    .option("-o, --output <folder>", read(say`where they go`), "out-networkd")
    .action(call(async () => (await import("./commands/export.ts")).exportNetworkd));
  addClusterCommands(formats, table);
}

function addShellCommands(
  program: Command,
  { terminal, done, add, call }: Table,
  version: string,
): void {
  const { read } = terminal;
  const about = say`print a script that completes words: source <(warren completion bash)`;
  const shell = new Argument("<shell>", read(say`the shell to complete in`));
  add(program, "completion", about)
    .addArgument(shell.choices(["bash", "zsh", "fish"]))
    .action(call(async () => (await import("./commands/completion.ts")).completion));
  const manual = say`print the manual page: warren man | man -l -`;
  add(program, "man", manual).action(async () => {
    const { man } = await import("./commands/man.ts");
    done(man(terminal, program, version));
  });
}
