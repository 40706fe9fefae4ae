/** Signing in: by a password or by a one-time link, with a limit on how often it is tried. */
import { AppError } from "@warren/api";
import { say } from "@warren/core";
import type { Name } from "@warren/core";
import type { AuthState } from "./auth-state.ts";
import { limitKey } from "./rate-limit.ts";
import type { RateLimit } from "./rate-limit.ts";

export interface SignInDoor {
  readonly isPassword: (password: string, kept: string | undefined) => Promise<boolean>;
  readonly byAddress: RateLimit;
  readonly byAccount: RateLimit;
}

export interface SignInAttempt {
  readonly account: string;
  readonly password: string;
  readonly remoteAddress: string;
}

/** Of an account: as `parseName` has it. */
const LONGEST_NAME = 63;
/** With a limit on tries, and what one costs, guesses of so many letters lead nowhere. */
const SHORTEST_PASSWORD = 12;
/** To hash a megabyte is work that anybody could ask for. */
const LONGEST_PASSWORD = 1000;

/** One that somebody may choose. */
export function demandPassword(text: string): string {
  if (text.length >= SHORTEST_PASSWORD && text.length <= LONGEST_PASSWORD) return text;
  throw new AppError(
    "invalid",
    say`a password has ${SHORTEST_PASSWORD} to ${LONGEST_PASSWORD} characters`,
    {
      fix: say`choose another: four words that have nothing to do with each other are easy to remember`,
    },
  );
}

/**
 * Whose password it is. What is not told apart, in words nor in time: a name that nobody has, an account
 * without a password, a wrong password.
 */
export async function checkPassword(
  door: SignInDoor,
  accounts: AuthState["account"],
  { account, password, remoteAddress }: SignInAttempt,
  now: number,
): Promise<Name> {
  const address = limitKey(remoteAddress);
  // One that is too long is nobody's, but would be remembered.
  const claimed = account.slice(0, LONGEST_NAME);
  door.byAddress.take(address, now);
  door.byAccount.take(claimed, now);
  // A name of outside, which no parser has seen, is found or is nobody's.
  const found = accounts.get(account);
  // Nobody has an empty one, nor one that is too long.
  const possible = password.length <= LONGEST_PASSWORD ? password : "";
  const isRight = await door.isPassword(possible, found?.passwordHash);
  if (!isRight || found === undefined) {
    throw new AppError("unauthorised", say`name or password is wrong`, {
      fix: say`try again, or sign in by a link: warren login gives one`,
    });
  }
  door.byAddress.give(address, now);
  door.byAccount.give(claimed, now);
  return found.name;
}
