/** The table of commands: names, arguments, options, help. What each does is loaded when it is called. */
import { USAGE } from "./app-error.ts";
import { say } from "@warren/core";
import type { Phrase } from "@warren/core";
import { Argument, Command, CommanderError, Option } from "commander";
import { LANGUAGES } from "./language.ts";
import { describeProgram, printExamples, printStatuses } from "./manual.ts";
import type { Terminal } from "./terminal.ts";
import { speakThrough, usageError } from "./usage.ts";

/** Parses a command line and runs its command; the exit status. Throws what the command throws. */
export async function run(
  terminal: Terminal,
  version: string,
  words: readonly string[],
): Promise<number> {
  let status = 0;
  const program = createProgram(terminal, version, (result) => {
    status = result;
  });
  if (words.length === 0) {
    program.outputHelp();
    return 0;
  }
  if (words[0] === "complete") {
    const { complete } = await import("./commands/completion.ts");
    return complete(terminal, program, words.slice(1));
  }
  try {
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
export function createProgram(terminal: Terminal, version: string, done: Done): Command {
  const { read } = terminal;
  const program = speakThrough(new Command("warren"), terminal)
    .description(read(describeProgram()))
    .version(version, "-V, --version", read(say`print the version`))
    .addOption(
      new Option("--lang <language>", read(say`the language of all output`)).choices(LANGUAGES),
    )
    .exitOverride()
    .addHelpText("after", () => `\n${read(printExamples())}\n\n${read(printStatuses())}`);
  addMeshCommands(program, terminal, done);
  addLookCommands(program, terminal, done);
  addGraphCommand(program, terminal, done);
  addQrCommand(program, terminal, done);
  addKeyCommands(program, terminal, done);
  addShellCommands(program, { terminal, version }, done);
  return program;
}

type Done = (status: number) => void;

interface FileWords {
  readonly file: string;
  readonly output: string;
  readonly json: boolean;
  readonly strict: boolean;
}

interface RenderWords extends FileWords {
  readonly format: "wg-quick" | "setconf";
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
    .addOption(jsonOption(terminal))
    .option("--strict", read(say`take every warning as an error`), false)
    .action(async (options: FileWords) => {
      const { check } = await import("./commands/check.ts");
      done(check(terminal, options));
    });
  subcommand(program, terminal, "render", say`write all files, the names, the lock and the keys`)
    .addOption(outputOption(terminal))
    .addOption(formatOption(terminal))
    .addOption(jsonOption(terminal))
    .option("--strict", read(say`take every warning as an error`), false)
    .action(async (options: RenderWords) => {
      const { render } = await import("./commands/render.ts");
      done(render(terminal, options));
    });
}

function addLookCommands(program: Command, terminal: Terminal, done: Done): void {
  const { read } = terminal;
  subcommand(
    program,
    terminal,
    "diff",
    say`show what differs: rendered files from the mesh, or mesh from mesh`,
  )
    .argument("[old]", read(say`a mesh file; without it, the output folder is compared`))
    .argument("[new]", read(say`another; without it, the one of --file`))
    .addOption(outputOption(terminal))
    .addOption(formatOption(terminal))
    .addOption(jsonOption(terminal))
    .action(async (before: string | undefined, after: string | undefined, options: RenderWords) => {
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

interface GraphWords {
  readonly file: string;
  readonly output?: string;
  readonly format: "svg" | "dot" | "json";
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
    .action(async (options: GraphWords) => {
      const { graph } = await import("./commands/graph.ts");
      done(await graph(terminal, options));
    });
}

interface QrWords extends FileWords {
  readonly via?: string;
  readonly newKey: boolean;
  readonly keepKey: boolean;
  readonly text: boolean;
  readonly svg?: string;
  readonly conf?: string;
}

function addQrCommand(program: Command, terminal: Terminal, done: Done): void {
  const { read } = terminal;
  subcommand(
    program,
    terminal,
    "qr",
    say`make a client's key, and show its configuration once, as a QR code`,
  )
    .argument("<client>")
    .option("--via <node>", read(say`only its way in through this node`))
    .option("--new-key", read(say`make a key in the place of the one it has`), false)
    .option("--keep-key", read(say`keep the key, so that render writes the client's file`), false)
    .option("--text", read(say`print the configuration as text, too`), false)
    .option("--svg <file>", read(say`write the code as a picture, instead of showing it`))
    .option("--conf <file>", read(say`write the configuration as a file, instead of showing it`))
    .action(async (name: string, options: QrWords) => {
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

function subcommand(parent: Command, terminal: Terminal, name: string, about: Phrase): Command {
  return parent.command(name).description(terminal.read(about)).addOption(fileOption(terminal));
}

function fileOption({ read }: Terminal): Option {
  return new Option("-f, --file <file>", read(say`the mesh file`)).default("warren.yaml");
}

function outputOption({ read }: Terminal): Option {
  return new Option("-o, --output <folder>", read(say`where the rendered files are`)).default(
    "out",
  );
}

function formatOption({ read }: Terminal): Option {
  return new Option("--format <format>", read(say`what the files are for`))
    .choices(["wg-quick", "setconf"])
    .default("wg-quick");
}

function jsonOption({ read }: Terminal): Option {
  return new Option("--json", read(say`print JSON on standard output`)).default(false);
}
