/** The HTTP side of the control plane: the table of routes, each with what does it. Knows no socket and no file. */
import { API, AppError, openApi, routes, systemCode } from "@warren/api";
import type { Need, Route, Routes } from "@warren/api";
import * as core from "@warren/core";
import { Hono } from "hono";
import type { Context } from "hono";
import { refusalOf } from "./auth/roles.ts";
import type { Caller } from "./auth/roles.ts";
import { readCookie } from "./auth/sessions.ts";
import { checkInHandlers } from "./routes/check-in.ts";
import { accountHandlers } from "./routes/accounts.ts";
import { examineHandlers } from "./routes/examine.ts";
import { networkHandlers, tagOf } from "./routes/networks.ts";
import { nodeHandlers } from "./routes/nodes.ts";
import type { Call, Handlers, Plane } from "./plane.ts";
import { tokenHandlers } from "./routes/tokens.ts";
import { addHealth } from "./health.ts";
import type { Deed } from "./ledger.ts";
import { readBody, readQuery } from "./request-forms.ts";
import { watchHandlers } from "./routes/watch.ts";
import { PICTURE_POLICY } from "./page-files.ts";
import type { Page } from "./page-files.ts";

/** `identify` finds out who asks; it throws where a credential is there and holds no more. */
export function createApp(plane: Plane, identify: (context: Context) => Caller, page: Page): Hono {
  const handlers = handlersOfAll();
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
        demand(route.need, caller, context.req.param("network"));
        return caller;
      };
      admit();
      const query = readQuery(route, context.req.query());
      const body = await readBody(route, context.req.raw);
      // Whoever takes his time to send it may have lost his rights meanwhile.
      const caller = admit();
      const { [name]: handler } = handlers as Handlers<never> & Record<string, AnyHandler>;
      const params = context.req.param() as Record<string, string>;
      const answer = await handler?.(plane, {
        caller,
        by: { actor: actorOf(caller), ...checkOf(plane, context) },
        params,
        query,
        body,
        remoteAddress: plane.vault.remoteAddressOf(context),
        session: readCookie(context.req.header("cookie")),
        setCookie: (cookie) => context.header("Set-Cookie", cookie),
        demandAgain: admit,
      });
      if (name === "readMesh" || name === "listNodes") {
        context.header("ETag", tagOf(plane.vault, plane.ledger.state, params["network"] ?? ""));
      }
      if (route.media === undefined) return context.json(answer as object, 200);
      if (route.media === "image/svg+xml") context.header(...PICTURE_POLICY);
      context.header("Content-Type", route.media);
      return context.body(answer as string | ReadableStream);
    });
  }
  const description = openApi();
  app.get(`${API}/openapi.json`, (context) => context.json(description));
  const refusals = new Map<string, number>();
  addHealth(app, plane, {
    refusals,
    demand: (context) => demand({ role: "viewer", in: "server" }, identify(context), undefined),
  });
  const refuse = (context: Context, error: AppError): Response => {
    refusals.set(error.code, (refusals.get(error.code) ?? 0) + 1);
    return answerRefusal(plane, context, error);
  };
  app.notFound((context) => refuse(context, notFound(context.req.path)));
  app.onError((error, context) => {
    if (error instanceof AppError) return refuse(context, error);
    if (!isHungUp(error)) plane.report(error);
    return refuse(context, internal());
  });
  return app;
}

/** In the middle of what was asked: that is nobody's mistake here. */
function isHungUp(error: unknown): boolean {
  return systemCode(error) === "ECONNRESET";
}

function handlersOfAll(): Handlers<keyof Routes> {
  return {
    ...accountHandlers,
    ...checkInHandlers,
    ...examineHandlers,
    ...networkHandlers,
    ...nodeHandlers,
    ...tokenHandlers,
    ...watchHandlers,
  };
}

type AnyHandler = (plane: Plane, call: Call) => Promise<unknown>;

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

function demand(need: Need, caller: Caller, network: string | undefined): void {
  if (need === "nobody" || caller.kind === need) return;
  const isPerson = caller.kind === "account" || caller.kind === "apiToken";
  if (need === "person" && isPerson) return;
  if (need === "node" && isPerson) {
    throw new AppError("forbidden", core.say`only a node may do that`, {
      fix: core.say`take nodes out with warren node remove`,
    });
  }
  const { role, in: place } =
    typeof need === "string" ? ({ role: "viewer", in: "server" } as const) : need;
  const wanted = place === "server" ? "*" : ((network ?? "") as core.Name);
  const refused = refusalOf(caller, { role, network: wanted });
  if (refused !== undefined) throw refused;
}

/** Of who says with If-Match what he takes the mesh for. */
function checkOf({ vault }: Plane, { req }: Context): Pick<Deed, "check"> {
  const wanted = req.header("if-match");
  if (wanted === undefined) return {};
  return {
    check: (state) => {
      const tag = tagOf(vault, state, req.param("network") ?? "");
      const isSame = wanted.split(",").some((each) => ["*", tag].includes(each.trim()));
      if (isSame && tag !== "") return;
      throw new AppError("stale", core.say`somebody has changed the mesh meanwhile`, {
        fix: core.say`read it again, and do it once more`,
      });
    },
  };
}

/** The one form of everything that is refused. */
function answerRefusal({ words }: Plane, context: Context, error: AppError): Response {
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

/** What it was is for the server's log, and not for the asker. */
function internal(): AppError {
  return new AppError("internal", core.say`the server has made a mistake`, {
    fix: core.say`see its log, and report what stands there`,
  });
}
