/** warren status: what `wg show` says of this host's tunnels, or of other hosts', with names. */
import { say } from "@warren/core";
import { AppError } from "@warren/api";
import { printOddity } from "../remote/probe-report.ts";
import { askAll, asking, chooseNodes, hostsOf, printableRefusal } from "../remote/hosts.ts";
import type { Refused } from "../remote/hosts.ts";
import { Connections, runHere } from "../remote/ssh.ts";
import { readAgentTunnels } from "../remote/agent-tunnels.ts";
import { hasTrouble, readStatus } from "../remote/tunnel-status.ts";
import type { TunnelStatus } from "../remote/tunnel-status.ts";
import { printTunnel } from "../remote/status-report.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { loadPlan, printJson } from "./plan.ts";

export interface StatusOptions {
  readonly file: string;
  readonly json: boolean;
  readonly parallel: number;
}

export async function status(
  terminal: Terminal,
  names: readonly string[],
  options: StatusOptions,
): Promise<number> {
  if (names.length === 0) {
    return report(terminal, { tunnels: await readHere(), refused: [] }, options);
  }
  const plan = loadPlan(terminal, options, { keys: "public" });
  if (plan === undefined) return 2;
  const nodes = chooseNodes(plan.mesh, names);
  const connections = new Connections();
  try {
    const hosts = hostsOf(connections, nodes);
    const device = plan.mesh.network.interface;
    const found = new Map<string, readonly TunnelStatus[]>();
    const refused = await askAll(hosts, options.parallel, async ({ name, remote }) => {
      const answer = await remote.run({ words: [device, "status"] });
      if (answer.kind === "failed") return answer;
      const tunnels = readStatus(answer.lines);
      if (tunnels.length === 0) return { kind: "failed", code: "no-warren", detail: device };
      found.set(name, tunnels);
      return answer;
    });
    return report(
      terminal,
      { tunnels: hosts.flatMap(({ name }) => found.get(name) ?? []), refused },
      options,
    );
  } finally {
    await connections.close();
  }
}

async function readHere(): Promise<readonly TunnelStatus[]> {
  const answer = await runHere(["warren", "status"]);
  const tunnels =
    answer.kind === "answered"
      ? [...readStatus(answer.lines), ...(await readAgentTunnels(Date.now()))]
      : [];
  if (tunnels.length > 0) return tunnels;
  const { code, detail } = answer.kind === "failed" ? answer : { code: "no-warren", detail: "" };
  const { cause, fix } = asking(detail)[code] ?? {
    cause: say`${code}: ${detail}`,
    fix: say`see the message`,
  };
  throw new AppError("cannot-read", cause, { fix });
}

interface Found {
  readonly tunnels: readonly TunnelStatus[];
  readonly refused: readonly Refused[];
}

function report(terminal: Terminal, { tunnels, refused }: Found, { json }: StatusOptions): number {
  if (json) {
    const others = refused.map((each) => printableRefusal(each, terminal.read));
    printJson(terminal, { tunnels, refused: others });
  } else {
    for (const [at, tunnel] of tunnels.entries()) {
      if (at > 0) terminal.print("");
      printTunnel(terminal, tunnel);
    }
    for (const each of refused) printOddity(terminal, each.name, each);
  }
  return refused.length > 0 || tunnels.some(hasTrouble) ? 2 : 0;
}
