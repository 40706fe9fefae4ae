/** The tunnels of this host that agents run: what they say of themselves, and what the kernel says of their peers. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { readStandings } from "@warren/agent";
import { AGENT_BASE, AGENT_RUN } from "../control/places.ts";
import type { AnswerLine } from "./answers.ts";
import { readStatus } from "./tunnel-status.ts";
import type { TunnelStatus } from "./tunnel-status.ts";

export async function readAgentTunnels(nowMs: number): Promise<readonly TunnelStatus[]> {
  const place = { base: AGENT_BASE, runFolder: AGENT_RUN };
  const tunnels = readStandings(place).map(async (agent) => {
    const [dump, addresses] = await Promise.all([
      print("wg", "show", agent.interface, "dump"),
      print("ip", "-o", "address", "show", "dev", agent.interface),
    ]);
    return tunnelOf(agent, { dump, addresses }, nowMs);
  });
  return (await Promise.all(tunnels)).flat();
}

/** As the program of a host without agent puts it, so that both are read and judged alike. */
export function tunnelOf(
  agent: ReturnType<typeof readStandings>[number],
  said: { readonly dump: string; readonly addresses: string },
  nowMs: number,
): readonly TunnelStatus[] {
  const [device, ...peers] = said.dump.split("\n").map((line) => line.split("\t"));
  const [, publicKey, port] = device ?? [];
  const lines: readonly AnswerLine[] = [
    ["time", String(Math.floor(nowMs / 1000))],
    ["interface", agent.interface],
    ["name", agent.node],
    ...agent.peers.map(({ publicKey: key, name }) => ["known", `${key} ${name}`] as const),
    ...agent.peers.flatMap(({ publicKey: key, endpointName }) =>
      endpointName === undefined ? [] : [["dialled", `${key} ${endpointName}`] as const],
    ),
    ...[...said.addresses.matchAll(/^\S+ +\S+ +inet6? +(?!fe80)(\S+)/gm)].map(
      ([, address = ""]) => ["address", address] as const,
    ),
    ...(publicKey === undefined ? [] : [["device", `${publicKey} ${port}`] as const]),
    ...peers.flatMap(([key, , endpoint, ranges, handshake, received, sent, keepalive]) => {
      const words = [key, endpoint, handshake, received, sent, keepalive, ranges];
      return keepalive === undefined ? [] : [["peer", words.join(" ")] as const];
    }),
  ];
  const { peers: _, node: __, interface: ___, ...about } = agent;
  return readStatus(lines).map((tunnel) => ({ ...tunnel, agent: about }));
}

/** What cannot be asked has no answer: there is no such interface. */
async function print(program: string, ...words: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, words);
    return stdout;
  } catch {
    return "";
  }
}
