/** warren doctor: why tunnels of this host, or of a network, do not work, each with the way out. */
import { AppError, diagnose, EXAMINED_SECONDS, isAlive, MOST_EXAMINED } from "@warren/api";
import type { Client, EndFacts, Examination, Finding, Pair, PeerFacts, Side } from "@warren/api";
import { hasPrefix, listSome, optional, parseName, say } from "@warren/core";
import type { Device, Name } from "@warren/core";
import { listNetworks, openExamination, readStatuses } from "@warren/agent";
import type { Credential } from "@warren/agent";
import { demand } from "../app-error.ts";
import { AGENT_BASE, AGENT_RUN, pathIn } from "../control/places.ts";
import type { Environment } from "../control/places.ts";
import { callAsNode, connectServer } from "../control/server-client.ts";
import { printOddity } from "../remote/probe-report.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { countOf } from "../terminal/words.ts";
import { chooseNetwork } from "./agent.ts";
import { printJson } from "./plan.ts";

export interface DoctorOptions {
  readonly network?: string;
  readonly json: boolean;
}

/** What was found out, wherever that was asked. */
interface Visit {
  readonly network: Name;
  readonly pairs: readonly Pair[];
  readonly findings: readonly Finding[];
  /** Why the server could not be asked for the other ends. */
  readonly unasked?: AppError;
}

export async function doctor(
  terminal: Terminal,
  words: readonly string[],
  options: DoctorOptions,
  environment: Environment,
): Promise<number> {
  const names = words.map((word) => demand(parseName(word)));
  const { network } = options;
  const isHere =
    network === undefined
      ? listNetworks(AGENT_BASE).length > 0
      : listNetworks(AGENT_BASE).some((each) => each === network);
  const out = readStatuses(AGENT_RUN).find(
    (each) => each.isOut === true && (network === undefined || each.network === network),
  );
  const visit = isHere
    ? await visitHost(terminal, names, { network: chooseNetwork(network), environment })
    : out === undefined
      ? await visitNetwork(connectServer(environment), names, network)
      : { network: out.network, pairs: [], findings: [takenOut(out.network, out.node)] };
  return report(terminal, visit, options);
}

async function visitHost(
  terminal: Terminal,
  names: readonly Name[],
  { network, environment }: { readonly network: Name; readonly environment: Environment },
): Promise<Visit> {
  const place = { base: AGENT_BASE, runFolder: AGENT_RUN, path: pathIn(environment) };
  const host = openExamination(network, place);
  const { credential, device } = host;
  if (device === undefined) {
    throw new AppError("not-found", say`this host has not heard from its server yet`, {
      fix: say`see how its agent stands: warren status`,
    });
  }
  const peers = names.length > 0 ? names : nodesOf(device);
  terminal.progress(say`looking at ${countOf(peers.length, "tunnel")}`);
  const [first, gate] = await Promise.all([
    inTurns(peers, host.examine),
    askServer(credential, []),
  ]);
  if (gate instanceof AppError && gate.code === "unauthorised") {
    const findings = [takenOut(network, device.name)];
    return { network, pairs: peersFrom(first, peers), findings };
  }
  // What is certain from here alone needs no second look.
  const known = diagnose(peersFrom(first, peers), network).filter(({ isCertain }) => isCertain);
  const clear = new Set(known.flatMap(({ pairs }) => pairs.map(([, name]) => name)));
  const silent = peers.filter(
    (name) => !clear.has(name) && factsOf(first, name)?.roundTripMs === undefined,
  );
  const others = peers.filter((name) => !clear.has(name) && !silent.includes(name));
  if (silent.length > 0) {
    const whom = listSome(silent);
    terminal.progress(say`${whom}: no answer; looking from both ends, for ${EXAMINED_SECONDS} s`);
  }
  const startedAt = Date.now();
  const [told, second] = await Promise.all([
    gate instanceof AppError
      ? gate
      : askServer(credential, [...silent, ...others].slice(0, MOST_EXAMINED)),
    silent.length === 0 ? undefined : inTurns(silent, host.examine),
  ]);
  const pairs = peersFrom(first, peers, {
    ...optional("second", second && (await lookLonger(second, told, host.examine))),
    ...(told instanceof AppError ? {} : { answer: told, clockOffMs: startedAt - told.now }),
  });
  const findings = diagnose(pairs, network);
  return { network, pairs, findings, ...(told instanceof AppError ? { unasked: told } : {}) };
}

/** From whom comes from time to time nothing is sent now: WireGuard here begins anew after 15 s without an answer. */
async function lookLonger(
  second: EndFacts,
  told: Examination | AppError,
  examine: (names: readonly Name[]) => Promise<EndFacts>,
): Promise<EndFacts> {
  const nodes = told instanceof AppError ? [] : told.nodes;
  const visiting = nodes.filter(({ visitedAt }) => visitedAt !== undefined);
  const silent = second.peers
    .filter(
      ({ peer, roundTripMs }) =>
        roundTripMs === undefined && visiting.some(({ name }) => name === peer),
    )
    .map(({ peer }) => peer);
  if (silent.length === 0) return second;
  const third = await inTurns(silent, examine);
  return { ...third, peers: [...third.peers, ...second.peers] };
}

/** The tunnels as this end sees them, which has looked once or twice, and as the others do, if they were asked. */
function peersFrom(
  first: EndFacts,
  names: readonly Name[],
  more: {
    readonly second?: EndFacts;
    readonly answer?: Examination;
    readonly clockOffMs?: number;
  } = {},
): readonly Pair[] {
  const { second, answer, clockOffMs } = more;
  const { node: self } = first;
  const known = {
    name: self,
    ...optional(
      "node",
      answer?.nodes.find(({ name }) => name === self),
    ),
    ...optional("clockOffMs", clockOffMs),
  };
  return names.map((name) => {
    const [before, after] = [factsOf(first, name), factsOf(second, name)];
    const ends =
      after === undefined ? { end: first } : { end: second, ...optional("alone", before) };
    const one = { ...known, ...ends, ...optional("peer", after ?? before) } as Side;
    return { one, other: sideOf(answer, name, self) };
  });
}

/** Clients come and go as they like. */
function nodesOf({ peers, filter }: Device): readonly Name[] {
  const isClient = ([first]: Device["peers"][number]["allowedIps"]): boolean =>
    first !== undefined && filter.clients.some((client) => hasPrefix(client, first));
  return peers.filter(({ allowedIps }) => !isClient(allowedIps)).map(({ name }) => name);
}

async function inTurns(
  names: readonly Name[],
  examine: (names: readonly Name[]) => Promise<EndFacts>,
): Promise<EndFacts> {
  let all = await examine(names.slice(0, MOST_EXAMINED));
  for (let at = MOST_EXAMINED; at < names.length; at += MOST_EXAMINED) {
    const next = await examine(names.slice(at, at + MOST_EXAMINED));
    all = { ...next, peers: [...all.peers, ...next.peers] };
  }
  return all;
}

function factsOf(end: EndFacts | undefined, name: Name): PeerFacts | undefined {
  return end?.peers.find(({ peer }) => peer === name);
}

async function askServer(
  credential: Credential,
  nodes: readonly Name[],
): Promise<Examination | AppError> {
  try {
    return await callAsNode(credential, "examine", { nodes });
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

function sideOf(answer: Examination | undefined, name: Name, other: Name): Side {
  const node = answer?.nodes.find((each) => each.name === name);
  if (answer === undefined || node?.end === undefined) return { name, ...optional("node", node) };
  const { end } = node;
  const clockOffMs = end.at - answer.now;
  return { name, node, end, clockOffMs, ...optional("peer", factsOf(end, other)) };
}

function takenOut(network: Name, node: Name): Finding {
  return {
    code: "revoked",
    host: node,
    pairs: [],
    isCertain: true,
    cause: say`this host was taken out of ${network}: the server does not know it any more`,
    fix: say`if that was not meant, join again with a new token: warren join TOKEN; else have it forgotten: warren leave ${network}`,
  };
}

async function visitNetwork(
  call: Client,
  names: readonly Name[],
  wanted: string | undefined,
): Promise<Visit> {
  const known = (await call("listNetworks")).map(({ name }) => name);
  const [first, ...others] = known;
  const network = wanted === undefined && others.length === 0 ? first : wanted;
  if (network === undefined) {
    const text = say`which network is not said`;
    throw new AppError("usage", text, { fix: say`name it with --network` });
  }
  const body = names.length === 0 ? {} : { nodes: names };
  const answer = await call("examineNodes", { params: { network }, body });
  const pairs = answer.nodes.flatMap(({ name: one, peers }, at) =>
    answer.nodes
      .slice(at + 1)
      .filter((other) => names.length > 0 || peers.includes(other.name))
      .map((other): Pair => {
        const isMeant = peers.includes(other.name);
        const unmeant = { isMeant: false, isLetIn: false, sent: 0, received: 0 };
        const less = (side: Side, peer: Name): Side =>
          isMeant ? side : { ...side, peer: { ...unmeant, peer } };
        return {
          one: less(sideOf(answer, one, other.name), other.name),
          other: less(sideOf(answer, other.name, one), one),
        };
      }),
  );
  return { network: demand(parseName(network)), pairs, findings: diagnose(pairs, network as Name) };
}

function report(
  terminal: Terminal,
  { network, pairs, findings, unasked }: Visit,
  { json }: DoctorOptions,
): number {
  const { read } = terminal;
  const alive = pairs.filter(isAlive).length;
  // That no tunnel is meant is no fault beside one that works.
  const isWrong =
    findings.some(({ code }) => code !== "not-meant") || (pairs.length > 0 && alive === 0);
  if (json) {
    const told = findings.map((each) => {
      return { ...each, cause: read(each.cause), fix: read(each.fix) };
    });
    const without = optional("unasked", unasked && read(unasked.text));
    printJson(terminal, { network, tunnels: pairs.length, findings: told, ...without });
    return isWrong ? 1 : 0;
  }
  if (unasked !== undefined) {
    terminal.say(say`the server cannot be asked for the other ends: ${unasked.text}`);
  }
  for (const { code, pairs: where, isCertain, cause, fix } of findings) {
    const names = listSome(where.map(([one, other]) => `${one} ↔ ${other}`));
    const text = isCertain ? say`${cause} (${code})` : say`probably ${cause} (${code})`;
    printOddity(terminal, where.length === 0 ? network : names, { cause: text, fix });
  }
  if (findings.length === 0 && alive === 0) terminal.print(say`no tunnel could be looked at`);
  else if (!isWrong) terminal.print(say`${countOf(alive, "tunnel")} looked at: nothing is wrong`);
  return isWrong ? 1 : 0;
}
