/** What was seen of a node, and how it is stored. Pure. */
import * as core from "@warren/core";
import type { Observed } from "@warren/core";

/** What was seen of a node; the mesh hears of all but how its clock stood. */
export interface Seen extends Observed {
  readonly clockMs?: number;
}

/** As it is stored. */
export function printSeen(seen: Seen): string {
  return JSON.stringify(factOf(seen));
}

/** What devices are made of. */
export function printObserved(seen: Seen): string {
  return JSON.stringify({ ...factOf(seen), clockMs: undefined });
}

function factOf({ endpoint, isMapped, generation, clockMs }: Seen): object {
  const written = endpoint === undefined ? undefined : core.printEndpoint(endpoint);
  return { endpoint: written, isMapped, generation, clockMs };
}

export function readSeen(text: string): Seen {
  const {
    endpoint: written,
    isMapped,
    generation,
    clockMs,
  } = JSON.parse(text) as Record<string, unknown>;
  const endpoint = typeof written === "string" ? core.parseEndpoint(written) : undefined;
  return {
    ...(endpoint === undefined || endpoint instanceof core.Problem
      ? {}
      : { endpoint, isMapped: isMapped === true }),
    ...(typeof generation === "number" ? { generation } : {}),
    ...(typeof clockMs === "number" ? { clockMs } : {}),
  };
}
