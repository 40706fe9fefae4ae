/** What a host is to run for a network. */
import type { Name } from "@warren/core";

/** Absolute paths of this Node.js and of its program, then arguments. */
export interface AgentCommand {
  readonly network: Name;
  readonly words: readonly string[];
}
