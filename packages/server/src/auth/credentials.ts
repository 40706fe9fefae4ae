/** What can be done about API tokens and nodes' credentials: from one state to the next, or refused. */
import { AppError } from "@warren/api";
import { nearest, say, suggestion } from "@warren/core";
import type { Name } from "@warren/core";
import type { ApiToken, AuthState, NodeCredential } from "./auth-state.ts";
import { mayDo } from "./roles.ts";
import type { Caller } from "./roles.ts";

/** What each kind of secret begins with, so that people and scanners of leaked text know what they see. */
export const API_TOKEN_PREFIX = "wrt_";
export const NODE_CREDENTIAL_PREFIX = "wrc_";

/** Of its maker, who cannot give away more than he has. */
export function addApiToken(
  state: AuthState,
  maker: Caller,
  token: Omit<ApiToken, "account">,
): AuthState {
  const account = accountOf(maker);
  if (account === undefined || !mayDo(maker, token.grant)) {
    throw new AppError("forbidden", say`a token cannot do more than who makes it`, {
      fix: say`choose a role and a network that you have yourself`,
    });
  }
  if ([...state.apiTokens.values()].some(({ name }) => name === token.name)) {
    throw new AppError("conflict", say`there is an API token ${token.name} already`, {
      fix: say`choose another name, or revoke that one first`,
    });
  }
  return { ...state, apiTokens: new Map(state.apiTokens).set(token.hash, { ...token, account }) };
}

export function removeApiToken(state: AuthState, name: Name): AuthState {
  const left = [...state.apiTokens].filter(([, token]) => token.name !== name);
  if (left.length === state.apiTokens.size) {
    const known = [...state.apiTokens.values()].map((token) => token.name);
    throw new AppError("not-found", say`there is no API token ${name}`, {
      fix: suggestion(nearest(name, known), known),
    });
  }
  return { ...state, apiTokens: new Map(left) };
}

/** When each API token was last used, by name: a fact, and no change of the state. */
export type LastUses = ReadonlyMap<Name, number>;

/** As exact as anybody asks, and no write for each request. */
const USE_MS = 60 * 1000;

/** The same map where it has this use already. */
export function noteUse(uses: LastUses, token: Name, now: number): LastUses {
  const last = uses.get(token);
  return last !== undefined && now - last < USE_MS ? uses : new Map(uses).set(token, now);
}

/** In the place of whatever the node had: who joins again leaves the old credential behind. */
export function putCredential(state: AuthState, credential: NodeCredential): AuthState {
  const { credentials } = removeCredentials(state, credential.network, [credential.node]);
  return { ...state, credentials: new Map(credentials).set(credential.hash, credential) };
}

/** From here on the nodes are nobody to the server. */
export function removeCredentials(
  state: AuthState,
  network: Name,
  nodes: Iterable<Name>,
): AuthState {
  const gone = new Set(nodes);
  const left = [...state.credentials].filter(
    ([, row]) => row.network !== network || !gone.has(row.node),
  );
  return { ...state, credentials: new Map(left) };
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
