/** The nodes of a mesh as hosts that can be asked, and why one cannot. */
import { unknownNode } from "../app-error.ts";
import * as core from "@warren/core";
import type { Answer } from "./answers.ts";
import { reasonOf } from "./refusals.ts";
import type { Reason, Reasons } from "./refusals.ts";
import { inParallel, sshTargetOf } from "./ssh.ts";
import type { Connections, Remote } from "./ssh.ts";

export interface MeshHost {
  readonly name: core.Name;
  readonly remote: Remote;
}

/** A host that answered nothing of what it was asked. */
export interface Refused extends Reason {
  readonly name: string;
  readonly code: string;
}

/** Nodes by their names; all where none is named. */
export function chooseNodes(mesh: core.Mesh, names: readonly string[]): readonly core.Node[] {
  const known = new Set<string>(mesh.nodes.map(({ name }) => name));
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) throw unknownNode(mesh, unknown);
  return names.length === 0 ? mesh.nodes : mesh.nodes.filter(({ name }) => names.includes(name));
}

export function hostsOf(connections: Connections, nodes: readonly core.Node[]): MeshHost[] {
  return nodes.map((node) => ({ name: node.name, remote: connections.host(sshTargetOf(node)) }));
}

/** Connects to each and has it work; those that refuse, in the order of the hosts. */
export async function askAll(
  hosts: readonly MeshHost[],
  limit: number,
  ask: (host: MeshHost) => Promise<Answer>,
): Promise<readonly Refused[]> {
  const refused = new Map<MeshHost, Refused>();
  await inParallel(hosts, limit, async (host) => {
    const opened = await host.remote.connect();
    const answer = opened.kind === "failed" ? opened : await ask(host);
    if (answer.kind === "failed") refused.set(host, refusalOf(host, answer));
  });
  return hosts.flatMap((host) => refused.get(host) ?? []);
}

export function refusalOf(
  { name, remote: { target } }: MeshHost,
  { code, detail }: { readonly code: string; readonly detail: string },
): Refused {
  return { name, code, ...reasonOf(target, { code, detail }, asking(detail)) };
}

/** For --json, as findings are. */
export function printableRefusal(
  { name, code, cause, fix }: Refused,
  read: (text: core.Text) => string,
): object {
  return { name, code, message: read(cause), fix: read(fix) };
}

/** What the programs that only look refuse, by their codes. */
export function asking(detail: string): Reasons {
  return {
    "not-root": {
      cause: core.say`only root may ask WireGuard`,
      fix: core.say`run it as root: sudo warren status`,
    },
    "no-wg": {
      cause: core.say`there is no wg command`,
      fix: core.say`install WireGuard's tools: apt-get install wireguard-tools; or let warren push do it`,
    },
    "no-warren": {
      cause: core.say`there is no file in /etc/wireguard that Warren has made`,
      fix: core.say`bring a mesh to it: warren push, or warren join there; or ask another: warren status NODE`,
    },
    "no-ping": {
      cause: core.say`there is no ping command`,
      fix: core.say`install one there: apt-get install iputils-ping`,
    },
    "no-tunnel": {
      cause: core.say`the tunnel ${detail} is not up`,
      fix: core.say`bring it up: warren push; or there: systemctl start wg-quick@${detail}`,
    },
  };
}
