/** What the lab knows of a mesh: plain data, and the one place that asks the compiler for it. */
import { join } from "node:path";
import { createTerminal, loadWorkspace, run } from "@warren/cli";
import { cover, hostPrefix, intersect, prefixSet, printAddress, printPrefix } from "@warren/core";
import type { Address, Member, Prefix } from "@warren/core";

export interface CloudPlan {
  readonly hosts: readonly CloudHost[];
  /** The mesh's name. */
  readonly network: string;
  /** What the verifier proved of the mesh, in words. */
  readonly proof: string;
}

/** One cloud: a host with WireGuard, and a machine in each private network behind it. */
export interface CloudHost {
  readonly name: string;
  /** Of its own, on this machine. */
  readonly folder: string;
  /** Of the tunnel, without mask. */
  readonly addresses: readonly string[];
  /** Endpoint names that lead to this host. */
  readonly names: readonly string[];
  /** Endpoints written as addresses: they become the host's public ones. */
  readonly endpointAddresses: readonly string[];
  /** Not the whole internet. The host is their .1, a machine their .10. */
  readonly subnets: readonly string[];
  /** Where it is in the private network of its site. */
  readonly lan?: Lan;
  /** It is reached from outside, or dials out: not behind a gateway that does both for it. */
  readonly isPublic: boolean;
}

/** A place in a network that the hosts of one site share. */
export interface Lan {
  readonly site: string;
  readonly network: string;
  readonly address: string;
}

/** Proves a mesh by the very command a user types; `folder`: where those of its hosts are to be. */
export async function loadPlan(mesh: string, folder: string): Promise<CloudPlan> {
  const proof = await runWarren("check", "-f", mesh);
  const { plan } = loadWorkspace(mesh, { keys: "public" });
  if (plan === undefined) throw new Error(`${mesh} does not hold any more`);
  const { index } = plan;
  const hosts = index.members.map((member) => hostOf(member, folder));
  return { hosts, network: index.network.name, proof };
}

function hostOf(member: Member, folder: string): CloudHost {
  const { node, site, addresses } = member;
  const host = node.endpoint?.host;
  const { lan } = node;
  const network = site?.networks.find((range) => lan !== undefined && holds(range, lan));
  return {
    name: node.name,
    folder: join(folder, node.name),
    addresses: addresses.map(({ address }) => printAddress(address)),
    names: typeof host === "string" ? [host] : [],
    endpointAddresses: host === undefined || typeof host === "string" ? [] : [printAddress(host)],
    subnets: node.subnets
      .filter(({ prefix }) => prefix.length > 0)
      .map(({ prefix }) => printPrefix(prefix)),
    ...(lan === undefined || network === undefined
      ? {}
      : {
          lan: {
            site: site?.name ?? "",
            network: printPrefix(network),
            address: printAddress(lan),
          },
        }),
    isPublic: host !== undefined || (site?.gateways ?? []).length === 0,
  };
}

function holds(range: Prefix, address: Address): boolean {
  return cover(intersect(prefixSet([range]), prefixSet([hostPrefix(address)]))).length > 0;
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
