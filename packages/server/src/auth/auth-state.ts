/** Owns the form of what a server keeps of accounts and credentials: plain rows, and of each secret only a hash. */
import { parseName, Problem, say, shapes } from "@warren/core";
import type { Name } from "@warren/core";
import { grantShape } from "./roles.ts";
import type { Grant } from "./roles.ts";

const { fields, list, number, optional, required, text } = shapes;

/** The part of the server's state that is about who may come in. Rows by their names and hashes. */
export interface AuthState {
  readonly accounts: ReadonlyMap<Name, Account>;
  readonly apiTokens: ReadonlyMap<string, ApiToken>;
  readonly links: ReadonlyMap<string, SignInLink>;
  readonly credentials: ReadonlyMap<string, NodeCredential>;
}

/** A person. Without a password one-time links are the only way in. */
export interface Account {
  readonly name: Name;
  /** argon2id. */
  readonly passwordHash?: string;
  readonly roles: readonly Grant[];
}

/** What a program of a person shows. */
export interface ApiToken {
  readonly hash: string;
  /** Of its own, to revoke it by. */
  readonly name: Name;
  /** Who made it. */
  readonly account: Name;
  readonly grant: Grant;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** Signs an account in, once. */
export interface SignInLink {
  readonly hash: string;
  readonly account: Name;
  readonly expiresAt: number;
}

/** What a node's agent shows. */
export interface NodeCredential {
  readonly hash: string;
  readonly network: Name;
  readonly node: Name;
}

export const NO_AUTH: AuthState = {
  accounts: new Map(),
  apiTokens: new Map(),
  links: new Map(),
  credentials: new Map(),
};

const name = text(parseName);
const hash = text(parseHash);
/** Milliseconds since 1970. */
const moment = number({ min: 0, max: Number.MAX_SAFE_INTEGER });

export const accountShape: shapes.Shape<Account> = fields({
  name: required(name, "Whose."),
  passwordHash: optional(
    text((written) => written),
    "argon2id.",
  ),
  roles: required(list(grantShape), "What it may do, and where."),
});

export const apiTokenShape: shapes.Shape<ApiToken> = fields({
  hash: required(hash, "Of the token."),
  name: required(name, "Its own."),
  account: required(name, "Who made it."),
  grant: required(grantShape, "What it may do."),
  createdAt: required(moment, "When it was made."),
  expiresAt: required(moment, "When it ends."),
});

export const signInLinkShape: shapes.Shape<SignInLink> = fields({
  hash: required(hash, "Of its secret."),
  account: required(name, "Whom it signs in."),
  expiresAt: required(moment, "When it ends."),
});

export const nodeCredentialShape: shapes.Shape<NodeCredential> = fields({
  hash: required(hash, "Of the credential."),
  network: required(name, "Where the node is."),
  node: required(name, "Which."),
});

/** SHA-256 in base64url, as `hashSecret` gives it. */
function parseHash(written: string): string | Problem {
  if (/^[\w-]{43}$/.test(written)) return written;
  return new Problem(
    say`cannot parse the hash of a secret`,
    say`43 letters of base64url are wanted`,
  );
}
