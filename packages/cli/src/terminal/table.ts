/** Columns of text for people: aligned by what is seen, in which a Chinese character is two wide. */
import type { Terminal } from "./terminal.ts";
import { padBefore, padTo, widthOf } from "./width.ts";

/** A line a row, the first of them the heads. Columns in which no row has anything are left out. */
export function printTable(rows: readonly (readonly string[])[]): readonly string[] {
  const [heads = [], ...cells] = rows;
  const shown = heads.flatMap((_, at) => (cells.some((row) => (row[at] ?? "") !== "") ? [at] : []));
  const widths = shown.map((at) => Math.max(...rows.map((row) => widthOf(row[at] ?? ""))));
  return rows.map((row) =>
    shown
      .map((at, place) => padTo(widths[place] ?? 0, row[at] ?? ""))
      .join("  ")
      .trimEnd(),
  );
}

/** The same, to whoever watches: heads are bold. */
export function printHeaded(terminal: Terminal, rows: readonly (readonly string[])[]): void {
  const [heads = "", ...lines] = printTable(rows);
  terminal.print(terminal.paint("bold", heads));
  for (const line of lines) terminal.print(line);
}

/** Values of all pairs: what is written on the left, on the top, and where both meet; painted as it shall be. */
export interface Matrix {
  /** A row's own columns. */
  readonly sources: readonly (readonly string[])[];
  /** A column's own lines. */
  readonly targets: readonly (readonly string[])[];
  readonly cells: readonly (readonly string[])[];
}

/** Words to the left, values to the right. */
export function printMatrix({ sources, targets, cells }: Matrix): readonly string[] {
  const labels = sources[0]?.length ?? 0;
  const heads = (targets[0] ?? []).map((_, line) => [
    ...Array.from({ length: labels }, () => ""),
    ...targets.map((target) => target[line] ?? ""),
  ]);
  const rows = [...heads, ...sources.map((source, at) => [...source, ...(cells[at] ?? [])])];
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => widthOf(row[column] ?? ""))),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => (column < labels ? padTo : padBefore)(widths[column] ?? 0, cell))
      .join("  ")
      .trimEnd(),
  );
}

/** A round trip as a cell: ✗ where no answer came. */
export function printRoundTrip(milliseconds: number | undefined): string {
  return milliseconds === undefined ? "✗" : milliseconds.toFixed(2);
}
