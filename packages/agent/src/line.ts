/** The agent's one connection: a WebSocket to whichever of its server's addresses answers, in turn. */
import { parseServerAddress, printHostPort } from "@warren/api";
import type { LineEnd, Pin, ServerAddress } from "@warren/api";
import { Problem, say } from "@warren/core";
import { pinnedConnection } from "@warren/crypto";
import { WebSocket } from "ws";
import type { Line, LineEvents } from "./world.ts";
import type { Credential } from "./credential.ts";

const STREAM = "/api/v1/stream";
/** The server pings every 15 s: who hears nothing for so long has lost it. */
const SILENT_MS = 45_000;
/** Of a snapshot of thousands of peers. */
const MOST_BYTES = 32_000_000;
const UNKNOWN = 401;
/** A server that hangs answers no farewell, and `ws` would wait for it 30 s. */
const FAREWELL_MS = 1000;
const REPLACED: LineEnd = "replaced";

/** Answers what opens a line: each time to the next address. `tried` is told which. */
export function createLines(
  { servers, pin, credential }: Credential,
  tried: (address: string) => void,
): (events: LineEvents) => Line {
  let turn = 0;
  return (events) => {
    const written = servers[turn % servers.length] ?? "";
    turn += 1;
    tried(written);
    const address = parseServerAddress(written);
    if (address instanceof Problem) throw new Error(String(address));
    return open(address, { ...(pin === undefined ? {} : { pin }), credential }, events);
  };
}

function open(
  address: ServerAddress,
  { pin, credential }: { readonly pin?: Pin; readonly credential: string },
  events: LineEvents,
): Line {
  const target = pin === undefined ? address : { ...address, pin };
  const socket = new WebSocket(`wss://${printHostPort(address)}${STREAM}`, {
    createConnection: pinnedConnection(target) as never,
    headers: { authorization: `Bearer ${credential}` },
    maxPayload: MOST_BYTES,
    perMessageDeflate: false,
  });
  let why = say`the server has closed the connection`;
  let isLasting = false;
  let hasAnswered = false;
  let timer = setTimeout(() => socket.terminate(), SILENT_MS);
  const hear = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => socket.terminate(), SILENT_MS);
  };
  socket.on("open", () => {
    hear();
    events.opened();
  });
  socket.on("ping", hear);
  socket.on("pong", () => events.answered());
  socket.on("message", (data) => {
    hear();
    events.received((data as Buffer).toString("utf8"));
  });
  socket.on("unexpected-response", (_request, response) => {
    hasAnswered = true;
    isLasting = response.statusCode === UNKNOWN;
    why = isLasting
      ? say`the server does not know this host any more: join again with a new token`
      : say`the server answers ${response.statusCode ?? 0}`;
    socket.terminate();
  });
  socket.on("error", (error) => {
    // After an answer it is only that we have ended it.
    if (!hasAnswered) why = say`${error.message}`;
  });
  socket.on("close", (_code, reason) => {
    clearTimeout(timer);
    if (reason.toString() !== REPLACED) return events.closed(why, isLasting);
    // Both would take the place of the other for ever, as fast as they can.
    events.closed(
      say`another host came with this host's credential: is one a copy of the other's disk? run warren leave on one: both are out then, and each joins again`,
      true,
      true,
    );
  });
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    ask: () => {
      if (socket.readyState === WebSocket.OPEN) socket.ping();
    },
    close: () => {
      socket.close();
      setTimeout(() => socket.terminate(), FAREWELL_MS).unref();
    },
  };
}
