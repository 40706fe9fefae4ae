/** Prints what the pings found; pure, knows no terminal. */
import type { Ping, Station } from "./pings.ts";

export interface TableOptions {
  readonly colour: boolean;
}

const RED = "\u001B[31m";
const PLAIN = "\u001B[39m";
const GAP = "  ";

/** One row a source, one column a target, round trips in milliseconds; ✗ where no answer came, · where none was asked for. */
export function printTable(pings: readonly Ping[], options: TableOptions): string {
  const stations = [...new Set(pings.map(({ source }) => source))];
  const cells = new Map(stations.map((source) => [source, new Map<Station, string>()]));
  for (const ping of pings) cells.get(ping.source)?.set(ping.target, printCell(ping));
  const rows = stations.map((source) => [
    source.node,
    source.kind,
    source.address,
    ...stations.map((target) => cells.get(source)?.get(target) ?? "·"),
  ]);
  const headings = [
    ["", "", "", ...stations.map(({ node }) => node)],
    ["", "", "", ...stations.map(({ kind }) => kind)],
  ];
  const lines = align([...headings, ...rows]);
  return lines.map((line) => `${options.colour ? highlight(line) : line}\n`).join("");
}

export function printSummary(pings: readonly Ping[]): string {
  return `${countReached(pings)} of ${pings.length} pairs reached`;
}

export function countReached(pings: readonly Ping[]): number {
  return pings.filter(({ roundTripMs }) => roundTripMs !== undefined).length;
}

function printCell({ roundTripMs }: Ping): string {
  return roundTripMs === undefined ? "✗" : roundTripMs.toFixed(2);
}

/** Words to the left, from the fourth column on numbers to the right. */
function align(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column < 3 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join(GAP)
      .trimEnd(),
  );
}

function highlight(line: string): string {
  return line.replaceAll("✗", `${RED}✗${PLAIN}`);
}
