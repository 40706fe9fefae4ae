/** The parser's own words, in ours and in any language: titles of its help, and what it refuses. */
import { joinTexts, listTexts, printText, quote, say } from "@warren/core";
import type { Phrase, Text } from "@warren/core";
import type { Argument, Command, CommanderError, Option } from "commander";
import { AppError } from "@warren/api";
import { unknownName } from "../app-error.ts";
import { retold } from "./retold.ts";
import type { Terminal } from "./terminal.ts";
import { widthOf } from "./width.ts";

/** Commands that are added afterwards inherit it. */
export function speakThrough(program: Command, terminal: Terminal): Command {
  const { read } = terminal;
  const inWords = (term: string): string =>
    term.replace("[options]", read(say`[options]`)).replace("[command]", read(say`[command]`));
  return program
    .helpOption("-h, --help", read(say`print this help`))
    .helpCommand("help [command]", read(say`print the help of a command`))
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.say(say`${text.trimEnd()}`),
      // What it refuses is thrown, too, and said at the door.
      outputError: () => undefined,
    })
    .configureHelp({
      displayWidth: widthOf,
      styleTitle: (title) => read(titleOf(title)),
      styleUsage: inWords,
      styleSubcommandTerm: inWords,
      optionDescription: (option) => read(describe(option)),
      argumentDescription: (argument) => read(describe(argument)),
    });
}

/** Its sentence with the way out, as our own refusals have it. */
export function usageError(
  cause: CommanderError,
  program: Command,
  words: readonly string[],
): AppError {
  const text = cause.message.replace(/^error: /, "");
  const hint = /\n\(Did you mean (?:one of )?(.*)\?\)$/.exec(text);
  const message = text.slice(0, hint?.index);
  const meant = hint?.[1];
  const choices = / Allowed choices are (.*)\.$/.exec(message)?.[1];
  const bounds = / a whole number from (\d+) to (\d+) is wanted$/.exec(message);
  const help = say`see ${[...pathOf(program, words), "--help"].join(" ")}`;
  const rule =
    bounds === null
      ? help
      : say`a whole number from ${bounds[1] ?? ""} to ${bounds[2] ?? ""} is wanted`;
  const way = choices === undefined ? rule : say`choose one of ${listTexts(choices.split(", "))}`;
  const fix = meant === undefined ? way : say`did you mean ${listTexts(meant.split(", "))}?`;
  return new AppError("usage", sentenceOf(message), { fix, cause });
}

/** The parser answers help for a command that nobody knows with the help of all. */
export function refuseUnknownHelp(program: Command, words: readonly string[]): void {
  let command: Command | undefined = program;
  const { operands } = program.parseOptions([...words]);
  for (const [at, word] of operands.entries()) {
    const known: string[] = command.commands.map((each) => each.name());
    if (known.length === 0) return;
    const wanted = word === "help" ? operands[at + 1] : undefined;
    if (wanted !== undefined && ![...known, "help"].includes(wanted)) {
      throw unknownName(say`unknown command ${quote(wanted)}`, wanted, known);
    }
    command = command.commands.find((each) => each.name() === word);
    if (command === undefined) return;
  }
}

/** The names of the command that is meant, as far as they are known. */
function pathOf(program: Command, words: readonly string[]): readonly string[] {
  const path = [program.name()];
  let command = program;
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word);
    if (next === undefined) continue;
    command = next;
    path.push(word);
  }
  return path;
}

function titleOf(title: string): Text {
  const known = [say`Usage:`, say`Arguments:`, say`Options:`, say`Commands:`];
  return known.find((each) => printText(each) === title) ?? title;
}

/** With the words that it may be, and the one that it is when nothing is said. */
function describe({ description, argChoices, defaultValue }: Argument | Option): Text {
  const standard: unknown = defaultValue;
  const notes = [
    ...(argChoices === undefined ? [] : [say`choices: ${listTexts(argChoices)}`]),
    ...(typeof standard === "string" || typeof standard === "number"
      ? [say`default: ${standard}`]
      : []),
  ];
  return notes.length === 0 ? description : say`${description} (${joinTexts(notes, say`; `)})`;
}

/** By the sentences of commander 15, which its codes do not tell apart. */
function sentenceOf(message: string): Phrase {
  return retold(message, [
    [/^unknown option '(.*)'$/s, (option) => say`unknown option ${quote(option)}`],
    [/^unknown command '(.*)'$/s, (command) => say`unknown command ${quote(command)}`],
    [/^missing required argument '(.*)'$/s, (name) => say`the argument ${name} is missing`],
    [/^required option '(.*)' not specified$/, (name) => say`the option ${name} is missing`],
    [/^option '(.*)' argument missing$/, (flags) => say`the option ${flags} lacks its value`],
    [
      /^option '(.*)' argument '(.*)' is invalid\./s,
      (flags, value) => say`the option ${flags} cannot be ${quote(value)}`,
    ],
    [
      /value '(.*)' is invalid for argument '(.*)'\./s,
      (word, name) => say`the argument ${name} cannot be ${quote(word)}`,
    ],
    [
      /^too many arguments.* Expected (\d+) arguments? but got (\d+)/s,
      (most, count) =>
        count === "1"
          ? say`1 argument is too many: it takes ${most}`
          : say`${count} arguments are too many: it takes ${most}`,
    ],
  ]);
}
