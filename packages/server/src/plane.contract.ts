/** A control plane for tests, whole but for sockets and files: asked like the real one, by requests. */
import { API } from "@warren/api";
import type { PresharedKeys } from "@warren/api";
import { printText } from "@warren/core";
import type { Name } from "@warren/core";
import { createPresharedKeys, digest, hashSecret } from "@warren/crypto";
import type { Hono } from "hono";
import { createApp } from "./app.ts";
import type { Plane } from "./plane.ts";
import { ACCOUNT_RATE, ADDRESS_RATE, RateLimit } from "./auth/rate-limit.ts";
import { Sessions } from "./auth/sessions.ts";
import { Door } from "./door.ts";
import { Ledger } from "./ledger.ts";
import { createMemoryStore } from "./store/memory.ts";
import type { Store } from "./store/store.ts";
import { Streams } from "./streams.ts";

/** By which everything may be done. */
export const LOCAL_TOKEN = "wrl_local";
export const START = Date.parse("2026-03-01T12:00:00Z");

export interface TestPlane {
  readonly app: Hono;
  readonly plane: Plane;
  readonly door: Door;
  /** Time stands still until it is moved; what was put off waits until it is run. */
  readonly time: { now: number; readonly run: () => void };
  readonly presharedKeys: PresharedKeys;
  /** One request; `by` a secret, and with whatever other headers. */
  readonly ask: (
    line: string,
    asked?: {
      readonly by?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: unknown;
      /** Instead of a body: what is sent, to the letter. */
      readonly text?: string;
    },
  ) => Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }>;
}

export async function createTestPlane(
  store: Store = createMemoryStore("epoch"),
): Promise<TestPlane> {
  const waiting = new Set<() => void>();
  const clock = {
    now: () => time.now,
    after: (_delayMs: number, work: () => void) => {
      waiting.add(work);
      return () => void waiting.delete(work);
    },
  };
  const time = {
    now: START,
    run: () => {
      for (const work of waiting) {
        waiting.delete(work);
        work();
      }
    },
  };
  const ledger = await Ledger.open(store, clock);
  const presharedKeys = createPresharedKeys(Buffer.alloc(32, 7).toString("base64"));
  const sessions = new Sessions();
  let made = 0;
  const makeSecret = (): string => {
    made += 1;
    return `${String(made).padStart(8, "0")}-secret`;
  };
  const report = (mistake: unknown): never => {
    throw mistake;
  };
  const door = new Door({ ledger, clock, sessions }, { hashSecret, localToken: LOCAL_TOKEN });
  const plane: Plane = {
    ledger,
    streams: new Streams(ledger, clock, { digest, presharedKeys: () => presharedKeys, report }),
    store,
    clock,
    sessions,
    // Nobody guesses here, but all come from one address.
    tries: new RateLimit({ ...ADDRESS_RATE, burst: 1e9 }),
    accountTries: new RateLimit({ ...ACCOUNT_RATE, burst: 1e9 }),
    nodeOf: (credential) => door.identifyNode(credential),
    words: (text) => printText(text),
    report,
    vault: {
      makeSecret,
      hashSecret,
      makeNetworkSecret: () => "sealed",
      hashPassword: async (password) => hashSecret(password),
      isPassword: async (password, kept) => hashSecret(password) === kept,
      remoteAddressOf: () => "192.0.2.1",
      printLinks: (secret) => ({ link: secret, code: secret }),
      printJoinToken: (network, secret) => `${network as Name}:${secret}`,
    },
  };
  const app = createApp(
    plane,
    ({ req }) => door.identify({ method: req.method, header: (name) => req.header(name) }),
    { files: new Map(), headers: {} },
  );
  const ask: TestPlane["ask"] = async (line, { by, headers = {}, body, text } = {}) => {
    const [method = "", path = ""] = line.split(" ");
    const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
    const answer = await app.request(path.startsWith("/") ? `${API}${path}` : `/${path}`, {
      method,
      headers: by === undefined ? headers : { ...headers, Authorization: `Bearer ${by}` },
      ...(sent === undefined ? {} : { body: sent }),
    });
    // Events come until somebody has had enough.
    const isEndless = answer.headers.get("content-type") === "text/event-stream";
    if (isEndless) await answer.body?.cancel();
    const told = isEndless ? "" : await answer.text();
    return { status: answer.status, text: told, headers: answer.headers };
  };
  return { app, plane, door, time, presharedKeys, ask };
}
