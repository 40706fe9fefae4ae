/** Pings ten times a second between hosts while something else happens, and counts what was lost. */
import type { Runner } from "./system.ts";

export interface PingedPair {
  readonly source: Runner;
  readonly target: string;
}

export interface PingCount {
  readonly source: string;
  readonly target: string;
  readonly sent: number;
  /** The numbers of those without an answer. */
  readonly lost: readonly number[];
}

const INTERVAL_SECONDS = "0.1";
/** How long the first answer may take: a handshake that must be tried again. */
const PATIENCE_SECONDS = "10";
const WAY_OUT = "pings must go through before something happens to them";

/** The file's name is the first argument, the target the second; /run is the host's own. */
const START = `
ping -n -i ${INTERVAL_SECONDS} "$2" >"$1" 2>&1 </dev/null &
echo $! >"$1.pid"
timeout ${PATIENCE_SECONDS} sh -c 'until grep -q time= "$1"; do sleep 0.02; done' sh "$1"
`;

const STOP = `
pid=$(cat "$1.pid")
kill -INT "$pid"
tail --pid="$pid" -s 0.02 -f /dev/null
cat "$1"
rm "$1" "$1.pid"
`;

/** Begins when all pairs are answered, ends with the work; answers what it has sent and what was lost. */
export async function pingDuring(
  pairs: readonly PingedPair[],
  work: () => Promise<void>,
): Promise<readonly PingCount[]> {
  const fileOf = (at: number) => `/run/warren-pings-${at}`;
  await Promise.all(
    pairs.map(({ source, target }, at) => runScript(source, START, [fileOf(at), target])),
  );
  try {
    await work();
  } finally {
    // The last ones that were sent come back.
    await new Promise((done) => setTimeout(done, 300));
  }
  return await Promise.all(
    pairs.map(async ({ source, target }, at) => {
      const output = await runScript(source, STOP, [fileOf(at)]);
      return { source: source.name, target, ...count(output) };
    }),
  );
}

async function runScript(host: Runner, script: string, words: readonly string[]): Promise<string> {
  return await host.run({ words: ["sh", "-c", script, "sh", ...words], wayOut: WAY_OUT });
}

function count(output: string): Pick<PingCount, "sent" | "lost"> {
  const sent = Number(/(\d+) packets transmitted/.exec(output)?.[1]);
  const answers = [...output.matchAll(/icmp_seq=(\d+) ttl/g)].map(([, number]) => Number(number));
  const answered = new Set(answers);
  // The last may be under way as it stops.
  const lost = Array.from({ length: sent - 1 }, (_, at) => at + 1).filter(
    (number) => !answered.has(number),
  );
  return { sent, lost };
}
