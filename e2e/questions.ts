/** Asks real questions through a network: ping, TCP and UDP, many at once, with a limit to the wait. */
import { join } from "node:path";
import type { Host } from "../lab/world.ts";
import type { Answer, Door, Order, Question } from "./correspondent/main.ts";

/** Longer than a handshake that is repeated once, and than a SYN that is. */
const PATIENCE_SECONDS = 3;
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
