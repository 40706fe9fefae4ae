/** Options that several commands have, the same for all. */
import { say } from "@warren/core";
import type { Phrase } from "@warren/core";
import { InvalidArgumentError, Option } from "commander";
import type { Command, CommandOptions } from "commander";
import type { Terminal } from "../terminal/terminal.ts";
import { MESH_FILE } from "../terminal/words.ts";

/** Told the exit status of the command that was run. */
export type Done = (status: number) => void;

/** How commands are added to the table: in the language of a terminal, and loaded when they are called. */
export interface Table {
  readonly terminal: Terminal;
  readonly done: Done;
  readonly add: (parent: Command, name: string, about: Phrase, how?: CommandOptions) => Command;
  /** The same, for a command that works on a mesh file. */
  readonly addOnMesh: (parent: Command, name: string, about: Phrase) => Command;
  /** What a command does: it is given the terminal, its arguments and its options. */
  readonly call: (load: () => Promise<CommandFunction>) => (...words: unknown[]) => Promise<void>;
}

type CommandFunction = (terminal: Terminal, ...words: never[]) => number | Promise<number>;

export function createTable(terminal: Terminal, done: Done): Table {
  const add: Table["add"] = (parent, name, about, how) =>
    parent.command(name, how).description(terminal.read(about));
  return {
    terminal,
    done,
    add,
    addOnMesh: (parent, name, about) => add(parent, name, about).addOption(fileOption(terminal)),
    call:
      (load) =>
      async (...words) => {
        const command = await load();
        // The last word is the parser itself.
        done(await command(terminal, ...(words.slice(0, -1) as never[])));
      },
  };
}

export function fileOption({ read }: Terminal): Option {
  return new Option("-f, --file <file>", read(say`the mesh file`)).default(MESH_FILE);
}

export function parallelOption({ read }: Terminal): Option {
  return new Option("--parallel <hosts>", read(say`as many at once`))
    .argParser(wholeNumber(1, 1000))
    .default(32);
}

export function outputOption({ read }: Terminal): Option {
  return new Option("-o, --output <folder>", read(say`where the rendered files are`)).default(
    "out",
  );
}

export function formatOption({ read }: Terminal): Option {
  return new Option("--format <format>", read(say`what they are for`))
    .choices(["wg-quick", "setconf", "networkd"])
    .default("wg-quick");
}

export function strictOption({ read }: Terminal): Option {
  return new Option("--strict", read(say`take every warning as an error`)).default(false);
}

export function jsonOption({ read }: Terminal): Option {
  return new Option("--json", read(say`print JSON on standard output`)).default(false);
}

/** Of an option: digits alone, and within bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`a whole number from ${least} to ${most} is wanted`);
  };
}
