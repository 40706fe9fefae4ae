/** Columns of text for people: aligned by what is seen, in which a Chinese character is two wide. */

/** A line a row, the first of them the heads. Columns in which no row has anything are left out. */
export function printTable(rows: readonly (readonly string[])[]): readonly string[] {
  const [heads = [], ...cells] = rows;
  const shown = heads.flatMap((_, at) => (cells.some((row) => (row[at] ?? "") !== "") ? [at] : []));
  const widths = shown.map((at) => Math.max(...rows.map((row) => widthOf(row[at] ?? ""))));
  return rows.map((row) =>
    shown
      .map((at, place) => padded(row[at] ?? "", widths[place] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** How many columns of a terminal a text takes (Unicode Standard Annex 11). */
export function widthOf(text: string): number {
  const wide =
    /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303F\uFF01-\uFF60\uFFE0-\uFFE6\p{Emoji_Presentation}]/u;
  return Array.from(text).reduce((sum, each) => {
    if (/[\p{Mn}\p{Me}\p{Cf}]/u.test(each)) return sum;
    return sum + (wide.test(each) ? 2 : 1);
  }, 0);
}

function padded(text: string, width: number): string {
  return `${text}${" ".repeat(Math.max(0, width - widthOf(text)))}`;
}
