/** Who asks: holds what a request shows against what the state knows. */
import type { Name } from "@warren/core";
import { authenticate } from "./auth/authenticate.ts";
import type { AskedRequest } from "./auth/authenticate.ts";
import type { AuthState, NodeCredential } from "./auth/auth-state.ts";
import type { Caller } from "./auth/roles.ts";
import type { Sessions } from "./auth/sessions.ts";
import type { Clock, Ledger } from "./ledger.ts";
import type { Rows, State, NodeRow } from "./state.ts";

export class Door {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #sessions: Sessions;
  readonly #hashSecret: (secret: string) => string;
  readonly #localHash: string;
  #nodes: Rows<NodeRow> | undefined;
  #credentials: ReadonlyMap<string, NodeCredential> = new Map();

  /** `localToken`: of whoever may read the server's own files, and so may do everything. */
  constructor(
    {
      ledger,
      clock,
      sessions,
    }: { readonly ledger: Ledger; readonly clock: Clock; readonly sessions: Sessions },
    {
      hashSecret,
      localToken,
    }: { readonly hashSecret: (secret: string) => string; readonly localToken: string },
  ) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#sessions = sessions;
    this.#hashSecret = hashSecret;
    this.#localHash = hashSecret(localToken);
  }

  identify(request: AskedRequest): Caller {
    const [, secret] = /^Bearer (\S+)$/i.exec(request.header("authorization") ?? "") ?? [];
    if (secret !== undefined && this.#hashSecret(secret) === this.#localHash) {
      return { kind: "account", name: LOCAL, roles: [{ network: "*", role: "admin" }] };
    }
    const state = { ...authOf(this.#ledger.state), credentials: this.#nodeCredentials() };
    const known = { state, sessions: this.#sessions, hashSecret: this.#hashSecret };
    return authenticate(known, request, this.#clock.now());
  }

  /** By their hashes; worked out once for each change of the nodes. */
  #nodeCredentials(): ReadonlyMap<string, NodeCredential> {
    const nodes = this.#ledger.state.node;
    if (nodes === this.#nodes) return this.#credentials;
    this.#nodes = nodes;
    this.#credentials = new Map(
      [...nodes].flatMap(([key, { joined }]): [string, NodeCredential][] => {
        const [network = "", node = ""] = key.split("/");
        if (joined === undefined) return [];
        const { credential: hash } = joined;
        return [[hash, { hash, network: network as Name, node: node as Name }]];
      }),
    );
    return this.#credentials;
  }
}

/** In the log, whoever is root on the server's host. */
const LOCAL = "local" as Name;

/** The part of the state that is about who may come in; nodes' credentials are with the nodes. */
export function authOf({ account, apiToken, link }: State): AuthState {
  const accounts = account as ReadonlyMap<
    Name,
    AuthState["accounts"] extends ReadonlyMap<Name, infer A> ? A : never
  >;
  return { accounts, apiTokens: apiToken, links: link, credentials: new Map() };
}

export function withAuth(state: State, { accounts, apiTokens, links }: AuthState): State {
  return { ...state, account: accounts, apiToken: apiTokens, link: links };
}
