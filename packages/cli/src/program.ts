/** The table of commands: names, arguments, options, help. What each does is loaded when it is called. */
import { USAGE } from "@warren/api";
import { say } from "@warren/core";
import { Argument, Command, CommanderError, Option } from "commander";
import type { AddOptions } from "./commands/add.ts";
import type { DiffOptions } from "./commands/diff.ts";
import { addClusterCommands } from "./program/cluster-commands.ts";
import type { MeshconfOptions } from "./commands/export.ts";
import type { GraphOptions } from "./commands/graph.ts";
import type { QrOptions } from "./commands/qr.ts";
import type { RenderOptions } from "./commands/render.ts";
import {
  fileOption,
  formatOption,
  jsonOption,
  outputOption,
  subcommand,
} from "./program/options.ts";
import type { Done } from "./program/options.ts";
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
    throw usageError(error);
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
  addMeshCommands(program, terminal, done);
  addImportCommand(program, terminal, done);
  addEditCommands(program, terminal, done);
  addLookCommands(program, terminal, done);
  addHostCommands(program, terminal, done);
  addControlCommands(program, terminal, done, around);
  addGraphCommand(program, terminal, done);
  addQrCommand(program, terminal, done);
  addKeyCommands(program, terminal, done);
  addExportCommands(program, terminal, done);
  addShellCommands(program, { terminal, version }, done);
  return program;
}

interface FileWords {
  readonly file: string;
  readonly output: string;
  readonly json: boolean;
  readonly strict: boolean;
}

function addMeshCommands(program: Command, terminal: Terminal, done: Done): void {
  const { read } = terminal;
  subcommand(program, terminal, "init", say`write a first mesh file, to be edited`).action(
    async (options: FileWords) => {
      const { init } = await import("./commands/init.ts");
      done(init(terminal, options));
    },
  );
  subcommand(program, terminal, "check", say`read, compile and prove the mesh; write nothing`)
    .argument(
      "[path]",
      read(say`another mesh file; or somebody's WireGuard files to be linted: a folder, or one`),
    )
    .addOption(jsonOption(terminal))
    .option("--strict", read(say`take every warning as an error`), false)
    .action(async (path: string | undefined, options: FileWords) => {
      const { isMeshPath } = await import("./mesh-path.ts");
      if (path === undefined || isMeshPath(path)) {
        const { check } = await import("./commands/check.ts");
        done(check(terminal, path === undefined ? options : { ...options, file: path }));
      } else {
        const { lint } = await import("./commands/lint.ts");
        done(lint(terminal, path, options));
      }
    });
  subcommand(program, terminal, "render", say`write all files, the names, the lock and the keys`)
    .addOption(outputOption(terminal))
    .addOption(formatOption(terminal))
    .addOption(jsonOption(terminal))
    .option("--strict", read(say`take every warning as an error`), false)
    .action(async (options: RenderOptions) => {
      const { render } = await import("./commands/render.ts");
      done(render(terminal, options));
    });
}

function addEditCommands(program: Command, terminal: Terminal, done: Done): void {
  const { read } = terminal;
  const fields = read(say`what it has`);
  subcommand(program, terminal, "add", say`add a node, a client or a site to the mesh file`)
    .argument("<name>")
    .argument("[field=value...]", fields)
    .option("--client", read(say`add a client`), false)
    .option("--site", read(say`add a site`), false)
    .addHelpText("after", () => `\n${read(addHelp())}`)
    .action(async (name: string, words: readonly string[], options: AddOptions) => {
      const { add } = await import("./commands/add.ts");
      done(add(terminal, { name, fields: words }, options));
    });
  subcommand(
    program,
    terminal,
    "set",
    say`change fields of a node, a client, a site or the network`,
  )
    .argument("<name>", read(say`its name; or network`))
    .argument("<field=value...>", read(say`new values; FIELD= removes one`))
    .addHelpText("after", () => `\n${read(setHelp())}`)
    .action(async (name: string, words: readonly string[], options: FileWords) => {
      const { set } = await import("./commands/set.ts");
      done(set(terminal, { name, fields: words }, options));
    });
  subcommand(
    program,
    terminal,
    "remove",
    say`remove a node, a client, a site or a group from the mesh file`,
  )
    .argument("<name>")
    .action(async (name: string, options: FileWords) => {
      const { remove } = await import("./commands/remove.ts");
      done(remove(terminal, name, options));
    });
  subcommand(program, terminal, "show", say`list what is in the mesh, or tell all about one`)
    .argument("[name]", read(say`only this node, client, site or group`))
    .addOption(jsonOption(terminal))
    .action(async (name: string | undefined, options: FileWords) => {
      const { show } = await import("./commands/show.ts");
      done(show(terminal, name, options));
    });
}

function addImportCommand(program: Command, terminal: Terminal, done: Done): void {
  const about = say`make a mesh file, its lock and its keys out of WireGuard's files`;
  subcommand(program, terminal, "import", about)
    .argument("<path>", terminal.read(say`a folder of wg-quick files, or another tool's file`))
    .addOption(jsonOption(terminal))
    .action(async (path: string, options: FileWords) => {
      const { importMesh } = await import("./commands/import.ts");
      done(importMesh(terminal, path, options));
    });
}

function addLookCommands(program: Command, terminal: Terminal, done: Done): void {
  const { read } = terminal;
  subcommand(
    program,
    terminal,
    "diff",
    say`tell what a change does: to the rendered files, or from mesh to mesh`,
  )
    .argument("[old]", read(say`a mesh file; without it, the output folder is compared`))
    .argument("[new]", read(say`another; without it, the one of --file`))
    .addOption(outputOption(terminal))
    .addOption(formatOption(terminal))
    .addOption(jsonOption(terminal))
    .option("--brief", read(say`only what the change does, without the lines of the files`), false)
    .action(async (before: string | undefined, after: string | undefined, options: DiffOptions) => {
      const { diff } = await import("./commands/diff.ts");
      const meshes = before === undefined ? undefined : { before, after: after ?? options.file };
      done(diff(terminal, meshes, options));
    });
  subcommand(
    program,
    terminal,
    "trace",
    say`tell the way of a packet, hop by hop, and why it holds or fails`,
  )
    .argument("<source>", read(say`a node, a client, or an address`))
    .argument("<target>", read(say`a node, a client, or an address`))
    .argument("[port]", read(say`tcp/22, udp/53, icmp: what is sent (anything)`))
    .addOption(jsonOption(terminal))
    .action(
      async (source: string, target: string, port: string | undefined, options: FileWords) => {
        const { trace } = await import("./commands/trace.ts");
        done(trace(terminal, { source, target, port }, options));
      },
    );
  program
    .command("cidr")
    .description(
      read(say`calculate with prefixes: + (or nothing) unites, - takes away, & intersects`),
    )
    .argument("<expression...>", read(say`such as 172.16.0.0/12 - 172.16.0.0/24`))
    .addOption(jsonOption(terminal))
    .action(async (words: readonly string[], options: { readonly json: boolean }) => {
      const { cidr } = await import("./commands/cidr.ts");
      done(cidr(terminal, words, options));
    });
}

function addGraphCommand(program: Command, terminal: Terminal, done: Done): void {
  const about = say`draw the mesh, and open the picture where there is a desktop`;
  subcommand(program, terminal, "graph", about)
    .option("-o, --output <file>", terminal.read(say`write it here; - is standard output`))
    .addOption(
      new Option("--format <format>", terminal.read(say`a picture, or what other programs draw`))
        .choices(["svg", "dot", "json"])
        .default("svg"),
    )
    .action(async (options: GraphOptions) => {
      const { graph } = await import("./commands/graph.ts");
      done(await graph(terminal, options));
    });
}

function addQrCommand(program: Command, terminal: Terminal, done: Done): void {
  const { read } = terminal;
  subcommand(
    program,
    terminal,
    "qr",
    say`make a client's key, and show its configuration once, as a QR code`,
  )
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
    .action(async (name: string, options: QrOptions) => {
      const { qr } = await import("./commands/qr.ts");
      done(qr(terminal, name, options));
    });
}

function addKeyCommands(program: Command, terminal: Terminal, done: Done): void {
  const { read } = terminal;
  const keys = program.command("keys").description(read(say`show keys, or make new ones`));
  keys
    .command("show", { isDefault: true })
    .description(read(say`print public keys`))
    .addOption(fileOption(terminal))
    .argument("[name]", read(say`only this node's or client's`))
    .option("--private", read(say`print its private key instead`), false)
    .addOption(jsonOption(terminal))
    .action(
      async (name: string | undefined, options: FileWords & { readonly private: boolean }) => {
        const { showKeys } = await import("./commands/keys.ts");
        done(showKeys(terminal, { name, private: options.private }, options));
      },
    );
  subcommand(keys, terminal, "rotate", say`make a new private key for a node`)
    .argument("<node>")
    .action(async (name: string, options: FileWords) => {
      const { rotateKey } = await import("./commands/keys.ts");
      done(rotateKey(terminal, name, { ...options, json: false }));
    });
  subcommand(keys, terminal, "rotate-psk", say`make a new preshared key for a pair`)
    .argument("<one>", read(say`a node`))
    .argument("<other>", read(say`another`))
    .action(async (one: string, other: string, options: FileWords) => {
      const { rotatePresharedKey } = await import("./commands/keys.ts");
      done(rotatePresharedKey(terminal, { one, other }, { ...options, json: false }));
    });
}

function addExportCommands(program: Command, terminal: Terminal, done: Done): void {
  const { read } = terminal;
  const formats = program
    .command("export")
    .description(read(say`write the mesh in the form of other tools`));
  subcommand(
    formats,
    terminal,
    "meshconf",
    say`print the database of wg-meshconf, private keys and all`,
  )
    .option("-o, --output <file>", read(say`write it into this file instead, for its owner alone`))
    .action(async (options: MeshconfOptions) => {
      const { exportMeshconf } = await import("./commands/export.ts");
      done(exportMeshconf(terminal, options));
    });
  subcommand(formats, terminal, "networkd", say`write units of systemd-networkd for every node`)
    .option("-o, --output <folder>", read(say`where they go`), "out-networkd")
    .action(async (options: FileWords) => {
      const { exportNetworkd } = await import("./commands/export.ts");
      done(exportNetworkd(terminal, options));
    });
  addClusterCommands(formats, terminal, done);
}

function addShellCommands(
  program: Command,
  { terminal, version }: { readonly terminal: Terminal; readonly version: string },
  done: Done,
): void {
  const { read } = terminal;
  const shells = ["bash", "zsh", "fish"] as const;
  program
    .command("completion")
    .description(read(say`print a script that completes words: source <(warren completion bash)`))
    .addArgument(new Argument("<shell>", read(say`the shell to complete in`)).choices(shells))
    .action(async (shell: (typeof shells)[number]) => {
      const { completion } = await import("./commands/completion.ts");
      done(completion(terminal, shell));
    });
  program
    .command("man")
    .description(read(say`print the manual page: warren man | man -l -`))
    .action(async () => {
      const { man } = await import("./commands/man.ts");
      done(man(terminal, program, version));
    });
}
