/** warren man: prints the manual page, as man(7) has it, from the table of commands itself. */
import { say } from "@warren/core";
import type { Phrase, Text } from "@warren/core";
import type { Command } from "commander";
import { describeProgram, examples, files, statuses, variables } from "../terminal/manual.ts";
import type { Terminal } from "../terminal/terminal.ts";

export function man(terminal: Terminal, program: Command, version: string): number {
  const { read } = terminal;
  const section = (title: Phrase): string => `.SH ${roff(read(title))}`;
  const terms = (list: readonly (readonly [string, Text])[]): readonly string[] =>
    list.flatMap(([term, about]) => [".TP", `.B ${roff(term)}`, roff(read(about))]);
  const lines = [
    `.TH WARREN 1 "" "warren ${roff(version)}" ""`,
    // Chinese has no blanks between words: those few would be stretched to fill the line.
    ".ad l",
    section(say`NAME`),
    `warren \\- ${roff(read(say`WireGuard meshes that dig themselves`))}`,
    section(say`SYNOPSIS`),
    `.B warren`,
    roff(usageOf(program)),
    section(say`DESCRIPTION`),
    roff(read(describeProgram())),
    section(say`COMMANDS`),
    ...leavesOf(program).flatMap((command) => printCommand(command)),
    section(say`OPTIONS`),
    ...printOptions(program),
    section(say`EXIT STATUS`),
    ...terms(statuses().map(([status, about]) => [String(status), about])),
    section(say`ENVIRONMENT`),
    ...terms(variables()),
    section(say`FILES`),
    ...terms(files()),
    section(say`EXAMPLES`),
    ...terms(examples()),
    section(say`SEE ALSO`),
    ".BR wg (8),",
    ".BR wg-quick (8)",
  ];
  terminal.print(lines.join("\n"));
  return 0;
}

/** A text that no request or escape is read out of; what is to be typed keeps its plain hyphens. */
function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll(/^(?=[.'])/gm, "\\&");
}

/** Commands that do something, in the order of the help. */
function leavesOf(parent: Command): readonly Command[] {
  return parent
    .createHelp()
    .visibleCommands(parent)
    .flatMap((each) => (each.commands.length > 0 ? leavesOf(each) : [each]));
}

function printCommand(command: Command): readonly string[] {
  const help = command.createHelp();
  return [
    `.SS ${roff(`${pathOf(command)} ${usageOf(command)}`.trim())}`,
    roff(command.description()),
    ...help
      .visibleArguments(command)
      .flatMap((each) => [
        ".TP",
        `.I ${roff(help.argumentTerm(each))}`,
        describe(each.description),
      ]),
    ...printOptions(command),
  ];
}

function printOptions(command: Command): readonly string[] {
  const help = command.createHelp();
  return help
    .visibleOptions(command)
    .filter(({ long }) => command.parent === null || long !== "--help")
    .flatMap((each) => [".TP", `.B ${roff(each.flags)}`, describe(help.optionDescription(each))]);
}

function describe(text: string): string {
  return text === "" ? "\\&" : roff(text);
}

function usageOf(command: Command): string {
  return command.createHelp().styleUsage(command.usage());
}

/** `warren keys show`, without the program's own name. */
function pathOf(command: Command): string {
  const above = command.parent === null ? "" : pathOf(command.parent);
  return command.parent === null ? "" : `${above} ${command.name()}`.trim();
}
