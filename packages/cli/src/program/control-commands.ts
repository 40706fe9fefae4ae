/** The part of the table of commands that has to do with a control plane: a server, the hosts that join it, who manages them. */
import { say } from "@warren/core";
import type { Command } from "commander";
import { Option } from "commander";
import type { Asking } from "../commands/control.ts";
import type { DoctorOptions } from "../commands/doctor.ts";
import type { JoinOptions } from "../commands/join.ts";
import type { LoginOptions } from "../commands/login.ts";
import type { ServerOptions } from "../commands/server.ts";
import { SERVER_FOLDER } from "../control/places.ts";
import type { Environment } from "../control/places.ts";
import { doctorHelp, joinHelp, serverHelp } from "../terminal/control-help.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { createTable, fileOption, jsonOption, wholeNumber } from "./options.ts";
import type { Done, Table } from "./options.ts";

/** What these commands need beside their words. */
export interface Surroundings {
  readonly environment: Environment;
  readonly version: string;
  /** By which this program is started again: absolute paths. */
  readonly words: readonly string[];
}

export function addControlCommands(
  program: Command,
  terminal: Terminal,
  done: Done,
  around: Surroundings,
): void {
  const table = createControlTable(createTable(terminal, done), around);
  addServerCommand(program, terminal, done, around);
  addJoinCommands(program, terminal, done, around);
  addDoctorCommand(program, table, around);
  addNetworkCommands(program, table);
  addNodeCommands(program, table);
  addTokenCommands(program, table);
  addLoginCommands(program, table, around);
}

interface ControlTable extends Table {
  /** As `add`, for a command that a script may ask, too: all of them that go to a server. */
  readonly addAsked: Table["add"];
  /** As `call`, for a command that asks a server; how it prints is in its options, the last of its words. */
  readonly ask: (load: () => Promise<Asker>) => (...words: unknown[]) => Promise<void>;
}

type Asker = (asking: Asking, ...words: never[]) => Promise<number>;

function createControlTable(table: Table, { environment }: Surroundings): ControlTable {
  return {
    ...table,
    addAsked: (...words) => table.add(...words).addOption(jsonOption(table.terminal)),
    ask: (load) =>
      table.call(async () => {
        const [command, { connectServer }] = await Promise.all([
          load(),
          import("../control/server-client.ts"),
        ]);
        return (terminal: Terminal, ...words: never[]) => {
          const { json = false } = words.at(-1) as unknown as { readonly json?: boolean };
          return command({ terminal, call: connectServer(environment), json }, ...words);
        };
      }),
  };
}

function addServerCommand(
  program: Command,
  terminal: Terminal,
  done: Done,
  around: Surroundings,
): void {
  const { read } = terminal;
  const folder = (): Option =>
    new Option("--folder <folder>", read(say`where all of it lies`)).default(SERVER_FOLDER);
  const server = program
    .command("server")
    .description(read(say`run the control plane: hosts join it, people manage it`))
    .addOption(folder())
    .option("--listen <address>", read(say`HOST:PORT, or a port alone`), "8443")
    .option(
      "--address <address...>",
      read(say`where hosts reach it, the best first (its own addresses)`),
      [],
    )
    .option("--network <name>", read(say`the network that a new server begins with`), "mesh")
    .option("--cert <file>", read(say`a certificate of your own`))
    .option("--key <file>", read(say`its key`))
    .option(
      "--new-certificate",
      read(say`where it is lost: make one, and have hosts join again`),
      false,
    )
    .option("--install", read(say`start it as a service, now and at each boot`), false)
    .option("--uninstall", read(say`stop that service, and remove it; the folder stays`), false)
    .option("--print-token", read(say`print link and token though nobody watches`), false)
    .addHelpText("after", () => `\n${read(serverHelp())}`)
    .action(async (options: ServerOptions) => {
      const { server: run } = await import("../commands/server.ts");
      done(await run(terminal, options, around));
    });
  server
    .command("backup")
    .description(read(say`copy the store while the server runs`))
    .argument("<file>")
    .addOption(folder())
    .action(async (file: string, options: ServerOptions) => {
      const { backup } = await import("../commands/server.ts");
      done(await backup(terminal, file, options));
    });
  server
    .command("restore")
    .description(read(say`put a copy in the store's place; the server must not run`))
    .argument("<file>")
    .addOption(folder())
    .action(async (file: string, options: ServerOptions) => {
      const { restore } = await import("../commands/server.ts");
      done(await restore(terminal, file, options));
    });
}

function addJoinCommands(
  program: Command,
  terminal: Terminal,
  done: Done,
  around: Surroundings,
): void {
  const { read } = terminal;
  const { environment, version } = around;
  const none = read(say`start nothing: say what is to be started`);
  program
    .command("join")
    .description(read(say`make this host a node of a server's network`))
    .argument("[token]", read(say`which warren token create prints; or - or a file that has it`))
    .option("--name <name>", read(say`as which node (this host's name)`))
    .option("--network <name>", read(say`which of the server's networks`))
    .option("--server <address>", read(say`join without a token: somebody has to approve it`))
    .option("--pin <pin>", read(say`the key by which that server is known`))
    .option("--interface <name>", read(say`of the tunnel on this host (warren0, or the next)`))
    .option("--no-service", none)
    .addHelpText("after", () => `\n${read(joinHelp())}`)
    .action(async (token: string | undefined, options: JoinOptions) => {
      const { join } = await import("../commands/join.ts");
      done(await join(terminal, token, options, around));
    });
  const network = read(say`which, where this host is in several`);
  program
    .command("agent", { hidden: true })
    .argument("<network>")
    .action(async (name: string) => {
      const { agent } = await import("../commands/agent.ts");
      done(await agent(terminal, name, { environment, version }));
    });
  program
    .command("checkin")
    .description(read(say`do once what this host's agent would do, and end: for cron`))
    .argument("[network]", network)
    .action(async (name: string | undefined) => {
      const { checkin } = await import("../commands/checkin.ts");
      done(await checkin(terminal, name, { environment, version }));
    });
  program
    .command("up")
    .description(read(say`start this host's agent again after warren down`))
    .argument("[network]", network)
    .option("--no-service", none)
    .action(async (name: string | undefined, options: JoinOptions) => {
      const { up } = await import("../commands/join.ts");
      done(await up(terminal, name, options, around));
    });
  program
    .command("down")
    .description(read(say`stop this host's agent, and take its tunnel down`))
    .argument("[network]", network)
    .action(async (name: string | undefined) => {
      const { down } = await import("../commands/agent.ts");
      done(await down(terminal, name, environment));
    });
  program
    .command("leave")
    .description(read(say`take this host out of a network, for good`))
    .argument("[network]", network)
    .action(async (name: string | undefined) => {
      const { leave } = await import("../commands/agent.ts");
      done(await leave(terminal, name, environment));
    });
}

function addDoctorCommand(
  program: Command,
  { terminal, addAsked, call }: ControlTable,
  { environment }: Surroundings,
): void {
  const { read } = terminal;
  addAsked(
    program,
    "doctor",
    say`find out why tunnels do not work, from both ends, and the way out`,
  )
    .argument(
      "[node...]",
      read(say`only the tunnels to these; elsewhere than on a host, between these`),
    )
    .option("--network <name>", read(say`which, where there are several`))
    .addHelpText("after", () => `\n${read(doctorHelp())}`)
    .action(
      call(async () => {
        const { doctor } = await import("../commands/doctor.ts");
        return (_, names: readonly string[], options: DoctorOptions) =>
          doctor(terminal, names, options, environment);
      }),
    );
}

function addNetworkCommands(
  program: Command,
  { terminal, add, addAsked, ask }: ControlTable,
): void {
  const { read } = terminal;
  const network = add(program, "network", say`networks of a server: list, create, set, remove`);
  addAsked(network, "list", say`the networks that there are`, { isDefault: true }).action(
    ask(async () => (await import("../commands/control.ts")).listNetworks),
  );
  for (const verb of ["create", "set"] as const) {
    addAsked(network, verb, verb === "create" ? say`make one` : say`change one`)
      .argument("<name>")
      .argument(
        "[field=value...]",
        read(say`as a mesh file has them in network; and open=true|false, confirm=true`),
      )
      .action(
        ask(async () => {
          const { createNetwork, setNetwork } = await import("../commands/control.ts");
          return verb === "create" ? createNetwork : setNetwork;
        }),
      );
  }
  addAsked(network, "remove", say`take one away: its hosts leave it`)
    .argument("<name>")
    .option("--yes", read(say`do not ask`), false)
    .action(ask(async () => (await import("../commands/control.ts")).removeNetwork));
}

function addNodeCommands(program: Command, { terminal, add, addAsked, ask }: ControlTable): void {
  const { read } = terminal;
  const node = add(
    program,
    "node",
    say`nodes of a server's network: list, add, approve, set, remove`,
  );
  addAsked(node, "list", say`its nodes, and hosts that wait, with how they are`, {
    isDefault: true,
  })
    .argument("<network>")
    .action(ask(async () => (await import("../commands/control.ts")).listNodes));
  const verbs = {
    approve: ["approveNode", say`let a host that waits into the mesh`],
    add: ["addNode", say`declare a node, for a host to join as`],
    set: ["setNode", say`change fields of a node`],
  } as const;
  for (const [verb, [work, about]] of Object.entries(verbs)) {
    addAsked(node, verb, about)
      .argument("<network>")
      .argument("<node>")
      .argument("[field=value...]", read(say`as a mesh file has them; FIELD= takes one away`))
      .action(
        ask(async () => {
          const commands = await import("../commands/control.ts");
          return (asking: Asking, network: string, name: string, words: readonly string[]) =>
            commands[work](asking, { network, node: name, words });
        }),
      );
  }
  addAsked(node, "remove", say`take one out of the mesh`)
    .argument("<network>")
    .argument("<node>")
    .action(ask(async () => (await import("../commands/control.ts")).removeNode));
}

function addTokenCommands(program: Command, { terminal, add, addAsked, ask }: ControlTable): void {
  const { read } = terminal;
  const token = add(program, "token", say`tokens by which hosts join: create, list, revoke`);
  addAsked(token, "create", say`make one, and print it, this once`)
    .argument("<network>")
    .addOption(
      new Option("--uses <hosts>", read(say`how many hosts; 0: any number`))
        .argParser(wholeNumber(0, 1_000_000))
        .default(1),
    )
    .addOption(
      new Option("--hours <hours>", read(say`how long it holds; 0: for ever`))
        .argParser(wholeNumber(0, 100_000))
        .default(1),
    )
    .option("--ask", read(say`who comes by it has to be approved`), false)
    .option("--router", read(say`print the command by which a small router joins`), false)
    .option("--tag <tag...>", read(say`of the nodes that come by it`), [])
    .option("--site <site>", read(say`of the nodes that come by it`))
    .action(ask(async () => (await import("../commands/control.ts")).createToken));
  addAsked(token, "list", say`those that there are, without their secrets`, { isDefault: true })
    .argument("<network>")
    .action(ask(async () => (await import("../commands/control.ts")).listTokens));
  addAsked(token, "revoke", say`let nobody join by it any more`)
    .argument("<network>")
    .argument("<token>", read(say`its number, as warren token list shows it`))
    .action(ask(async () => (await import("../commands/control.ts")).revokeToken));
}

function addLoginCommands(
  program: Command,
  { terminal, addAsked, ask, call }: ControlTable,
  { environment }: Surroundings,
): void {
  const { read } = terminal;
  addAsked(program, "login", say`on the server's host: how to sign in; elsewhere: sign in`)
    .argument("[code]", read(say`which warren login prints on the server's host; - reads it`))
    .option("--account <name>", read(say`whom the link is for`), "admin")
    .action(
      call(async () => {
        const { login } = await import("../commands/login.ts");
        return (_, code: string | undefined, options: LoginOptions) =>
          login(terminal, code, options, environment);
      }),
    );
  addAsked(program, "apply", say`have a server's network be as a mesh file says`)
    .argument("[network]", read(say`which (the one that the file names)`))
    .addOption(fileOption(terminal))
    .option("--yes", read(say`do not ask`), false)
    .option("--remove-missing", read(say`take out nodes that the file does not name`), false)
    .action(ask(async () => (await import("../commands/apply.ts")).apply));
  addAsked(program, "pull", say`write a server's network as a mesh file`)
    .argument("<network>")
    .option("-o, --output <file>", read(say`write it here; - is standard output`), "-")
    .action(
      ask(async () => {
        const { pull } = await import("../commands/apply.ts");
        return (asking: Asking, network: string, { output }: { readonly output: string }) =>
          pull(asking, network, output);
      }),
    );
}
