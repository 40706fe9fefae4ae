/** The sockets of agents: one WebSocket each, known by its credential before anything else. */
import type { IncomingMessage } from "node:http";
import type { Server } from "node:https";
import type { Duplex } from "node:stream";
import { printMessage } from "@warren/api";
import { parseAddress, Problem } from "@warren/core";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { Outlet } from "./outlet.ts";
import { bearerOf } from "./auth/authenticate.ts";
import type { Door } from "./door.ts";
import type { Streams } from "./streams.ts";

const STREAM = "/api/v1/stream";
/** A half-open connection is over after three of them. */
const PING_MS = 15_000;
const MOST_PINGS_MISSED = 3;
/** The largest message of an agent: a report of thousands of peers. */
const MOST_MESSAGE_BYTES = 4_000_000;

export function acceptAgents(server: Server, door: Door, streams: Streams): WebSocketServer {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MOST_MESSAGE_BYTES });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const caller =
      request.url === STREAM
        ? door.identifyNode(bearerOf(request.headers.authorization))
        : undefined;
    if (caller === undefined || caller === "unknown") {
      // Node leaves it to us here: an error that nobody hears would end the server.
      socket.on("error", () => socket.destroy());
      socket.end(
        `HTTP/1.1 ${caller === undefined ? "404 Not Found" : "401 Unauthorized"}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
        () => socket.destroy(),
      );
      return;
    }
    sockets.handleUpgrade(request, socket, head, (stream) => {
      if (caller === "revoked") return turnAway(stream);
      const address = parseAddress((request.socket.remoteAddress ?? "").replace(/^::ffff:/, ""));
      const { network, node } = caller;
      keep(stream, streams, { network, node, ...(address instanceof Problem ? {} : { address }) });
    });
  });
  return sockets;
}

/** As those are told who are there when it happens: only then an agent takes down what it has. */
function turnAway(stream: WebSocket): void {
  stream.on("error", () => stream.terminate());
  const outlet = new Outlet(stream);
  outlet.send(printMessage({ kind: "revoked" }));
  outlet.close("revoked");
}

function keep(
  stream: WebSocket,
  streams: Streams,
  arrival: Parameters<Streams["connect"]>[0],
): void {
  let missed = 0;
  const { receive, end } = streams.connect(arrival, new Outlet(stream));
  const timer = setInterval(() => {
    missed += 1;
    if (missed > MOST_PINGS_MISSED) stream.terminate();
    else stream.ping();
  }, PING_MS);
  stream.on("pong", () => {
    missed = 0;
  });
  stream.on("message", (data, isBinary) => {
    if (isBinary) stream.close();
    else receive((data as Buffer).toString("utf8"));
  });
  // What fails there ends it, too.
  stream.on("error", () => stream.terminate());
  stream.on("close", () => {
    clearInterval(timer);
    end();
  });
}
