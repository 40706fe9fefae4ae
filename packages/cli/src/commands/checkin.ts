/** warren checkin: what an agent does, once: for cron, on hosts where none is to live on. */
import { listNetworks, NetworkFiles, NOT_JOINED, overhearVisit } from "@warren/agent";
import { readStatuses, runHostAgent } from "@warren/agent";
import { say } from "@warren/core";
import { AGENT_BASE, AGENT_RUN, pathIn } from "../control/places.ts";
import type { Environment } from "../control/places.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { chooseNetwork } from "./agent.ts";

/** Of a server that takes its time, and until what has cut it off is taken back; before the next minute's. */
const VISIT_MS = 45_000;

/** The tunnel is up with what is on disk, whether the server answers or not, and stays when this ends. */
export async function checkin(
  terminal: Terminal,
  wanted: string | undefined,
  { environment, version }: { readonly environment: Environment; readonly version: string },
): Promise<number> {
  if (wanted === undefined && listNetworks(AGENT_BASE).length === 0) {
    terminal.say(say`this host is in no network`);
    return NOT_JOINED;
  }
  const network = chooseNetwork(wanted);
  const find = () => readStatuses(AGENT_RUN).find((each) => each.network === network);
  if (find()?.isRunning === true) {
    terminal.print(say`${network}: its agent is running, and does all that by itself`);
    return 0;
  }
  let status: ReturnType<typeof find>;
  const left = new AbortController();
  const ended = (): void => {
    status ??= find();
    left.abort();
  };
  const timer = setTimeout(ended, VISIT_MS);
  const addresses = new NetworkFiles(AGENT_BASE, network).readCredential()?.servers.length ?? 0;
  const how = await runHostAgent(network, {
    base: AGENT_BASE,
    runFolder: AGENT_RUN,
    path: pathIn(environment),
    version,
    notify: async () => undefined,
    log: (text) => terminal.say(text),
    signal: left.signal,
    overhear: (connect) => overhearVisit(connect, { addresses, ended }),
  }).finally(() => clearTimeout(timer));
  if (how === "revoked") {
    terminal.say(say`taken out of network ${network}: the tunnel is down`);
    return NOT_JOINED;
  }
  if (status?.isWaiting === true) {
    terminal.print(say`${network}: waiting for approval`);
    return 0;
  }
  const { applied, error } = status ?? {};
  if (applied === undefined || error !== undefined) {
    terminal.say(say`${network}: ${error ?? say`the server has not answered in time`}`);
    return 2;
  }
  terminal.print(say`${network}: at revision ${applied}`);
  return 0;
}
