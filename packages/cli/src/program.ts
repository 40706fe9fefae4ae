/** The table of commands: names, arguments, options, help. What each does is loaded when it is called. */
import { Command, Option } from "commander";
import type { Terminal } from "./terminal.ts";

/** Parses a command line and runs its command; the exit status. Throws what the command throws. */
export async function run(
  terminal: Terminal,
  version: string,
  words: readonly string[],
): Promise<number> {
  let status = 0;
  const done = (result: number): void => {
    status = result;
  };
  const program = new Command("warren")
    .description("WireGuard meshes that dig themselves: one file in, proven WireGuard files out.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .showHelpAfterError("(see warren --help)")
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.say(text.trimEnd()),
    })
    .exitOverride()
    .addHelpText("after", EXAMPLES);
  addMeshCommands(program, terminal, done);
  addImportCommand(program, terminal, done);
  addLookCommands(program, terminal, done);
  addQrCommand(program, terminal, done);
  addKeyCommands(program, terminal, done);
  if (words.length === 0) {
    program.outputHelp();
    return 0;
  }
  await program.parseAsync([...words], { from: "user" });
  return status;
}

const EXAMPLES = `
First steps:
  warren init                      write a first warren.yaml
  warren check                     read it, compile it, prove it
  warren render                    write out/<node>/warren0.conf for every node
  warren qr phone                  make a client's key, and show it as a QR code
  warren trace a b                 why does a reach b, or why not?
  warren cidr 10.0.0.0/8 - 10.1.0.0/16

Exit status: 0 fine, 2 at least one error, 64 wrong usage, 75 somebody else is writing.`;

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
  subcommand(program, "init", "write a first mesh file, to be edited").action(
    async (options: FileWords) => {
      const { init } = await import("./commands/init.ts");
      done(init(terminal, options));
    },
  );
  subcommand(program, "check", "read, compile and prove the mesh; write nothing")
    .addOption(jsonOption())
    .option("--strict", "take every warning as an error", false)
    .action(async (options: FileWords) => {
      const { check } = await import("./commands/check.ts");
      done(check(terminal, options));
    });
  subcommand(program, "render", "write all files, the names, the lock and the keys")
    .addOption(outputOption())
    .addOption(formatOption())
    .addOption(jsonOption())
    .option("--strict", "take every warning as an error", false)
    .action(async (options: RenderWords) => {
      const { render } = await import("./commands/render.ts");
      done(render(terminal, options));
    });
}

function addImportCommand(program: Command, terminal: Terminal, done: Done): void {
  subcommand(program, "import", "make a mesh file, its lock and its keys out of WireGuard's files")
    .argument("<path>", "a folder of wg-quick files, or another tool's file")
    .addOption(jsonOption())
    .action(async (path: string, options: FileWords) => {
      const { importMesh } = await import("./commands/import.ts");
      done(importMesh(terminal, path, options));
    });
}

function addLookCommands(program: Command, terminal: Terminal, done: Done): void {
  subcommand(program, "diff", "show what differs: rendered files from the mesh, or mesh from mesh")
    .argument("[old]", "a mesh file; without it, the output folder is compared")
    .argument("[new]", "another; without it, the one of --file")
    .addOption(outputOption())
    .addOption(formatOption())
    .addOption(jsonOption())
    .action(async (before: string | undefined, after: string | undefined, options: RenderWords) => {
      const { diff } = await import("./commands/diff.ts");
      const meshes = before === undefined ? undefined : { before, after: after ?? options.file };
      done(diff(terminal, meshes, options));
    });
  subcommand(program, "trace", "tell the way of a packet, hop by hop, and why it holds or fails")
    .argument("<source>", "a node, a client, or an address")
    .argument("<target>", "a node, a client, or an address")
    .argument("[port]", "tcp/22, udp/53, icmp: what is sent (anything)")
    .addOption(jsonOption())
    .action(
      async (source: string, target: string, port: string | undefined, options: FileWords) => {
        const { trace } = await import("./commands/trace.ts");
        done(trace(terminal, { source, target, port }, options));
      },
    );
  program
    .command("cidr")
    .description("calculate with prefixes: + (or nothing) unites, - takes away, & intersects")
    .argument("<expression...>", "such as 172.16.0.0/12 - 172.16.0.0/24")
    .addOption(jsonOption())
    .action(async (words: readonly string[], options: { readonly json: boolean }) => {
      const { cidr } = await import("./commands/cidr.ts");
      done(cidr(terminal, words, options));
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
  subcommand(program, "qr", "make a client's key, and show its configuration once, as a QR code")
    .argument("<client>")
    .option("--via <node>", "only its way in through this node")
    .option("--new-key", "make a key in the place of the one it has", false)
    .option("--keep-key", "keep the key, so that render writes the client's file", false)
    .option("--text", "print the configuration as text, too", false)
    .option("--svg <file>", "write the code as a picture, instead of showing it")
    .option("--conf <file>", "write the configuration as a file, instead of showing it")
    .action(async (name: string, options: QrWords) => {
      const { qr } = await import("./commands/qr.ts");
      done(qr(terminal, name, options));
    });
}

function addKeyCommands(program: Command, terminal: Terminal, done: Done): void {
  const keys = program.command("keys").description("show keys, or make new ones");
  subcommand(keys, "show", "print public keys", { isDefault: true })
    .argument("[name]", "only this node's or client's")
    .option("--private", "print its private key instead", false)
    .addOption(jsonOption())
    .action(
      async (name: string | undefined, options: FileWords & { readonly private: boolean }) => {
        const { showKeys } = await import("./commands/keys.ts");
        done(showKeys(terminal, { name, private: options.private }, options));
      },
    );
  subcommand(keys, "rotate", "make a new private key for a node")
    .argument("<node>")
    .action(async (name: string, options: FileWords) => {
      const { rotateKey } = await import("./commands/keys.ts");
      done(rotateKey(terminal, name, { ...options, json: false }));
    });
  subcommand(keys, "rotate-psk", "make a new preshared key for a pair")
    .argument("<one>", "a node")
    .argument("<other>", "another")
    .action(async (one: string, other: string, options: FileWords) => {
      const { rotatePresharedKey } = await import("./commands/keys.ts");
      done(rotatePresharedKey(terminal, { one, other }, { ...options, json: false }));
    });
}

function subcommand(
  parent: Command,
  name: string,
  description: string,
  options: { readonly isDefault?: boolean } = {},
): Command {
  return parent
    .command(name, { isDefault: options.isDefault ?? false })
    .description(description)
    .option("-f, --file <file>", "the mesh file", "warren.yaml");
}

function outputOption(): Option {
  return new Option("-o, --output <folder>", "where the rendered files are").default("out");
}

function formatOption(): Option {
  return new Option("--format <format>", "what the files are for")
    .choices(["wg-quick", "setconf"])
    .default("wg-quick");
}

function jsonOption(): Option {
  return new Option("--json", "print JSON on standard output").default(false);
}
