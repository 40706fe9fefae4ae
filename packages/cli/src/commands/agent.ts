/** warren agent, down, leave: what runs on a host that has joined, and how it ends. */
import { setTimeout } from "node:timers/promises";
import { AppError } from "@warren/api";
import { listTexts, parseName, say } from "@warren/core";
import type { Name, Phrase } from "@warren/core";
import {
  createNotify,
  findInit,
  hasStarter,
  listNetworks,
  NetworkFiles,
  removeStarter,
} from "@warren/agent";
import { NOT_JOINED, readStatuses, removeStatus, runHostAgent } from "@warren/agent";
import { takeHostDown, watchdogMs } from "@warren/agent";
import type { Credential } from "@warren/agent";
import { demand } from "../app-error.ts";
import { AGENT_BASE, AGENT_RUN, pathIn } from "../control/places.ts";
import type { Environment } from "../control/places.ts";
import { callAsNode } from "../control/server-client.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** An agent that is told to stop has one thing under way at most. */
const STOP_MS = 10_000;
const LOOK_MS = 50;

/** In the foreground, as a service runs it. */
export async function agent(
  terminal: Terminal,
  network: string,
  { environment, version }: { readonly environment: Environment; readonly version: string },
): Promise<number> {
  const name = demand(parseName(network));
  if (!listNetworks(AGENT_BASE).includes(name)) {
    terminal.say(say`this host is in no network ${name}`);
    return NOT_JOINED;
  }
  const stopped = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopped.abort());
  const path = pathIn(environment);
  const wish = {
    path,
    socket: environment["NOTIFY_SOCKET"],
    watchdogUsec: environment["WATCHDOG_USEC"],
  };
  const notify = createNotify(wish);
  const everyMs = watchdogMs(wish);
  const alive =
    everyMs === undefined ? undefined : setInterval(() => void notify("WATCHDOG=1"), everyMs);
  try {
    const how = await runHostAgent(name, {
      base: AGENT_BASE,
      runFolder: AGENT_RUN,
      path,
      version,
      notify,
      log: (text) => terminal.say(text),
      signal: stopped.signal,
    });
    if (how === "stopped") return 0;
    terminal.say(say`taken out of network ${network}: the tunnel is down`);
    return NOT_JOINED;
  } finally {
    clearInterval(alive);
  }
}

/** Stops the agent and takes the tunnel down, as if it had never been there; `warren up` brings it back. */
export async function down(
  terminal: Terminal,
  network: string | undefined,
  environment: Environment,
): Promise<number> {
  const name = chooseNetwork(network);
  const hasAgent =
    hasStarter(findInit(), name) ||
    readStatuses(AGENT_RUN).some((each) => each.network === name && each.isRunning);
  const files = new NetworkFiles(AGENT_BASE, name);
  // First: what cron starts meanwhile leaves it down.
  files.isDown = true;
  const done = await endTunnel(name, environment);
  const down = hasAgent ? say`down; bring it back: warren up ${name}` : downForVisits(name);
  terminal.print(done.length === 0 ? say`${name}: was down already` : say`${name}: ${down}`);
  return 0;
}

/** `warren up` alone would start an agent there. */
export function downForVisits(network: Name): Phrase {
  return say`down; let cron bring it back: warren up ${network} --no-service`;
}

/** Takes the tunnel down, tells the server, and forgets the network. */
export async function leave(
  terminal: Terminal,
  network: string | undefined,
  environment: Environment,
): Promise<number> {
  const said = readStatuses(AGENT_RUN).find((each) => each.network === network)?.network;
  // Also one of which only that is left, or what starts its agent.
  const name = said ?? (hasStarter(findInit(), network) ? network : chooseNetwork(network));
  const files = new NetworkFiles(AGENT_BASE, name);
  const credential = files.readCredential();
  await (credential === undefined ? stopAgent(name) : endTunnel(name, environment));
  if (credential !== undefined) await tellServer(terminal, credential);
  files.remove();
  terminal.print(say`${name}: left`);
  return 0;
}

/** The server may be away: then somebody has to take the node out there. */
async function tellServer(terminal: Terminal, credential: Credential): Promise<void> {
  const { network, node } = credential;
  try {
    await callAsNode(credential, "leave");
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // It does not know this host any more: it was told already.
    if (error.code === "unauthorised") return;
    terminal.say(
      say`the server could not be told: take the node out there: warren node remove ${network} ${node}`,
    );
  }
}

/** The one that is named, or the only one. */
export function chooseNetwork(wanted: string | undefined): Name {
  const known = listNetworks(AGENT_BASE);
  const [only, ...others] = known;
  if (wanted === undefined && only !== undefined && others.length === 0) return only;
  const found = known.find((each) => each === wanted);
  if (found !== undefined) return found;
  if (only === undefined) {
    const fix = say`join one: warren join TOKEN`;
    throw new AppError("not-found", say`this host is in no network`, { fix });
  }
  const several = say`this host is in several networks`;
  const text = wanted === undefined ? several : say`this host is in no network ${wanted}`;
  throw new AppError("usage", text, { fix: say`name one of ${listTexts(known)}` });
}

/** And its agent, and what started that; what was done for it. */
export async function endTunnel(
  network: Name,
  environment: Environment,
): Promise<readonly string[]> {
  await stopAgent(network);
  const place = { base: AGENT_BASE, runFolder: AGENT_RUN, path: pathIn(environment) };
  return await takeHostDown(network, place);
}

/** Whatever started it, which is gone then, too. */
export async function stopAgent(network: Name): Promise<void> {
  await removeStarter(findInit(), network);
  await endAgent(network);
}

/** The process; a service starts another. The tunnel stays. */
export async function endAgent(network: Name): Promise<void> {
  const running = readStatuses(AGENT_RUN).find(
    (each) => each.network === network && each.isRunning,
  );
  if (running === undefined) return removeStatus(AGENT_RUN, network);
  process.kill(running.pid, "SIGTERM");
  const endsAt = performance.now() + STOP_MS;
  while (readStatuses(AGENT_RUN).some(({ pid, isRunning }) => pid === running.pid && isRunning)) {
    if (performance.now() > endsAt) {
      const text = say`the agent of network ${network} does not stop`;
      throw new AppError("busy", text, { fix: say`end process ${running.pid}, and run it again` });
    }
    await setTimeout(LOOK_MS);
  }
}
