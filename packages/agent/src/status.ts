/** What a running agent says of itself, for `warren status`: a file a network that everybody may read, without a secret. */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { refusalOf, systemCode } from "@warren/api";
import * as core from "@warren/core";
import { shapes } from "@warren/core";
import { writeWhole } from "./atomic-file.ts";
import { formatShape, readJson } from "./json-file.ts";
import { isRunning } from "./process-start.ts";

const { fields, flag, list, number, optional, required, text } = shapes;

const FORMAT = 1;
const revision = number({ min: 0, max: Number.MAX_SAFE_INTEGER });
/** They go to terminals. */
const words = text((written) => written.replaceAll(/\p{Cc}/gu, " "));

const statusShape = fields({
  format: required(formatShape(FORMAT), "Of this file."),
  network: required(text(core.parseName), "Its network."),
  node: required(text(core.parseName), "The host's name in it."),
  interface: required(text(core.parseInterfaceName), "Of the tunnel."),
  pid: required(number({ min: 1, max: 2 ** 31 }), "Of the agent."),
  start: optional(words, "When that began, since another may have its number by now."),
  server: optional(words, "The one that it talks to, or has talked to last."),
  isConnected: required(flag(), "It talks to its server now."),
  isWaiting: optional(flag(), "Nobody has approved it yet."),
  visitedAt: optional(revision, "By an agent that ends each time: when, in ms since 1970."),
  isOut: optional(flag(), "The network has taken the host out, and nothing of it is left here."),
  rev: optional(revision, "The newest revision that it has heard of."),
  applied: optional(revision, "Up to which the host is as it is to be."),
  error: optional(words, "Why it could not make it so."),
  peers: required(
    list(
      fields({
        publicKey: required(text(core.parsePublicKey), "Whose."),
        name: required(words, "The node's or the client's."),
        endpointName: optional(words, "By which it is dialled."),
      }),
    ),
    "Whose names `wg` does not know.",
  ),
});

export type AgentStatus = Omit<shapes.Read<typeof statusShape>, "format">;

/** `folder` is /run/warren but in tests. */
export function writeStatus(folder: string, status: AgentStatus): void {
  const file = fileOf(folder, status.network);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
  } catch (cause) {
    throw refusalOf("cannot-write", folder, cause);
  }
  const text = `${JSON.stringify({ format: FORMAT, ...status })}\n`;
  writeWhole(file, text, { mode: 0o644, isLasting: false });
}

/** Of an agent that ends properly, or of a host that has left. */
export function removeStatus(folder: string, network: core.Name): void {
  rmSync(fileOf(folder, network), { force: true });
}

/** Of all networks of this host, in order of name; what cannot be read is as if there were no agent. */
export function readStatuses(
  folder: string,
): readonly (AgentStatus & { readonly isRunning: boolean })[] {
  return namesIn(folder).flatMap((name) => {
    const read = readJson(join(folder, name), statusShape);
    if (read === undefined || read instanceof core.Problem) return [];
    return [{ ...read, isRunning: isRunning(read.pid, read.start) }];
  });
}

function fileOf(folder: string, network: string): string {
  return join(folder, `${network}.json`);
}

function namesIn(folder: string): readonly string[] {
  try {
    const names = readdirSync(folder);
    return names.filter((name) => /^[a-z0-9-]+\.json$/.test(name)).toSorted();
  } catch (cause) {
    if (["ENOENT", "EACCES"].includes(systemCode(cause))) return [];
    throw refusalOf("cannot-read", folder, cause);
  }
}
