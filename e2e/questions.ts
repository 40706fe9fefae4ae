/** Asks real questions through a network: ping, TCP and UDP, many at once, with a limit to the wait. */
import { join } from "node:path";
import { expect } from "vitest";
import type { Host } from "../lab/world.ts";

/** What the program at both ends is told to do, as JSON. */
export type Order =
  | { readonly kind: "start" | "serve"; readonly doors: readonly Door[] }
  | { readonly kind: "ask"; readonly questions: readonly Question[]; readonly patienceMs: number };

/** A port that a server listens at, on all addresses of its host. */
export interface Door {
  readonly protocol: "tcp" | "udp";
  readonly port: number;
}

export interface Question extends Door {
  readonly address: string;
  readonly bytes: number;
}

/** What the server saw. */
export interface Answer {
  readonly sender: string;
  readonly bytes: number;
}

/** Longer than a SYN that is repeated once, after 1 s, and its answer. */
const PATIENCE_SECONDS = 3;
const LIMIT_MS = 20_000;
/** What moves many bytes takes as long as it takes. */
const TRANSFER_PATIENCE_MS = 60_000;
const PROGRAM = join(import.meta.dirname, "correspondent/main.ts");
const WAY_OUT = "look at the host: the question itself could not be asked";

/** Servers that answer at `tcp/5432`, `udp/53` … on every address of a host. */
export async function startServers(host: Host, ...doors: readonly string[]): Promise<void> {
  await order(host, { kind: "start", doors: doors.map(parseDoor) });
}

/**
 * Which of these answered: `icmp ADDRESS`, `tcp/PORT ADDRESS`, `udp/PORT ADDRESS`. Each with the address
 * that a server saw; ping sees none.
 */
export async function askAll(
  host: Host,
  targets: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const pings = targets.filter((target) => target.startsWith("icmp "));
  const others = targets.filter((target) => !target.startsWith("icmp "));
  const questions = others.map((target) => parseQuestion(target, 1));
  const patienceMs = PATIENCE_SECONDS * 1000;
  const [pinged, answers] = await Promise.all([
    Promise.all(pings.map((target) => isPinged(host, target.slice("icmp ".length)))),
    questions.length === 0 ? [] : order(host, { kind: "ask", questions, patienceMs }),
  ]);
  return new Map([
    ...pings.filter((_, at) => pinged[at]).map((target) => [target, ""] as const),
    ...others.flatMap((target, at) => {
      const sender = answers[at]?.sender;
      return sender === undefined ? [] : [[target, sender] as const];
    }),
  ]);
}

/** The targets that answered, in the order in which they were asked. */
export async function findReached(host: Host, targets: readonly string[]): Promise<string[]> {
  const answers = await askAll(host, targets);
  return targets.filter((target) => answers.has(target));
}

/** All of them answer, if not at once: the first packets wait for handshakes, on a machine that is busy. */
export async function expectAnswers(host: Host, targets: readonly string[]): Promise<void> {
  const reached = new Set<string>();
  const ask = async (): Promise<readonly string[]> => {
    const rest = targets.filter((target) => !reached.has(target));
    for (const target of await findReached(host, rest)) reached.add(target);
    return targets.filter((target) => !reached.has(target));
  };
  await expect.poll(ask, { timeout: LIMIT_MS, message: `silent to ${host.name}` }).toEqual([]);
}

/** Sends so many bytes to a server, and answers how many of them it says it got. */
export async function transfer(host: Host, target: string, bytes: number): Promise<number> {
  const questions = [parseQuestion(target, bytes)];
  const [answer] = await order(host, { kind: "ask", questions, patienceMs: TRANSFER_PATIENCE_MS });
  return answer?.bytes ?? 0;
}

async function isPinged(host: Host, address: string): Promise<boolean> {
  const words = ["ping", "-n", "-c", "1", "-w", String(PATIENCE_SECONDS), address];
  return (await host.attempt({ words, wayOut: WAY_OUT })).status === 0;
}

/** Answers of an order that asks, one for each question. */
async function order(host: Host, what: Order): Promise<readonly (Answer | null)[]> {
  const words = [process.execPath, PROGRAM, JSON.stringify(what)];
  const output = await host.run({ words, wayOut: WAY_OUT });
  return output === "" ? [] : JSON.parse(output);
}

function parseDoor(text: string): Door {
  const [, protocol, port] = /^(tcp|udp)\/(\d+)$/.exec(text) ?? [];
  if (protocol !== "tcp" && protocol !== "udp") throw new Error(`no door: ${text}`);
  return { protocol, port: Number(port) };
}

function parseQuestion(target: string, bytes: number): Question {
  const [door = "", address = ""] = target.split(" ");
  return { ...parseDoor(door), address, bytes };
}
