/** Where places lie: on an ellipse, as near to its middle as none touches another. */
import { grow, isMeeting, polar, shift } from "./geometry.ts";
import type { Box, Point } from "./geometry.ts";

/** The ellipse is by so much wider than high: few places as a slide is, many as a window. */
const WIDE = 1.6;
const ROUND = 1.35;

/** One angle a place, seen from the middle, in their order; `weights` say how much room each needs. */
export function anglesOf(weights: readonly number[]): readonly number[] {
  const TURN = 2 * Math.PI;
  if (weights.length === 2) return [TURN / 2, 0];
  // The corners of a page: nothing stands above or below another's text.
  if (weights.length === 4) return [5, 7, 1, 3].map((eighth) => (TURN * eighth) / 8);
  const sum = weights.reduce((all, weight) => all + weight, 0);
  let before = 0;
  return weights.map((weight) => {
    const angle = (TURN * (before + weight / 2 - (weights[0] ?? 0) / 2)) / sum - TURN / 4;
    before += weight;
    return angle;
  });
}

/** The middles of boxes that are given around 0,0, so that `gap` lies between any two. */
export function ringOf(
  boxes: readonly Box[],
  angles: readonly number[],
  { gap, least }: { readonly gap: number; readonly least: number },
): readonly Point[] {
  if (boxes.length < 2) return boxes.map(() => ({ x: 0, y: 0 }));
  const stretch = boxes.length <= 4 ? WIDE : ROUND;
  for (let radius = least; ; radius *= 1.04) {
    const points = angles.map((angle) => polar(angle, radius * stretch, radius));
    const placed = boxes.map((box, at) => grow(shift(box, points[at] ?? { x: 0, y: 0 }), gap / 2));
    const isFree = placed.every((one, at) =>
      placed.slice(at + 1).every((other) => !isMeeting(one, other)),
    );
    if (isFree) return points;
  }
}
