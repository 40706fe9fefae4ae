/** Runs on the hosts of a test's world: answers on many addresses, or tries many flows. Knows no rules. */
import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { text } from "node:stream/consumers";

export interface Flow {
  readonly from: string;
  readonly to: string;
  readonly protocol: string;
  readonly port: number;
}

export interface Answering {
  readonly addresses: readonly string[];
  readonly tcp: readonly number[];
  readonly udp: readonly number[];
}

/** How long an answer may take: what is dropped is only known by its silence. */
const TIMEOUT_MS = 700;
/** What is dropped must not be said again when the next rules are there. */
const SHOT_MS = 20;
/** Flows under way at the same time, and pings, which are processes. */
const FLOWS = 300;
const PINGS = 40;

/** What is sent without asking for an answer. */
export interface Shot {
  readonly to: string;
  readonly protocol: string;
  readonly port: number;
  /** Whence; else from any port. */
  readonly fromPort?: number;
}

/**
 * For `serve` a file is written when all addresses answer; `probe` prints for each flow whether it was;
 * `send` ends when everything has left.
 */
export async function main(mode = "", file = ""): Promise<void> {
  const input = JSON.parse(await text(process.stdin));
  if (mode === "send") await Promise.all(input.map(send));
  else if (mode === "probe") process.stdout.write(JSON.stringify(await probe(input)));
  else {
    await serve(input);
    writeFileSync(file, "");
  }
}

async function serve({ addresses, tcp, udp }: Answering): Promise<void> {
  for (const port of tcp) {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.end();
    });
    await once(server.listen({ port, host: "::", backlog: 511 }), "listening");
  }
  // Each address has its own socket, so that an answer comes from where the question went.
  for (const address of addresses) {
    for (const port of udp) {
      const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
      socket.on("message", (_, from) => socket.send("", from.port, from.address));
      await once(socket.bind(port, address), "listening");
    }
  }
}

/** For each flow, whether it was answered. */
async function probe(flows: readonly Flow[]): Promise<readonly boolean[]> {
  const answers: boolean[] = [];
  const rest = [...flows.entries()];
  const pings = rest.filter(([, { protocol }]) => protocol === "icmp");
  const others = rest.filter(([, { protocol }]) => protocol !== "icmp");
  const work = async (queue: [number, Flow][]): Promise<void> => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const [at, flow] = next;
      answers[at] = await isAnswered(flow);
    }
  };
  const workers = [
    ...Array.from({ length: FLOWS }, () => work(others)),
    ...Array.from({ length: PINGS }, () => work(pings)),
  ];
  await Promise.all(workers);
  return answers;
}

async function isAnswered({ from, to, protocol, port }: Flow): Promise<boolean> {
  if (protocol === "icmp") {
    return await new Promise((done) => {
      const words = ["-n", "-c", "1", "-W", String(TIMEOUT_MS / 1000), "-I", from, to];
      execFile("ping", words, (error) => done(error === null));
    });
  }
  if (protocol === "tcp") {
    const socket = connect({ host: to, port, localAddress: from });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error("silence")));
    return await once(socket, "connect").then(
      () => socket.destroy() === socket,
      () => false,
    );
  }
  const socket = createSocket(from.includes(":") ? "udp6" : "udp4");
  await once(socket.bind(0, from), "listening");
  socket.send("", port, to, () => undefined);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const isHeard = await once(socket, "message", { signal }).then(
    () => true,
    () => false,
  );
  socket.close();
  return isHeard;
}

async function send({ to, protocol, port, fromPort = 0 }: Shot): Promise<void> {
  if (protocol === "icmp") {
    await new Promise<void>((done) => {
      execFile("ping", ["-n", "-c", "1", "-W", "0.01", to], () => done());
    });
  } else if (protocol === "tcp") {
    const socket = connect({ host: to, port });
    socket.on("error", () => undefined);
    socket.setTimeout(SHOT_MS, () => socket.destroy());
    await new Promise((done) => socket.on("close", done));
  } else {
    const isIPv6 = to.includes(":");
    const socket = createSocket({ type: isIPv6 ? "udp6" : "udp4", ipv6Only: isIPv6 });
    await once(socket.bind(fromPort), "listening");
    await new Promise((done) => socket.send("", port, to, done));
    socket.close();
  }
}
