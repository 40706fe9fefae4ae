/** Requests to a pinned server: JSON there, text back, within a time and a length. Knows no route. */
import { once } from "node:events";
import { request } from "node:https";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { ServerAddress } from "@warren/api";
import { answerTooLong, answerTooSlow, notAnswered } from "./connection-refusals.ts";
import { pinnedConnection } from "./pinned.ts";
import type { Target } from "./pinned.ts";

export interface PinnedRequest {
  /** GET, when there is none. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

export interface PinnedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export type PinnedFetch = (path: string, asked?: PinnedRequest) => Promise<PinnedAnswer>;

/** A mesh of 1,000 nodes as JSON is a tenth of that. */
const LIMIT_BYTES = 32 * 1024 * 1024;
/** Of one request, from the first packet to the last. */
const ANSWER_TIMEOUT_MS = 30_000;

/** One connection a request: whoever asks often has the stream. Follows no redirection: that would be another server. */
export function pinnedFetch(
  target: Target,
  { answerTimeoutMs = ANSWER_TIMEOUT_MS, limitBytes = LIMIT_BYTES } = {},
): PinnedFetch {
  return async (path, asked = {}) => {
    const tooSlow = AbortSignal.timeout(answerTimeoutMs);
    try {
      const response = await send(target, { path, asked, signal: tooSlow });
      const text = await readText(target, response, limitBytes);
      return { status: response.statusCode ?? 0, headers: response.headers, text };
    } catch (cause) {
      throw tooSlow.aborted ? answerTooSlow(target, answerTimeoutMs) : notAnswered(target, cause);
    }
  };
}

interface Sending {
  readonly path: string;
  readonly asked: PinnedRequest;
  readonly signal: AbortSignal;
}

async function send(target: Target, { path, asked, signal }: Sending): Promise<IncomingMessage> {
  const { method = "GET", headers, body } = asked;
  const text = body === undefined ? undefined : JSON.stringify(body);
  const going = request({
    host: target.host,
    port: target.port,
    path,
    method,
    headers: {
      ...(text === undefined
        ? {}
        : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
      ...headers,
    },
    createConnection: pinnedConnection(target) as never,
    signal,
  });
  going.end(text);
  const [response] = (await once(going, "response")) as [IncomingMessage];
  return response;
}

async function readText(
  address: ServerAddress,
  response: IncomingMessage,
  limitBytes: number,
): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > limitBytes) throw answerTooLong(address, limitBytes);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
