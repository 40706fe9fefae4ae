/** Measures who reaches whom, with the real ping between real addresses. */
import { isIPv6 } from "node:net";
import type { Cloud } from "./clouds.ts";
import type { Host } from "./world.ts";

/** One address that pings and is pinged. */
export interface Station {
  /** The node's name, also for the machines behind it. */
  readonly node: string;
  readonly kind: "node" | "machine";
  readonly address: string;
}

/** roundTripMs is undefined when no answer came. */
export interface Ping {
  readonly source: Station;
  readonly target: Station;
  readonly roundTripMs: number | undefined;
}

interface LiveStation extends Station {
  readonly host: Host;
}

interface Pair {
  readonly source: LiveStation;
  readonly target: LiveStation;
}

interface Answer extends Pair {
  readonly roundTripMs: number | undefined;
}

/** More than the 5.3 s after which WireGuard repeats a lost handshake: 5 s and up to a third of a second of jitter. */
const PATIENCE_SECONDS = 6;
const NO_PING = "install iputils-ping, or run the lab where ping may be used";

/**
 * Shakes hands over every tunnel, from one side only: two that begin at the same moment each throw
 * away the other's answer, and only try again after 5 s.
 */
export async function shakeHands(clouds: readonly Cloud[]): Promise<void> {
  const nodes = stationsOf(clouds).filter(({ kind }) => kind === "node");
  const pairs = nodes.flatMap((source, at) =>
    nodes.slice(at + 1).map((target) => ({ source, target })),
  );
  await Promise.all(pairs.map((pair) => ping(pair, 1)));
}

/** All ordered pairs of the nodes' first addresses and the machines, row by row, except across families. */
export async function pingAll(clouds: readonly Cloud[]): Promise<readonly Ping[]> {
  const stations = stationsOf(clouds);
  const pairs = stations.flatMap((source) =>
    stations.map((target) => ({ source, target })).filter(isMeasured),
  );
  // All at once to see who answers at all; then in turn, so that they do not measure each other.
  const answers = await Promise.all(pairs.map((pair) => ping(pair, PATIENCE_SECONDS)));
  const pings: Ping[] = [];
  for (const answer of answers) {
    pings.push(answer.roundTripMs === undefined ? answer : await pingAgain(answer));
  }
  return pings;
}

/** Nodes first, then machines. */
function stationsOf(clouds: readonly Cloud[]): readonly LiveStation[] {
  const nodes = clouds.flatMap(({ plan, host }) =>
    plan.addresses
      .slice(0, 1)
      .map((address) => ({ node: plan.name, kind: "node" as const, address, host })),
  );
  const machines = clouds.flatMap((cloud) =>
    cloud.machines.map(({ address, host }) => ({
      node: cloud.plan.name,
      kind: "machine" as const,
      address,
      host,
    })),
  );
  return [...nodes, ...machines];
}

function isMeasured({ source, target }: Pair): boolean {
  return source !== target && isIPv6(source.address) === isIPv6(target.address);
}

async function pingAgain(before: Answer): Promise<Ping> {
  const { roundTripMs } = await ping(before, 1);
  return roundTripMs === undefined ? before : { ...before, roundTripMs };
}

/** Pings once a second until the first answer, from exactly the source's address: nobody else shall answer for it. */
async function ping({ source, target }: Pair, seconds: number): Promise<Answer> {
  const patience = ["-c", "1", "-w", String(seconds)];
  const words = ["ping", "-n", ...patience, "-I", source.address, target.address];
  const { status, output, errors } = await source.host.attempt({ words, wayOut: NO_PING });
  // 1: no answer; 2: it could not even send. More: it is not ping that speaks.
  if (status > 2)
    throw new Error(`cannot ping from ${source.node}: ${errors.trim()}\n  ${NO_PING}`);
  const time = status === 0 ? / time[=<]([\d.]+) ms/.exec(output)?.[1] : undefined;
  return { source, target, roundTripMs: time === undefined ? undefined : Number(time) };
}
