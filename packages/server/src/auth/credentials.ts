/** What can be done about API tokens: from one state to the next, or refused. */
import { AppError } from "@warren/api";
import { nearest, say, suggestion } from "@warren/core";
import type { Name } from "@warren/core";
import type { ApiToken, AuthState } from "./auth-state.ts";
import { mayDo } from "./roles.ts";
import type { Caller } from "./roles.ts";

/** What the secret of one begins with, so that people and scanners of leaked text know what they see. */
export const API_TOKEN_PREFIX = "wrt_";

/** Of its maker, who cannot give away more than he has. */
export function addApiToken<S extends AuthState>(
  state: S,
  maker: Caller,
  token: Omit<ApiToken, "account">,
): S {
  const account = accountOf(maker);
  if (account === undefined || !mayDo(maker, token.grant)) {
    throw new AppError("forbidden", say`a token cannot do more than who makes it`, {
      fix: say`choose a role and a network that you have yourself`,
    });
  }
  if ([...state.apiToken.values()].some(({ name }) => name === token.name)) {
    throw new AppError("conflict", say`there is an API token ${token.name} already`, {
      fix: say`choose another name, or revoke that one first`,
    });
  }
  return { ...state, apiToken: new Map(state.apiToken).set(token.hash, { ...token, account }) };
}

export function removeApiToken<S extends AuthState>(state: S, name: Name): S {
  const left = [...state.apiToken].filter(([, token]) => token.name !== name);
  if (left.length === state.apiToken.size) {
    const known = [...state.apiToken.values()].map((token) => token.name);
    throw new AppError("not-found", say`there is no API token ${name}`, {
      fix: suggestion(nearest(name, known), known),
    });
  }
  return { ...state, apiToken: new Map(left) };
}

function accountOf(caller: Caller): Name | undefined {
  switch (caller.kind) {
    case "account":
      return caller.name;
    // One that lives longer than the one that made it could not be revoked with it.
    case "apiToken":
    case "nobody":
    case "node":
      return undefined;
  }
}
