/** warren checkin: what an agent does, once: for cron, on hosts where none is to live on. */
import { listNetworks, NetworkFiles, NOT_JOINED, overhearVisit } from "@warren/agent";
import { readStatuses, runHostAgent } from "@warren/agent";
import type { Phrase } from "@warren/core";
import { say } from "@warren/core";
import { AGENT_BASE, AGENT_RUN, pathIn } from "../control/places.ts";
import type { Environment } from "../control/places.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { chooseNetwork, downForVisits } from "./agent.ts";

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
  // Cron mails every line: whoever looks at a terminal is told that nothing was to be done.
  const rest = (text: Phrase): number => {
    if (terminal.columns !== undefined) terminal.print(say`${network}: ${text}`);
    return 0;
  };
  const find = () => readStatuses(AGENT_RUN).find((each) => each.network === network);
  if (find()?.isRunning === true) {
    return rest(say`its agent is running, and does all that by itself`);
  }
  const files = new NetworkFiles(AGENT_BASE, network);
  if (files.isDown) return rest(downForVisits(network));
  let status: ReturnType<typeof find>;
  const left = new AbortController();
  const ended = (): void => {
    status ??= find();
    left.abort();
  };
  const timer = setTimeout(ended, VISIT_MS);
  const addresses = files.readCredential()?.servers.length ?? 0;
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
  if (status?.isWaiting === true) return rest(say`waiting for approval`);
  const { applied, error } = status ?? {};
  if (applied === undefined || error !== undefined) {
    terminal.say(say`${network}: ${error ?? say`the server has not answered in time`}`);
    return 2;
  }
  return rest(say`at revision ${applied}`);
}
