/** What a drawing is made of: plain shapes, each with a look and, where a person may ask, what it is. */
import { shift } from "./geometry.ts";
import type { Box, Curve, Point } from "./geometry.ts";
import type { Lettering } from "./label.ts";
import { shorten, widthOf } from "./label.ts";
import type { Look, TextLook } from "./looks.ts";

export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly description: string;
  /** What is drawn first lies below. */
  readonly marks: readonly Mark[];
}

export type Mark = BoxMark | DiscMark | LineMark | CrossMark | TextMark;

interface Named {
  readonly look: Look;
  /** All there is to say of it: a short text in the picture may hold less. */
  readonly about?: string;
}

export interface BoxMark extends Named, Box {
  readonly kind: "box";
  readonly radius: number;
}

export interface DiscMark extends Named, Point {
  readonly kind: "disc";
  readonly radius: number;
}

export interface LineMark extends Named, Curve {
  readonly kind: "line";
  /** Of the stroke. */
  readonly width: number;
}

/** Strikes a line through. */
export interface CrossMark extends Named, Point {
  readonly kind: "cross";
  readonly radius: number;
}

/** Stands at the beginning, middle or end of its line of text, whose box it fills. */
export interface TextMark extends Named, Lettering {
  readonly kind: "text";
  readonly look: TextLook;
  readonly text: string;
  readonly anchor: "start" | "middle" | "end";
  readonly box: Box;
}

/** What a line of text needs, but for its place; `most` is how wide it may become. */
export interface Wording extends Omit<TextMark, "kind" | "box" | "anchor"> {
  readonly anchor?: TextMark["anchor"];
  readonly most?: number;
}

/** A line of text at a point: its left or right end or its middle, at half of its height. */
export function textAt(
  { x, y }: Point,
  { most, anchor = "middle", ...wording }: Wording,
): TextMark {
  const text = most === undefined ? wording.text : shorten(wording.text, wording, most);
  const width = widthOf(text, wording);
  const left = { start: x, middle: x - width / 2, end: x - width }[anchor];
  const height = wording.size * LINE;
  const box = { x: left, y: y - height / 2, width, height };
  return { ...wording, text, kind: "text", anchor, box };
}

/** What lies under texts, so that lines behind them end there. */
export function plateUnder(box: Box, look: Look): BoxMark {
  return { kind: "box", look, ...box, radius: 3 };
}

/** The height of a line of text, for each pixel of its size. */
export const LINE = 1.3;

export function straight(from: Point, to: Point): Curve {
  return { from, bend: { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 }, to };
}

export function moved(mark: Mark, by: Point): Mark {
  switch (mark.kind) {
    case "box":
    case "disc":
    case "cross":
      return shift(mark, by);
    case "line":
      return {
        ...mark,
        from: shift(mark.from, by),
        bend: shift(mark.bend, by),
        to: shift(mark.to, by),
      };
    case "text":
      return { ...mark, box: shift(mark.box, by) };
  }
}
