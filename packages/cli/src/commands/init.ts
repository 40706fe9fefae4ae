/** warren init: writes a first mesh file that holds as it stands. */
import { say } from "@warren/core";
import { existsSync } from "node:fs";
import { AppError } from "../app-error.ts";
import { staged } from "../staging.ts";
import type { Terminal } from "../terminal.ts";

export interface InitOptions {
  readonly file: string;
}

const TEMPLATE = `# A WireGuard mesh. Next: warren check, then warren render.
network:
  name: mesh
  addresses: [10.66.0.0/16]        # ranges of the mesh; one IPv6 range may stand beside

nodes:
  a:
    endpoint: a.example.com        # where others dial it: host or host:port (51820)
    subnets: [192.168.10.0/24]     # private networks behind it, which all others then reach
  b:
    endpoint: 203.0.113.20
  laptop: {}                       # behind a NAT, dialled by nobody: it dials the others
`;

/** Never overwrites. */
export function init(terminal: Terminal, { file }: InitOptions): number {
  if (existsSync(file)) {
    const fix = say`choose another with -f, or edit this one`;
    throw new AppError("cannot-write", say`there is a file already`, { fix, file });
  }
  staged((staging) => staging.put(file, TEMPLATE, "everybody"));
  terminal.print(say`${file}: written; edit it, then run warren check`);
  return 0;
}
