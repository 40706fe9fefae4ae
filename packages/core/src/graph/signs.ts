/** Finds places for the texts on lines: on the line, clear of everything that is written already. */
import type { Text } from "../phrase.ts";
import { grow, isMeeting, pointOn } from "./geometry.ts";
import type { Box } from "./geometry.ts";
import type { Sign } from "./lines.ts";
import { textAt } from "./marks.ts";
import type { Mark, TextMark } from "./marks.ts";

/** From the middle of a line outwards. */
const PARTS = [0.5, 0.44, 0.56, 0.38, 0.62, 0.32, 0.68, 0.26, 0.74, 0.2, 0.8, 0.14, 0.86];

/** What is written already, which nothing may cover; and outlines of places, which is better left alone. */
export interface Obstacles {
  readonly taken: readonly Box[];
  readonly outlines: readonly Box[];
}

/** Those that found room, each on a plate; what a sign without room says is said by its line, too. */
export function placeSigns(
  signs: readonly Sign[],
  { taken, outlines }: Obstacles,
  { words, size }: { readonly words: (text: Text) => string; readonly size: number },
): readonly Mark[] {
  const full = [...taken];
  return signs.flatMap((sign): readonly Mark[] => {
    const text = words(sign.text);
    const letters = { text, size };
    const found = findRoom(sign, letters, [...full, ...outlines]) ?? findRoom(sign, letters, full);
    if (found === undefined) return [];
    full.push(found.box);
    return [{ kind: "box", look: "plate", ...grow(found.box, 2), radius: 4 }, found];
  });
}

function findRoom(
  { lines, about, look }: Sign,
  letters: { readonly text: string; readonly size: number },
  full: readonly Box[],
): TextMark | undefined {
  for (const part of PARTS) {
    for (const line of lines) {
      const text = textAt(pointOn(line, part), { look, about, isBold: true, ...letters });
      const room = grow(text.box, 3);
      if (!full.some((box) => isMeeting(box, room))) return text;
    }
  }
  return undefined;
}
