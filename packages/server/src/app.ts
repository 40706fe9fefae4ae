/** The HTTP side of the control plane: the table of routes, each with what does it. Knows no socket and no file. */
import { API, AppError, openApi, routes } from "@warren/api";
import type { Need, Route, Routes } from "@warren/api";
import * as core from "@warren/core";
import { Hono } from "hono";
import type { Context } from "hono";
import { refusalOf } from "./auth/roles.ts";
import type { Caller } from "./auth/roles.ts";
import { readCookie } from "./auth/sessions.ts";
import { accountHandlers } from "./routes/accounts.ts";
import { networkHandlers, tagOf } from "./routes/networks.ts";
import { nodeHandlers } from "./routes/nodes.ts";
import { tokenHandlers } from "./routes/tokens.ts";
import { addHealth } from "./health.ts";
import type { Call, Handlers, Plane } from "./handlers.ts";
import type { Deed } from "./ledger.ts";
import { readBody, readQuery } from "./request-forms.ts";

/** `identify` finds out who asks; it throws where a credential is there and holds no more. */
export function createApp(plane: Plane, identify: (context: Context) => Caller): Hono {
  const handlers: Handlers<keyof Routes> = {
    ...accountHandlers,
    ...networkHandlers,
    ...nodeHandlers,
    ...tokenHandlers,
  };
  const app = new Hono();
  for (const [name, route] of Object.entries(routes) as [keyof Routes, Route][]) {
    app.on(route.method, `${API}${route.path}`, async (context) => {
      const caller = identify(context);
      demand(route.need, caller, context.req.param("network"));
      const query = readQuery(route, context.req.query());
      const body = await readBody(route, context.req.raw);
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
      });
      if (name === "readMesh" || name === "listNodes") {
        context.header("ETag", tagOf(plane.vault, plane.ledger.state, params["network"] ?? ""));
      }
      return context.json(answer as object, 200);
    });
  }
  const description = openApi();
  app.get(`${API}/openapi.json`, (context) => context.json(description));
  const refusals = new Map<string, number>();
  addHealth(app, plane, {
    refusals,
    demand: (context) => demand({ role: "viewer", in: "server" }, identify(context), undefined),
  });
  app.notFound((context) => refuse(context, notFound(context.req.path), refusals));
  app.onError((error, context) => {
    if (error instanceof AppError) return refuse(context, error, refusals);
    plane.report(error);
    return refuse(context, internal(), refusals);
  });
  return app;
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

/** The one form of everything that is refused, each counted by its code. */
function refuse(context: Context, error: AppError, refusals: Map<string, number>): Response {
  const { code, text, fix, details, status } = error;
  refusals.set(code, (refusals.get(code) ?? 0) + 1);
  const listed = details.map((each) => {
    const [message, way] = [each.message, each.fix].map((phrase) => core.printText(phrase));
    return { code: each.code, path: core.printPath(each.path), message, fix: way };
  });
  const body = { code, message: core.printText(text), fix: core.printText(fix) };
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
