/** How wide a text is drawn, and how a long one becomes shorter: by a table, since nobody here has fonts. */

/** Asked for in this order; the table below is at least as wide as each of them. */
export const FONTS =
  "'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Liberation Sans', 'Noto Sans', 'DejaVu Sans', sans-serif";

export interface Lettering {
  readonly size: number;
  readonly isBold: boolean;
}

/** In pixels, and rather too much than too little. */
export function widthOf(text: string, { size, isBold }: Lettering): number {
  let width = 0;
  for (const letter of text) width += letterWidth(letter);
  // What bold adds in DejaVu Sans, the widest of the fonts.
  return (width / 1000) * size * (isBold ? 1.14 : 1);
}

/** The text, or its beginning and end around an ellipsis: names that differ often differ at their end. */
export function shorten(text: string, lettering: Lettering, most: number): string {
  if (widthOf(text, lettering) <= most) return text;
  const letters = Array.from(text);
  for (let kept = letters.length - 1; kept > 1; kept -= 1) {
    const tail = Math.floor(kept / 3);
    const head = letters.slice(0, kept - tail).join("");
    const short = `${head}…${letters.slice(letters.length - tail).join("")}`;
    if (widthOf(short, lettering) <= most) return short;
  }
  return "…";
}

/** Thousandths of the size, the larger of Arial's and DejaVu Sans's; East Asian letters are square. */
function letterWidth(letter: string): number {
  if (/^[ijlI.,:;'| !]$/u.test(letter)) return 350;
  if (/^[frtJ()[\]/\\"-]$/u.test(letter)) return 440;
  if (/^[csvxyzkL]$/u.test(letter)) return 600;
  if (/^[a-zF0-9 ·–_?]$/u.test(letter)) return /[mw]/.test(letter) ? 980 : 640;
  if (/^[A-Z]$/u.test(letter)) return /[MW]/.test(letter) ? 990 : 790;
  return 1000;
}
