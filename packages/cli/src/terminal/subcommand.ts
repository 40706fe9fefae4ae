/** What all commands on a mesh begin with: a name, what it does, the mesh file. */
import { say } from "@warren/core";
import type { Phrase } from "@warren/core";
import { Option } from "commander";
import type { Command } from "commander";
import type { Terminal } from "./terminal.ts";
import { MESH_FILE } from "./words.ts";

export function subcommand(
  parent: Command,
  terminal: Terminal,
  name: string,
  about: Phrase,
): Command {
  return parent.command(name).description(terminal.read(about)).addOption(fileOption(terminal));
}

export function fileOption({ read }: Terminal): Option {
  return new Option("-f, --file <file>", read(say`the mesh file`)).default(MESH_FILE);
}
