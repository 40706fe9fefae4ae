/** What the lab can be asked for on its command line. */
import { parseArgs } from "node:util";

export interface Options {
  readonly kind: "run";
  readonly once: boolean;
  /** The node whose tunnel is taken down before measuring. */
  readonly stop: string | undefined;
}

export type Request =
  | Options
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly problem: string };

export const USAGE = `usage: npm start -- [--once] [--stop NODE]

Four clouds on this machine: each a host with WireGuard and a private network
with a machine in it, joined into one mesh; then everybody pings everybody.

  --once       end after the measurement; exit 1 when a pair was not reached
  --stop NODE  take this node's tunnel down first, to see what a gap looks like
  --help       print this
`;

export function parseOptions(words: readonly string[]): Request {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: { once: { type: "boolean" }, stop: { type: "string" }, help: { type: "boolean" } },
    });
    if (values.help === true) return { kind: "help" };
    return { kind: "run", once: values.once === true, stop: values.stop };
  } catch (error) {
    return { kind: "wrong", problem: error instanceof Error ? error.message : String(error) };
  }
}
