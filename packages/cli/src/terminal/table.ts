/** Columns of text for people: aligned by what is seen, in which a Chinese character is two wide. */
import { padTo, widthOf } from "./width.ts";

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
