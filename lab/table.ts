/** Prints what the pings found; pure, knows no terminal. */
import { printMatrix, printRoundTrip } from "@warren/cli";
import type { Ping, Station } from "./pings.ts";

export interface TableOptions {
  readonly colour: boolean;
}

const RED = "\u001B[31m";
const PLAIN = "\u001B[39m";

/** One row a source, one column a target, round trips in milliseconds; ✗ where no answer came, · where none was asked for. */
export function printTable(pings: readonly Ping[], { colour }: TableOptions): string {
  const stations = [...new Set(pings.map(({ source }) => source))];
  const answers = new Map(stations.map((source) => [source, new Map<Station, string>()]));
  for (const { source, target, roundTripMs } of pings) {
    answers.get(source)?.set(target, printRoundTrip(roundTripMs));
  }
  const lines = printMatrix({
    sources: stations.map(({ node, kind, address }) => [node, kind, address]),
    targets: stations.map(({ node, kind }) => [node, kind]),
    cells: stations.map((source) =>
      stations.map((target) => answers.get(source)?.get(target) ?? "·"),
    ),
  });
  return lines.map((line) => `${colour ? highlight(line) : line}\n`).join("");
}

export function printSummary(pings: readonly Ping[]): string {
  return `${countReached(pings)} of ${pings.length} pairs reached`;
}

export function countReached(pings: readonly Ping[]): number {
  return pings.filter(({ roundTripMs }) => roundTripMs !== undefined).length;
}

function highlight(line: string): string {
  return line.replaceAll("✗", `${RED}✗${PLAIN}`);
}
