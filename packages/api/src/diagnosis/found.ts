/** What a cause is found with, and what is said of it. */
import type { Name, Phrase } from "@warren/core";
import type { LostWays } from "./lost-ways.ts";

export interface Found {
  /** Where it lies, as far as that is one host. */
  readonly host?: Name;
  /** Else it is what the facts fit to best. */
  readonly isCertain: boolean;
  readonly cause: Phrase;
  readonly fix: Phrase;
}

export interface Context {
  readonly network: Name;
  readonly ways: LostWays;
}
