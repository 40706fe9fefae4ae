/** What the lab knows of a mesh: plain data, and the one place that asks the compiler for it. */
import { copyFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createTerminal, loadWorkspace, run } from "@warren/cli";
import { printAddress, printPrefix } from "@warren/core";
import type { Member } from "@warren/core";

export interface CloudPlan {
  readonly hosts: readonly CloudHost[];
  /** What the verifier proved of the mesh, in words. */
  readonly proof: string;
}

/** One cloud: a host with WireGuard, and a machine in each private network behind it. */
export interface CloudHost {
  readonly name: string;
  readonly interface: string;
  /** What the host sees as /etc/wireguard: <interface>.conf and what its hooks need. */
  readonly folder: string;
  /** Of the tunnel, without mask. */
  readonly addresses: readonly string[];
  /** Endpoint names that lead to this host. */
  readonly names: readonly string[];
  /** Endpoints written as addresses: they become the host's public ones. */
  readonly endpointAddresses: readonly string[];
  /** The host is their .1, a machine their .10. */
  readonly subnets: readonly string[];
}

/**
 * Compiles, proves and renders a mesh by the very commands a user types; its folders are written
 * into `folder`, and a copy of the mesh with its lock and keys beside it.
 */
export async function loadPlan(mesh: string, folder: string): Promise<CloudPlan> {
  const copy = join(dirname(folder), "warren.yaml");
  await copyFile(mesh, copy);
  const proof = await runWarren("check", "-f", copy);
  await runWarren("render", "-f", copy, "-o", folder);
  const { plan } = loadWorkspace(copy, { keys: "public", isStrict: false });
  if (plan === undefined) throw new Error(`${copy} does not hold any more`);
  const { index } = plan;
  const hosts = index.members.map((member) => hostOf(member, index.network.interface, folder));
  return { hosts, proof };
}

function hostOf(member: Member, device: string, folder: string): CloudHost {
  const { node, addresses } = member;
  const host = node.endpoint?.host;
  return {
    name: node.name,
    interface: device,
    folder: join(folder, node.name),
    addresses: addresses.map(({ address }) => printAddress(address)),
    names: typeof host === "string" ? [host] : [],
    endpointAddresses: host === undefined || typeof host === "string" ? [] : [printAddress(host)],
    subnets: node.subnets.map(({ prefix }) => printPrefix(prefix)),
  };
}

/** Runs one command in this process; its result, or an error with what it said. */
export async function runWarren(...words: readonly string[]): Promise<string> {
  const output: string[] = [];
  const stream = { write: (text: string) => output.push(text) };
  const terminal = createTerminal(stream, stream, { isColourWanted: false });
  const status = await run(terminal, "lab", words);
  const text = output.join("").trimEnd();
  if (status !== 0) throw new Error(`warren ${words[0] ?? ""} exited with ${status}\n${text}`);
  return text;
}
