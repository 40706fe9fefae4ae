/** What can be done about accounts and the links that sign them in: from one state to the next, or refused. */
import { AppError } from "@warren/api";
import { nearest, say, suggestion } from "@warren/core";
import type { Name } from "@warren/core";
import type { Account, AuthState, SignInLink } from "./auth-state.ts";
import { LOCAL, mayDo } from "./roles.ts";

/** Long enough to walk to another machine, short enough not to lie about. */
export const LINK_MS = 60 * 60 * 1000;

const FIRST: Account = { name: "admin" as Name, roles: LOCAL.roles };

/** A new account, or another form of a known one. */
export function putAccount<S extends AuthState>(state: S, account: Account): S {
  if (account.name === LOCAL.name) {
    throw new AppError("conflict", say`${LOCAL.name} is whoever is root on the server's host`, {
      fix: say`choose another name`,
    });
  }
  return demandAdmin(state, {
    ...state,
    account: new Map(state.account).set(account.name, account),
  });
}

/** With all that it could come in by. */
export function removeAccount<S extends AuthState>(state: S, name: Name): S {
  knownAccount(state, name);
  const others = <T extends { readonly account: Name }>(
    rows: ReadonlyMap<string, T>,
  ): ReadonlyMap<string, T> => new Map([...rows].filter(([, { account }]) => account !== name));
  return demandAdmin(state, {
    ...state,
    account: new Map([...state.account].filter(([each]) => each !== name)),
    apiToken: others(state.apiToken),
    link: others(state.link),
  });
}

/** While nobody may do everything, `admin` is who comes first; no other name is made by being asked for. */
export function addLink<S extends AuthState>(state: S, link: SignInLink): S {
  const isFirst = link.account === FIRST.name && countAdmins(state) === 0;
  const known = isFirst ? putAccount(state, { ...state.account.get(FIRST.name), ...FIRST }) : state;
  knownAccount(known, link.account);
  return { ...known, link: new Map(state.link).set(link.hash, link) };
}

/** Whom the link of this hash signs in, and the state in which it does so no more; nobody, where it does not. */
export function spendLink<S extends AuthState>(
  state: S,
  hash: string,
  now: number,
): { readonly state: S; readonly account: Name } {
  const link = state.link.get(hash);
  if (link === undefined || link.expiresAt <= now) {
    throw new AppError("unauthorised", say`this link has been used, or has expired`, {
      fix: say`warren login gives a new one`,
    });
  }
  // What has expired goes on the way: nobody else looks at links.
  const left = [...state.link].filter(([each, { expiresAt }]) => each !== hash && expiresAt > now);
  return { state: { ...state, link: new Map(left) }, account: link.account };
}

/** As a browser opens it. What stands behind # stays in the browser: it is in no log and in no request's line. */
export function printLink(origin: string, secret: string): string {
  return `${origin}/#sign-in=${secret}`;
}

/** A server without anybody who may give roles could be opened by nobody again. */
function demandAdmin<S extends AuthState>(before: S, after: S): S {
  if (countAdmins(before) > 0 && countAdmins(after) === 0) {
    throw new AppError("conflict", say`this is the last account that may do everything`, {
      fix: say`give another one the role admin everywhere first`,
    });
  }
  return after;
}

function countAdmins({ account }: AuthState): number {
  return [...account.values()].filter(isAdmin).length;
}

function isAdmin(account: Account): boolean {
  return mayDo({ kind: "account", ...account }, { network: "*", role: "admin" });
}

function knownAccount(state: AuthState, name: Name): void {
  if (state.account.has(name)) return;
  const known = [...state.account.keys()];
  throw new AppError("not-found", say`there is no account ${name}`, {
    fix: suggestion(nearest(name, known), known),
  });
}
