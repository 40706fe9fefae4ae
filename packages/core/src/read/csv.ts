/** Reads tables of comma-separated values (RFC 4180), each cell with its place. */
export interface Cell {
  readonly text: string;
  /** Of its text, behind a quote; from 1. */
  readonly line: number;
  readonly column: number;
  /** Its quote does not end, and it goes on until the end of the table. */
  readonly isOpen: boolean;
}

/** Empty lines are no rows. What stands behind a closing quote belongs to the cell, as Python has it. */
export function readCsv(text: string): readonly (readonly Cell[])[] {
  const rows: Cell[][] = [];
  const pattern = /(?:(")((?:[^"]+|"")*)("?))?([^,\r\n]*)(,|\r?\n|\r|$)/gy;
  let row: Cell[] = [];
  let line = 1;
  let lineStart = 0;
  for (const match of text.matchAll(pattern)) {
    const [whole, quote = "", quoted = "", end = "", plain = "", separator = ""] = match;
    const column = match.index - lineStart + quote.length + 1;
    const isOpen = quote !== "" && end === "";
    row.push({ text: quoted.replaceAll('""', '"') + plain, line, column, isOpen });
    line += whole.split("\n").length - 1;
    if (whole.includes("\n")) lineStart = match.index + whole.lastIndexOf("\n") + 1;
    if (separator === ",") continue;
    if (row.length > 1 || whole !== separator) rows.push(row);
    row = [];
  }
  return rows;
}
