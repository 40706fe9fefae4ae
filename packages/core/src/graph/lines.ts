/** The lines of a drawing: tunnels from node to node, bundles from place to place, what is kept apart. */
import * as messages from "../messages/graph.ts";
import type { Text } from "../phrase.ts";
import { printCount } from "../wording.ts";
import type { Arrangement } from "./arrangement.ts";
import { bundlingOf, singleLinks } from "./bundles.ts";
import { between, leave, pointOn, shift } from "./geometry.ts";
import type { Box, Curve, Point } from "./geometry.ts";
import type { TextLook } from "./looks.ts";
import type { LineMark, Mark } from "./marks.ts";
import type { Bundle, Picture } from "./picture.ts";

/** A place with its position on the ring. */
export interface Settled {
  readonly arrangement: Arrangement;
  readonly at: Point;
}

export interface Lines {
  readonly marks: readonly Mark[];
  readonly signs: readonly Sign[];
}

/** A text that wants to stand on one of several lines, wherever there is room. */
export interface Sign {
  readonly text: Text;
  readonly about: string;
  readonly look: TextLook;
  readonly lines: readonly Curve[];
}

type Words = (text: Text) => string;

export function linesOf(picture: Picture, settled: readonly Settled[], words: Words): Lines {
  const ground = groundOf(settled);
  const links = linkLines(picture, ground, words);
  const bundles = bundleLines(picture, ground, words);
  const denials = picture.denials.map((denial): readonly Mark[] => {
    const [one, other] = denial;
    const about = words(messages.aboutDenial(denial));
    const line = placeLine(ground, one, other);
    const cross = {
      kind: "cross",
      look: "cross",
      about,
      radius: 6,
      ...pointOn(line, 0.5),
    } as const;
    return [{ kind: "line", look: "denied", about, ...line, width: 2 }, cross];
  });
  return {
    marks: [...links.marks, ...bundles.marks, ...denials.flat()],
    signs: [...bundles.signs, ...links.signs],
  };
}

interface Ground {
  readonly symbols: ReadonlyMap<string, Point>;
  readonly places: ReadonlyMap<string, Box>;
  readonly placeOf: ReadonlyMap<string, string>;
  /** How far a line between two places is drawn to the middle. */
  readonly pull: (one: string, other: string) => number;
}

function groundOf(settled: readonly Settled[]): Ground {
  const symbols = settled.flatMap(({ arrangement, at }) =>
    [...arrangement.symbols].map(([name, point]) => [name, shift(point, at)] as const),
  );
  const order = new Map(
    settled.flatMap(({ arrangement: { place } }, at) =>
      [place.name, ...place.nodes].map((name) => [name, at] as const),
    ),
  );
  const isWide = settled.some(({ arrangement }) => arrangement.symbols.size > 1);
  return {
    symbols: new Map(symbols),
    places: new Map(
      settled
        .filter(({ arrangement }) => arrangement.place.kind !== "node")
        .map(({ arrangement, at }) => [arrangement.place.name, shift(arrangement.box, at)]),
    ),
    placeOf: new Map(
      settled.flatMap(({ arrangement: { place } }) =>
        place.nodes.map((node) => [node, place.name]),
      ),
    ),
    pull: (one, other) => {
      const apart = Math.abs((order.get(one) ?? 0) - (order.get(other) ?? 0));
      const isNext = apart <= 1 || apart === settled.length - 1;
      // Wide places would stand in the way of what goes past them.
      return isWide && settled.length > 4 && !isNext ? 0.35 : 0;
    },
  };
}

/** Lines beyond these numbers become hairs, and the more of them the finer: all between thirty sites are a blot. */
const FEW = 30;
const MANY = 100;

function linkLines(picture: Picture, ground: Ground, words: Words): Lines {
  const bundling = bundlingOf(picture.places);
  const single = singleLinks(picture);
  const hair = hairOf(single.length);
  const signs = new Map<string, Sign & { readonly lines: Curve[] }>();
  const marks = single.map((link): LineMark => {
    const [one, other] = link.between;
    const isInside = ground.placeOf.get(one) === ground.placeOf.get(other);
    const ends = { from: symbolAt(ground, one), to: symbolAt(ground, other) };
    const line = bend(ends, isInside ? 0 : ground.pull(one, other));
    const about = words(messages.aboutLink(link));
    const { costPerGiB, kind } = link;
    if (costPerGiB !== undefined) {
      // One price between two places is said once.
      const key = `${bundling(link).key} ${costPerGiB}`;
      const text = messages.costOf(costPerGiB);
      const sign = signs.get(key) ?? { text, about, look: `${kind}-count` as const, lines: [] };
      sign.lines.push(line);
      signs.set(key, sign);
    }
    return {
      kind: "line",
      look: kind,
      about,
      ...line,
      width: kind === "carrier" ? hair * 2 : hair,
    };
  });
  return { marks, signs: [...signs.values()] };
}

function hairOf(lines: number): number {
  if (lines <= FEW) return 1.5;
  return Math.max(0.3, 0.8 * Math.sqrt(MANY / Math.max(MANY, lines)));
}

function bundleLines({ bundles }: Picture, ground: Ground, words: Words): Lines {
  const outer = bundles.filter(({ between: [one, other] }) => one !== other);
  const lines = outer.map((bundle) => {
    const [one, other] = bundle.between;
    const beside = outer.filter(({ between }) => between[0] === one && between[1] === other);
    const lane = (beside.indexOf(bundle) - (beside.length - 1) / 2) * 14;
    return { bundle, line: aside(placeLine(ground, one, other), lane) };
  });
  const marks = lines.map(({ bundle, line }): LineMark => {
    const about = words(messages.aboutBundle(bundle));
    return { kind: "line", look: bundle.kind, about, ...line, width: thickness(bundle) };
  });
  const signs = lines.map(({ bundle, line }): Sign => {
    const { links, kind, costPerGiB } = bundle;
    const text =
      costPerGiB === undefined ? printCount(links) : messages.countAndCost(links, costPerGiB);
    return {
      text,
      about: words(messages.aboutBundle(bundle)),
      look: `${kind}-count`,
      lines: [line],
    };
  });
  return { marks, signs };
}

function thickness({ links }: Bundle): number {
  return Math.min(9, 2 + 0.8 * Math.log2(links));
}

/** A line between two nodes or places: from a symbol, or from the nearest point of an outline. */
function placeLine(ground: Ground, one: string, other: string): Curve {
  const [start, end] = [middleOf(ground, one), middleOf(ground, other)];
  const pull = ground.pull(one, other);
  const { bend: over } = bend({ from: start, to: end }, pull);
  const [first, second] = [ground.places.get(one), ground.places.get(other)];
  const ends = {
    from: first === undefined ? start : leave(first, over),
    to: second === undefined ? end : leave(second, over),
  };
  return bend(ends, pull);
}

function middleOf(ground: Ground, name: string): Point {
  const box = ground.places.get(name);
  if (box === undefined) return symbolAt(ground, name);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

function symbolAt({ symbols }: Ground, name: string): Point {
  const point = symbols.get(name);
  if (point === undefined) throw new Error(`${name} is nowhere in the drawing`);
  return point;
}

function bend({ from, to }: Omit<Curve, "bend">, pull: number): Curve {
  return { from, to, bend: between(between(from, to), { x: 0, y: 0 }, pull) };
}

/** The line beside itself. */
function aside(line: Curve, by: number): Curve {
  if (by === 0) return line;
  const { from, to } = line;
  const length = Math.max(1, Math.hypot(to.x - from.x, to.y - from.y));
  const across = { x: (-(to.y - from.y) / length) * by, y: ((to.x - from.x) / length) * by };
  return {
    from: shift(from, across),
    bend: shift(line.bend, across),
    to: shift(to, across),
  };
}
