/** What the lab can be asked for on its command line. */
import { parseArgs } from "node:util";

export interface Options {
  readonly kind: "run";
  readonly once: boolean;
  /** The node whose tunnel is taken down before measuring. */
  readonly stop: string | undefined;
  /** The mesh's file; absent: that of the four clouds. */
  readonly mesh: string | undefined;
}

export type Request =
  | Options
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly problem: string };

export const USAGE = `usage: npm start -- [--once] [--stop NODE] [MESH]

Four clouds on this machine: each a host with WireGuard and a private network
with a machine in it, joined into one mesh; then everybody pings everybody.

  --once       end after the measurement; exit 1 when a pair was not reached
  --stop NODE  take this node's tunnel down first, to see what a gap looks like
  --help       print this

With MESH, a mesh file: each of its nodes is a host, those of a site share a network,
and there is a machine in each subnet, as in examples/regions.yaml.
`;

export function parseOptions(words: readonly string[]): Request {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: { once: { type: "boolean" }, stop: { type: "string" }, help: { type: "boolean" } },
    });
    if (values.help === true) return { kind: "help" };
    if (positionals.length > 1) return { kind: "wrong", problem: "there can be one mesh file" };
    return { kind: "run", once: values.once === true, stop: values.stop, mesh: positionals[0] };
  } catch (error) {
    return { kind: "wrong", problem: error instanceof Error ? error.message : String(error) };
  }
}
