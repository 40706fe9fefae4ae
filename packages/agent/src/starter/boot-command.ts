/** What is to run on a host from its boot on. */
import type { Name } from "@warren/core";

export interface BootCommand {
  /** Whose agent it is; none: the server. */
  readonly network?: Name | undefined;
  /** Absolute paths of this Node.js and of its program, then arguments. Everybody may read them. */
  readonly words: readonly string[];
}

/** As people and logs name it. */
export function aboutOf({ network }: BootCommand): string {
  return network === undefined ? "Warren server" : `Warren agent of the network ${network}`;
}

export function writerOf({ network }: BootCommand): string {
  return `Written by warren ${network === undefined ? "server --install" : "join"}.`;
}
