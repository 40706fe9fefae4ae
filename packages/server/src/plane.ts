/** What the handlers of the API work with, and what they are called with. */
import type { AnswerOf, BodyOf, QueryOf, Routes } from "@warren/api";
import type { Text } from "@warren/core";
import type { Context } from "hono";
import type { RateLimit } from "./auth/rate-limit.ts";
import type { Caller, NodeCaller } from "./auth/roles.ts";
import type { Sessions } from "./auth/sessions.ts";
import type { Clock, Deed, Ledger } from "./ledger.ts";
import type { Store } from "./store/store.ts";
import type { Streams } from "./streams.ts";

/** All that handlers work with. */
export interface Plane {
  readonly ledger: Ledger;
  readonly streams: Streams;
  readonly store: Store;
  readonly clock: Clock;
  readonly vault: Vault;
  /** Whose a node's credential is. */
  readonly nodeOf: (credential: string) => NodeCaller | "revoked" | "unknown";
  readonly sessions: Sessions;
  /** Of one address, and of one account. */
  readonly tries: RateLimit;
  readonly accountTries: RateLimit;
  /** In a reader's language: a tag, or what a browser says of its languages. */
  readonly words: (text: Text, language: string | undefined) => string;
  /** Takes down what we did wrong. */
  readonly report: (mistake: unknown) => void;
}

/** What handlers need of cryptography, and of how the server is reached. */
export interface Vault {
  readonly makeSecret: () => string;
  readonly hashSecret: (secret: string) => string;
  /** A new network's secret, sealed for its row. */
  readonly makeNetworkSecret: (row: string) => string;
  readonly hashPassword: (password: string) => Promise<string>;
  readonly isPassword: (password: string, kept: string | undefined) => Promise<boolean>;
  readonly remoteAddressOf: (context: Context) => string;
  /** What a browser, and what another machine's command line, is given to sign in with. */
  readonly printLinks: (secret: string) => { readonly link: string; readonly code: string };
  /** What a host is given to join with. */
  readonly printJoinToken: (network: string, secret: string) => string;
}

export interface Call<B = unknown, Q = unknown> {
  readonly caller: Caller;
  /** Who it is, in the log; and that the mesh is what he takes it for. */
  readonly by: Pick<Deed, "actor" | "check">;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Q;
  readonly body: B;
  /** Where it comes from. */
  readonly remoteAddress: string;
  /** The secret of a browser's cookie. */
  readonly session: string | undefined;
  readonly setCookie: (cookie: string) => void;
  /** Throws once the caller may do this no more. */
  readonly demandAgain: () => void;
}

export type Handlers<K extends keyof Routes> = {
  readonly [R in K]: (
    plane: Plane,
    call: Call<BodyOf<Routes[R]>, QueryOf<Routes[R]>>,
  ) => Promise<AnswerOf<Routes[R]> | ReadableStream<Uint8Array>>;
};
