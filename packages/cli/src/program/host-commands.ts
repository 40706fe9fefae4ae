/** The part of the table of commands that has to do with hosts: what works over ssh. */
import { say } from "@warren/core";
import type { Command } from "commander";
import { Option } from "commander";
import { jsonOption, parallelOption, strictOption, wholeNumber } from "./options.ts";
import type { Table } from "./options.ts";
import { probeHelp, pushHelp, statusHelp } from "../terminal/ask-help.ts";

export function addHostCommands(program: Command, { terminal, addOnMesh, call }: Table): void {
  const { read } = terminal;
  const about = say`bring the mesh to its hosts over SSH: install, make keys, start, change, check`;
  addOnMesh(program, "push", about)
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
    .addOption(strictOption(terminal))
    .addHelpText("after", () => `\n${read(pushHelp())}`)
    .action(call(async () => (await import("../commands/push.ts")).push));
  addOnMesh(program, "probe", say`have every host measure who reaches whom, over ssh`)
    .argument("[node...]", read(say`ask only these; they measure the ways to all`))
    .option("--watch", read(say`again and again, until Ctrl-C`), false)
    .addOption(parallelOption(terminal))
    .addOption(jsonOption(terminal))
    .addHelpText("after", () => `\n${read(probeHelp())}`)
    .action(call(async () => (await import("../commands/probe.ts")).probe));
  const standing = say`tell how the tunnels stand, on this host or on others over ssh`;
  addOnMesh(program, "status", standing)
    .argument("[node...]", read(say`ask these over ssh, instead of this host`))
    .addOption(parallelOption(terminal))
    .addOption(jsonOption(terminal))
    .addHelpText("after", () => `\n${read(statusHelp())}`)
    .action(call(async () => (await import("../commands/status.ts")).status));
}
