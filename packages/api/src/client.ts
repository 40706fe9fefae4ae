/** Calls the API by its table of routes: what is refused comes back as the AppError that it was. */
import * as core from "@warren/core";
import { AppError, isErrorCode } from "./app-error.ts";
import { routes } from "./routes.ts";
import type { AnswerOf, BodyOf, Route, Routes } from "./routes.ts";
import { refusal } from "./views.ts";

/** Sends one request; JSON there, text back. */
export type Send = (
  path: string,
  asked: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: unknown;
  },
) => Promise<{ readonly status: number; readonly text: string }>;

export interface Asked<B> {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: B;
  /** Only while the mesh is still what had this tag. */
  readonly ifMatch?: string;
}

export type Client = <K extends keyof Routes>(
  name: K,
  asked?: Asked<BodyOf<Routes[K]>>,
) => Promise<AnswerOf<Routes[K]>>;

export const API = "/api/v1";

/** `headers`: of every request, such as the credential. */
export function createClient(send: Send, headers: Readonly<Record<string, string>> = {}): Client {
  return async (name, { params = {}, query = {}, body, ifMatch } = {}) => {
    const route: Route = routes[name];
    const filled = route.path.replaceAll(/:(\w+)/g, (_, part: string) =>
      encodeURIComponent(params[part] ?? ""),
    );
    const search = new URLSearchParams(query).toString();
    const path = `${API}${filled}${search === "" ? "" : `?${search}`}`;
    const { status, text } = await send(path, {
      method: route.method,
      headers: ifMatch === undefined ? headers : { ...headers, "If-Match": ifMatch },
      ...(body === undefined ? {} : { body }),
    });
    const value = route.media === undefined || status >= 300 ? core.parseJson(text) : text;
    if (status >= 300) throw refusalIn(value, status);
    const answer = core.readSent(route.answer, value);
    if (answer instanceof core.Problem) throw strange(status);
    return answer as never;
  };
}

function refusalIn(value: unknown, status: number): AppError {
  const read = core.readSent(refusal, value);
  if (read instanceof core.Problem) return strange(status);
  const { code, message, fix, details = [] } = read.error;
  return new AppError(isErrorCode(code) ? code : "unreachable", core.say`${message}`, {
    fix: core.say`${fix}`,
    details: details.map((each) => ({
      severity: "error",
      code: each.code,
      path: [each.path],
      message: core.say`${each.message}`,
      fix: core.say`${each.fix}`,
    })),
  });
}

function strange(status: number): AppError {
  const text = core.say`the server has answered ${status}, in a form that is not known here`;
  return new AppError("unreachable", text, {
    fix: core.say`update Warren on the older of the two; or see whether that is a server of Warren's`,
  });
}
