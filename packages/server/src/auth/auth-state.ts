/** Owns the form of what a server keeps of accounts: plain rows, and of each secret only a hash. */
import type { Name } from "@warren/core";
import type { Grant } from "./roles.ts";

/** The part of the server's state that is about who may come in: accounts by name, the others by their hashes. */
export interface AuthState {
  readonly account: ReadonlyMap<string, Account>;
  readonly apiToken: ReadonlyMap<string, ApiToken>;
  readonly link: ReadonlyMap<string, SignInLink>;
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
