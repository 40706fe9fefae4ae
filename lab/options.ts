/** What the lab can be asked for on its command line. */
import { parseArgs } from "node:util";

export interface Options {
  readonly kind: "run";
  readonly once: boolean;
}

export type Request =
  | Options
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly problem: string };

export const USAGE = `usage: npm start -- [--once]

Four clouds on this machine: each a host and a private network with a machine in it.
A server holds their mesh, and each host joins it by a token, with an agent that stays;
then everybody pings everybody.

  --once       end after the measurement; exit 1 when a pair was not reached
  --help       print this
`;

export function parseOptions(words: readonly string[]): Request {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: { once: { type: "boolean" }, help: { type: "boolean" } },
    });
    if (values.help === true) return { kind: "help" };
    return { kind: "run", once: values.once === true };
  } catch (error) {
    return { kind: "wrong", problem: error instanceof Error ? error.message : String(error) };
  }
}
