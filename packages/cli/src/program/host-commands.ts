/** The part of the table of commands that has to do with hosts: what works over ssh. */
import { say } from "@warren/core";
import type { Command } from "commander";
import { Option } from "commander";
import { jsonOption, parallelOption, subcommand, wholeNumber } from "./options.ts";
import type { Done } from "./options.ts";
import type { ProbeWords } from "../commands/probe.ts";
import type { PushOptions } from "../commands/push.ts";
import type { StatusOptions } from "../commands/status.ts";
import { probeHelp, pushHelp, statusHelp } from "../terminal/ask-help.ts";
import type { Terminal } from "../terminal/terminal.ts";

export function addHostCommands(program: Command, terminal: Terminal, done: Done): void {
  const { read } = terminal;
  const about = say`bring the mesh to its hosts over SSH: install, make keys, start, change, check`;
  subcommand(program, terminal, "push", about)
    .argument("[node...]", read(say`only these`))
    .option("--dry-run", read(say`tell what would be done, host by host, and do nothing`), false)
    .option("--remove", read(say`take everything off the hosts instead`), false)
    .option("--all", read(say`with --remove: from every host, when none is named`), false)
    .option("--anyway", read(say`go on where a clock, a route or a firewall looks wrong`), false)
    .addOption(
      new Option(
        "--within <seconds>",
        read(say`a host that is not reached again so soon after a change undoes it`),
      )
        .argParser(wholeNumber(5, 600))
        .default(30),
    )
    .addOption(parallelOption(terminal))
    .addOption(jsonOption(terminal))
    .option("--strict", read(say`take every warning as an error`), false)
    .addHelpText("after", () => `\n${read(pushHelp())}`)
    .action(async (names: readonly string[], options: PushOptions) => {
      const { push } = await import("../commands/push.ts");
      done(await push(terminal, names, options));
    });
  addAskCommands(program, terminal, done);
}

function addAskCommands(program: Command, terminal: Terminal, done: Done): void {
  const { read } = terminal;
  subcommand(program, terminal, "probe", say`have every host measure who reaches whom, over ssh`)
    .argument("[node...]", read(say`ask only these; they measure the ways to all`))
    .option("--watch", read(say`again and again, until Ctrl-C`), false)
    .addOption(parallelOption(terminal))
    .addOption(jsonOption(terminal))
    .addHelpText("after", () => `\n${read(probeHelp())}`)
    .action(async (names: readonly string[], options: ProbeWords) => {
      const { probe } = await import("../commands/probe.ts");
      done(await probe(terminal, names, options));
    });
  subcommand(
    program,
    terminal,
    "status",
    say`tell how the tunnels stand, on this host or on others over ssh`,
  )
    .argument("[node...]", read(say`ask these over ssh, instead of this host`))
    .addOption(parallelOption(terminal))
    .addOption(jsonOption(terminal))
    .addHelpText("after", () => `\n${read(statusHelp())}`)
    .action(async (names: readonly string[], options: StatusOptions) => {
      const { status } = await import("../commands/status.ts");
      done(await status(terminal, names, options));
    });
}
