/** warren init: writes a first mesh file that holds as it stands. */
import { joinTexts, say } from "@warren/core";
import type { Phrase, Text } from "@warren/core";
import { padTo } from "../terminal/width.ts";
import { existsSync } from "node:fs";
import { AppError } from "@warren/api";
import { writeNamed } from "../files/staging.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { commandOn } from "../terminal/words.ts";
import type { FileOption } from "./plan.ts";

/** Never overwrites. */
export function init(terminal: Terminal, { file }: FileOption): number {
  if (existsSync(file)) {
    const fix = say`choose another with -f, or edit this one`;
    throw new AppError("cannot-write", say`there is a file already`, { fix, file });
  }
  writeNamed(file, terminal.read(firstMesh()), "everybody");
  terminal.print(say`${file}: written; edit it, then run ${commandOn(file, "check")}`);
  return 0;
}

/** Its comments in the language of the terminal: it is a letter to whoever edits it. */
function firstMesh(): Text {
  const lines: readonly (readonly [string, Phrase?])[] = [
    ["", say`A WireGuard mesh. Next: warren check, then warren render.`],
    ["network:"],
    ["  name: mesh"],
    ["  addresses: [10.66.0.0/16]", say`ranges of the mesh; one IPv6 range may stand beside`],
    [""],
    ["nodes:"],
    ["  a:"],
    ["    endpoint: a.example.com", say`where others dial it: host or host:port (51820)`],
    [
      "    subnets: [192.168.10.0/24]",
      say`private networks behind it, which all others then reach`,
    ],
    ["  b:"],
    ["    endpoint: 203.0.113.20"],
    ["  laptop: {}", say`behind a NAT, dialled by nobody: it dials the others`],
  ];
  const printed = lines.map(([line, about]) => {
    if (about === undefined) return line;
    return say`${line === "" ? "" : padTo(35, line)}# ${about}`;
  });
  return joinTexts([...printed, ""], "\n");
}
