/** warren completion: prints the script by which a shell asks us for words; warren complete answers it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Argument, Command, Option } from "commander";
import { readDocument } from "../yaml/document.ts";
import { readTextIfThere } from "../files/file-text.ts";
import { listNames } from "../yaml/mappings.ts";
import type { NamedSection } from "../yaml/mappings.ts";
import type { Terminal } from "../terminal/terminal.ts";

export function completion(terminal: Terminal, shell: "bash" | "zsh" | "fish"): number {
  const script = join(import.meta.dirname, "..", "shells", `warren.${shell}`);
  terminal.print(readFileSync(script, "utf8").trimEnd());
  return 0;
}

/**
 * The words that can stand where the last of these stands, a line each, with a tab and what it is for;
 * or `:files`, where the shell knows better.
 */
export function complete(terminal: Terminal, program: Command, words: readonly string[]): number {
  const begun = words.at(-1) ?? "";
  const place = findPlace(program, words.slice(0, -1));
  const found = candidatesAt(program, place, begun);
  if (found === "files") terminal.print(":files");
  else {
    for (const { word, about } of found) {
      if (word.startsWith(begun)) terminal.print(`${word}\t${about}`);
    }
  }
  return 0;
}

interface Candidate {
  readonly word: string;
  readonly about: string;
}

type Candidates = readonly Candidate[] | "files";

/** Where a word stands: in which command, after how many of its arguments, or as the value of an option. */
interface Place {
  readonly command: Command;
  readonly argument: number;
  readonly option: Option | undefined;
  readonly meshFile: string;
}

function findPlace(program: Command, words: readonly string[]): Place {
  let command = program;
  let argument = 0;
  let option: Option | undefined;
  let meshFile = "warren.yaml";
  for (const word of words) {
    if (option !== undefined) {
      if (option.long === "--file") meshFile = word;
      option = undefined;
    } else if (word.startsWith("-")) {
      const known = optionsOf(program, command).find(({ long, short }) => {
        return long === word || short === word;
      });
      option = known?.required === true ? known : undefined;
    } else {
      const next = argument === 0 ? findCommand(command, word) : undefined;
      if (next === undefined) argument += 1;
      else command = next;
    }
  }
  return { command, argument, option, meshFile };
}

function candidatesAt(program: Command, place: Place, begun: string): Candidates {
  const { command, argument, option, meshFile } = place;
  if (option !== undefined) return valuesOf(option, meshFile);
  const joined = optionsOf(program, command).find(({ long }) => begun.startsWith(`${long}=`));
  if (joined !== undefined) {
    const values = valuesOf(joined, meshFile);
    if (values === "files") return values;
    return values.map(({ word, about }) => ({ word: `${joined.long}=${word}`, about }));
  }
  if (begun.startsWith("-")) {
    return optionsOf(program, command).map(({ long, short, description }) => {
      return { word: long ?? short ?? "", about: description };
    });
  }
  if (command.commands.length > 0 && argument === 0) {
    const visible = command.createHelp().visibleCommands(command);
    return visible.map((each) => ({ word: each.name(), about: each.description() }));
  }
  const known = command.registeredArguments;
  const last = known.at(-1);
  const own = known[argument] ?? (last?.variadic === true ? last : undefined);
  if (own?.name() === "name") return namesIn(meshFile, sectionsFor(program, command));
  return own === undefined ? [] : valuesOf(own, meshFile);
}

/** Whose names a command's `<name>` may be; that of add is new. */
function sectionsFor(program: Command, command: Command): readonly NamedSection[] {
  const sections = ["nodes", "clients", "sites", "groups"] as const;
  // keys show has a parent of its own.
  if (command.parent !== program) return sections.slice(0, 2);
  if (command.name() === "add") return [];
  return command.name() === "set" ? sections.slice(0, 3) : sections;
}

/** Its own and those of the program, which may stand anywhere. */
function optionsOf(program: Command, command: Command): readonly Option[] {
  const own = command.createHelp().visibleOptions(command);
  return command === program
    ? own
    : [...own, ...program.options.filter(({ long }) => long === "--lang")];
}

function findCommand(parent: Command, name: string): Command | undefined {
  return parent.commands.find((each) => each.name() === name || each.aliases().includes(name));
}

/** By its choices, or by the name of what it takes: the `<node>` of `--via <node>`. */
function valuesOf(owner: Argument | Option, meshFile: string): Candidates {
  if (owner.argChoices !== undefined) {
    return owner.argChoices.map((word) => ({ word, about: "" }));
  }
  const name = "flags" in owner ? (/<(.*)>/.exec(owner.flags)?.[1] ?? "") : owner.name();
  if (/^(file|folder|path|old|new)$/.test(name)) return "files";
  if (/^(node|one|other)$/.test(name)) return namesIn(meshFile, ["nodes"]);
  if (name === "client") return namesIn(meshFile, ["clients"]);
  return /^(source|target)$/.test(name) ? namesIn(meshFile, ["nodes", "clients"]) : [];
}

/** Names as they are written: whether the mesh holds is asked when the line is run. */
function namesIn(meshFile: string, kinds: readonly NamedSection[]): readonly Candidate[] {
  const { value } = readDocument(readTextIfThere(meshFile) ?? "");
  return listNames(value, kinds).map((word) => ({ word, about: "" }));
}
