/** Who asks: from a request's headers to a caller, by what the server keeps. Decides nothing about what he may. */
import { NODE_CREDENTIAL_PREFIX } from "@warren/api";
import type { AuthState } from "./auth-state.ts";
import { API_TOKEN_PREFIX } from "./credentials.ts";
import { LOCAL, narrow } from "./roles.ts";
import type { Caller, NodeCaller } from "./roles.ts";
import { readCookie } from "./sessions.ts";
import type { Sessions } from "./sessions.ts";

/** What credentials are held against. */
export interface Known {
  readonly state: AuthState;
  /** Nodes by the hashes of their credentials. */
  readonly nodes: ReadonlyMap<string, NodeCaller>;
  readonly sessions: Sessions;
  readonly hashSecret: (secret: string) => string;
  /** Of the token of whoever may read the server's own files, and so may do everything. */
  readonly localHash: string;
}

export interface AskedRequest {
  readonly method: string;
  /** A header by its name in lower case. */
  readonly header: (name: string) => string | undefined;
}

/**
 * A credential in the header Authorization goes before a cookie. A change by cookie must carry a header
 * that no form and no page of another origin can send without being asked first (X-Warren).
 */
export function authenticate(known: Known, { method, header }: AskedRequest, now: number): Caller {
  const authorization = header("authorization");
  if (authorization !== undefined) {
    return bySecret(known, bearerOf(authorization), now);
  }
  const cookie = readCookie(header("cookie"));
  if (cookie === undefined || cookie === "") return { kind: "nobody", why: "nothing" };
  const isChange = method !== "GET" && method !== "HEAD";
  if (isChange && header("x-warren") === undefined)
    return { kind: "nobody", why: "from-elsewhere" };
  return bySession(known, cookie, now);
}

/** The credential in a header Authorization; empty where there is none. */
export function bearerOf(authorization = ""): string {
  const [, secret = ""] = /^Bearer ([\w-]{1,200})$/i.exec(authorization) ?? [];
  return secret;
}

/** Found by its hash: how long that takes says nothing about a secret that is only nearly right. */
function bySecret({ state, nodes, ...known }: Known, secret: string, now: number): Caller {
  const hash = known.hashSecret(secret);
  if (hash === known.localHash) return LOCAL;
  if (secret.startsWith(NODE_CREDENTIAL_PREFIX)) {
    return nodes.get(hash) ?? { kind: "nobody", why: "unknown" };
  }
  if (!secret.startsWith(API_TOKEN_PREFIX)) return { kind: "nobody", why: "unknown" };
  const token = state.apiToken.get(hash);
  const account = token?.account === LOCAL.name ? LOCAL : state.account.get(token?.account ?? "");
  if (token === undefined || account === undefined) return { kind: "nobody", why: "unknown" };
  if (token.expiresAt <= now) return { kind: "nobody", why: "expired" };
  const roles = narrow(account.roles, token.grant);
  return { kind: "apiToken", name: token.name, account: account.name, roles };
}

/** What an account may is looked up each time: a role that is taken away is gone at once. */
function bySession({ state, sessions, hashSecret }: Known, secret: string, now: number): Caller {
  const found = sessions.find(hashSecret(secret), now);
  if (found === "expired") return { kind: "nobody", why: "expired" };
  const account = found === undefined ? undefined : state.account.get(found);
  if (account === undefined) return { kind: "nobody", why: "unknown" };
  return { kind: "account", name: account.name, roles: account.roles };
}
