/** The HTTP side of the control plane: the table of routes, each with what does it. Knows no socket and no file. */
import { API, AppError, EMPTY_BODY, routes } from "@warren/api";
import type { AnswerOf, BodyOf, Route, Routes } from "@warren/api";
import * as core from "@warren/core";
import { Hono } from "hono";
import type { Context } from "hono";
import { refusalOf } from "./auth/roles.ts";
import type { RateLimit } from "./auth/rate-limit.ts";
import type { Caller } from "./auth/roles.ts";
import { readCookie } from "./auth/sessions.ts";
import type { Sessions } from "./auth/sessions.ts";
import { accountHandlers } from "./routes/accounts.ts";
import { networkHandlers } from "./routes/networks.ts";
import { nodeHandlers } from "./routes/nodes.ts";
import { tokenHandlers } from "./routes/tokens.ts";
import { watchHandlers } from "./routes/watch.ts";
import type { Ledger, Clock } from "./ledger.ts";
import { PICTURE_POLICY } from "./page-files.ts";
import type { Page } from "./page-files.ts";
import type { Store } from "./store/store.ts";
import type { Streams } from "./streams.ts";

/** All that handlers work with. */
export interface Plane {
  readonly ledger: Ledger;
  readonly streams: Streams;
  readonly store: Store;
  readonly clock: Clock;
  readonly vault: Vault;
  readonly sessions: Sessions;
  /** Of one address, and of one account. */
  readonly tries: RateLimit;
  readonly accountTries: RateLimit;
  /** In a reader's language: a tag, or what a browser says of its languages. */
  readonly words: (text: core.Text, language: string | undefined) => string;
}

/** What handlers need of cryptography, and of how the server is reached. */
export interface Vault {
  makeSecret(): string;
  hashSecret(secret: string): string;
  /** A new network's secret, sealed for its row. */
  makeNetworkSecret(row: string): string;
  hashPassword(password: string): Promise<string>;
  isPassword(password: string, kept: string | undefined): Promise<boolean>;
  remoteAddressOf(context: Context): string;
  /** What a browser, and what another machine's command line, is given to sign in with. */
  printLinks(secret: string): { readonly link: string; readonly code: string };
  /** What a host is given to join with. */
  printJoinToken(network: string, secret: string): string;
}

export interface Call<B> {
  readonly caller: Caller;
  /** Who it is, in the log. */
  readonly actor: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: B;
  /** Where it comes from. */
  readonly remoteAddress: string;
  /** The secret of a browser's cookie. */
  readonly session: string | undefined;
  setCookie(cookie: string): void;
  /** Throws once the caller may do this no more. */
  readonly demandAgain: () => void;
}

export type Handlers<K extends keyof Routes> = {
  readonly [R in K]: (
    plane: Plane,
    call: Call<BodyOf<Routes[R]>>,
  ) => Promise<AnswerOf<Routes[R]> | ReadableStream<Uint8Array>>;
};

/** A mesh of 5,000 nodes as a document has some 2 MB. */
const MOST_BYTES = 8_000_000;

/** `identify` finds out who asks; it throws where a credential is there and holds no more. */
export function createApp(plane: Plane, identify: (context: Context) => Caller, page: Page): Hono {
  const handlers: Handlers<keyof Routes> = {
    ...accountHandlers,
    ...networkHandlers,
    ...nodeHandlers,
    ...tokenHandlers,
    ...watchHandlers,
  };
  const app = new Hono();
  app.use(async (context, next) => {
    for (const [name, value] of Object.entries(page.headers)) context.header(name, value);
    await next();
  });
  for (const [path, { type, text }] of page.files) {
    app.get(path, (context) => context.body(text, 200, { "Content-Type": type }));
  }
  for (const [name, route] of Object.entries(routes) as [keyof Routes, Route][]) {
    app.on(route.method, `${API}${route.path}`, async (context) => {
      const admit = (): Caller => {
        const caller = identify(context);
        demand(route, caller, context.req.param("network"));
        return caller;
      };
      const caller = admit();
      const body = await readBody(route, context);
      const { [name]: handler } = handlers as Handlers<never> & Record<string, AnyHandler>;
      const query = context.req.query();
      const params = context.req.param() as Record<string, string>;
      const answer = await handler?.(plane, {
        caller,
        actor: actorOf(caller),
        params,
        query,
        body,
        remoteAddress: plane.vault.remoteAddressOf(context),
        session: readCookie(context.req.header("cookie")),
        setCookie: (cookie) => context.header("Set-Cookie", cookie),
        demandAgain: admit,
      });
      if (route.media === undefined) return context.json(answer as object, 200);
      if (route.media === "image/svg+xml") context.header(...PICTURE_POLICY);
      context.header("Content-Type", route.media);
      return context.body(answer as string | ReadableStream);
    });
  }
  app.get("/healthz", (context) => context.text("ok\n"));
  app.notFound((context) => refuse(plane, context, notFound(context.req.path)));
  app.onError((error, context) => refuse(plane, context, error));
  return app;
}

type AnyHandler = (plane: Plane, call: Call<unknown>) => Promise<unknown>;

function actorOf(caller: Caller): string {
  switch (caller.kind) {
    case "nobody":
      return "nobody";
    case "account":
      return caller.name;
    case "apiToken":
      return `${caller.account} (${caller.name})`;
    case "node":
      return `node ${caller.network}/${caller.node}`;
  }
}

function demand({ need }: Route, caller: Caller, network: string | undefined): void {
  if (need === "nobody") return;
  const isPerson = caller.kind === "account" || caller.kind === "apiToken";
  if (need === "person" ? isPerson : need === "node" && caller.kind === "node") return;
  const wanted =
    typeof need === "string" || need.in === "server" ? "*" : ((network ?? "") as core.Name);
  const role = typeof need === "string" ? "viewer" : need.role;
  const refused = refusalOf(caller, { role, network: wanted });
  if (refused !== undefined) throw refused;
}

/** Of the form that the table says; nothing is done with anything else. */
async function readBody({ body: shape = EMPTY_BODY }: Route, { req }: Context): Promise<unknown> {
  const written = await req.text();
  if (written.length > MOST_BYTES) {
    throw new AppError("invalid", core.say`what was sent is too long`, {
      fix: core.say`send at most ${MOST_BYTES} bytes`,
    });
  }
  const diagnostics = new core.Diagnostics();
  const read = shape.read(written === "" ? {} : parseJson(written), [], diagnostics);
  if (read !== undefined && !diagnostics.hasErrors) return read;
  const [first] = diagnostics.list;
  throw new AppError("invalid", first?.message ?? core.say`it has no form that is known here`, {
    fix: first?.fix ?? core.say`see /api/v1/openapi.json`,
    details: diagnostics.list,
  });
}

function parseJson(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    throw new AppError("invalid", core.say`what was sent is no JSON`, {
      fix: core.say`send JSON, as /api/v1/openapi.json says`,
    });
  }
}

/** The one form of everything that is refused; our own mistakes are told to the log, and not to the asker. */
function refuse({ words }: Plane, context: Context, error: unknown): Response {
  if (!(error instanceof AppError)) throw error;
  const read = (text: core.Text): string => words(text, context.req.header("accept-language"));
  const { code, text, fix, details, status } = error;
  const listed = details.map((each) => {
    const [message, way] = [each.message, each.fix].map(read);
    return { code: each.code, path: core.printPath(each.path), message, fix: way };
  });
  const body = { code, message: read(text), fix: read(fix) };
  const more = listed.length === 0 ? {} : { details: listed };
  return context.json({ error: { ...body, ...more } }, status);
}

function notFound(path: string): AppError {
  return new AppError("not-found", core.say`there is nothing at ${core.quote(path)}`, {
    fix: core.say`see /api/v1/openapi.json`,
  });
}
