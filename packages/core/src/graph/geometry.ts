/** Points, boxes and curves in the plane: x to the right, y down, in pixels. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** A quadratic Bézier curve; straight when `bend` is on the way. */
export interface Curve {
  readonly from: Point;
  readonly bend: Point;
  readonly to: Point;
}

export function boxAround(centre: Point, width: number, height: number): Box {
  return { x: centre.x - width / 2, y: centre.y - height / 2, width, height };
}

/** The smallest box around all of at least one. */
export function enclose(boxes: readonly Box[]): Box {
  const left = Math.min(...boxes.map(({ x }) => x));
  const top = Math.min(...boxes.map(({ y }) => y));
  const right = Math.max(...boxes.map(({ x, width }) => x + width));
  const bottom = Math.max(...boxes.map(({ y, height }) => y + height));
  return { x: left, y: top, width: right - left, height: bottom - top };
}

export function grow(box: Box, by: number): Box {
  return { x: box.x - by, y: box.y - by, width: box.width + 2 * by, height: box.height + 2 * by };
}

export function shift<P extends Point>(point: P, { x, y }: Point): P {
  return { ...point, x: point.x + x, y: point.y + y };
}

export function isMeeting(one: Box, other: Box): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}

export function between(from: Point, to: Point, part = 0.5): Point {
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}

/** At an angle in radians, clockwise from the right. */
export function polar(angle: number, width: number, height = width): Point {
  return { x: Math.cos(angle) * width, y: Math.sin(angle) * height };
}

export function pointOn({ from, bend, to }: Curve, part: number): Point {
  return between(between(from, bend, part), between(bend, to, part), part);
}

/** Where the straight line from the middle of a box to a point outside leaves the box. */
export function leave(box: Box, towards: Point): Point {
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const away = { x: towards.x - middle.x, y: towards.y - middle.y };
  const part = Math.min(
    box.width / 2 / Math.max(Math.abs(away.x), 1e-9),
    box.height / 2 / Math.max(Math.abs(away.y), 1e-9),
    1,
  );
  return between(middle, towards, part);
}
