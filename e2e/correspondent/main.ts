/**
 * The program at both ends of a question. A server answers whoever comes with the address that it saw and
 * the bytes that it was sent; a client says what it was answered, if anything.
 */
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { connect, createServer, type Socket } from "node:net";
import type { Answer, Door, Order, Question } from "../questions.ts";

const REPEAT_MS = 300;
const CHUNK_BYTES = 256 * 1024;

await main(JSON.parse(process.argv[2] ?? ""));

async function main(order: Order): Promise<void> {
  switch (order.kind) {
    case "start":
      return start(order.doors);
    case "serve":
      await Promise.all(order.doors.map(open));
      process.send?.("open");
      return;
    case "ask": {
      const { questions, patienceMs } = order;
      const answers = questions.map((question) => ask(question, patienceMs));
      process.stdout.write(JSON.stringify(await Promise.all(answers)));
      process.exit();
    }
  }
}

/** Leaves a server behind, which lives as long as the world it is in, and ends when it listens. */
async function start(doors: readonly Door[]): Promise<void> {
  const order: Order = { kind: "serve", doors };
  const child = spawn(process.execPath, [import.meta.filename, JSON.stringify(order)], {
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const [event] = await Promise.race([once(child, "message"), once(child, "exit")]);
  process.exit(event === "open" ? 0 : 1);
}

async function open({ protocol, port }: Door): Promise<void> {
  if (protocol === "udp") await Promise.all(ownAddresses().map((own) => openSocket(own, port)));
  else await openServer(port);
}

/** Those that the host has at this moment. */
function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ scopeid = 0 }) => scopeid === 0)
    .map(({ address }) => address);
}

/** One for each address: what answers on all of them at once answers from another than was asked. */
async function openSocket(own: string, port: number): Promise<void> {
  const socket = createSocket(own.includes(":") ? "udp6" : "udp4");
  socket.on("message", ({ length }, { address, port: back }) => {
    socket.send(printAnswer(address, length), back, address);
  });
  socket.bind(port, own);
  await once(socket, "listening");
}

async function openServer(port: number): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const sender = socket.remoteAddress ?? "";
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.end(printAnswer(sender, socket.bytesRead)));
    socket.resume();
  });
  server.listen(port);
  await once(server, "listening");
}

/** null: no answer came in time. */
async function ask(question: Question, patienceMs: number): Promise<Answer | null> {
  const { promise, resolve } = Promise.withResolvers<Answer | null>();
  const timer = setTimeout(() => resolve(null), patienceMs);
  const answer = (text: string): void => resolve(text === "" ? null : JSON.parse(text));
  if (question.protocol === "udp") askDatagram(question, answer);
  else void askStream(question, answer);
  return promise.finally(() => clearTimeout(timer));
}

/** Repeated, because nobody else does it. */
function askDatagram({ address, port, bytes }: Question, answer: (text: string) => void): void {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  const data = Buffer.alloc(bytes);
  const timer = setInterval(send, REPEAT_MS);
  // A refusal is not an answer.
  socket.on("error", () => undefined);
  socket.on("message", (text) => {
    clearInterval(timer);
    answer(text.toString());
  });
  send();

  function send(): void {
    socket.send(data, port, address, () => undefined);
  }
}

async function askStream(question: Question, answer: (text: string) => void): Promise<void> {
  const { address, port, bytes } = question;
  const socket = connect({ host: address, port, allowHalfOpen: true });
  socket.setEncoding("utf8");
  try {
    await once(socket, "connect");
    const answered = socket.toArray();
    await write(socket, bytes);
    socket.end();
    answer((await answered).join(""));
  } catch {
    // Refused or broken off: as good as no answer.
    answer("");
  }
}

async function write(socket: Socket, bytes: number): Promise<void> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let left = bytes; left > 0; left -= CHUNK_BYTES) {
    if (!socket.write(chunk.subarray(0, left))) await once(socket, "drain");
  }
}

function printAnswer(sender: string, bytes: number): string {
  const answer: Answer = { sender: sender.replace("::ffff:", ""), bytes };
  return JSON.stringify(answer);
}
