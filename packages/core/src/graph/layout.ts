/** Where everything of a picture is drawn: places on a ring, lines between them, title and legend around. */
import { printText } from "../phrase.ts";
import type { Text } from "../phrase.ts";
import * as messages from "../messages/graph.ts";
import { arrange } from "./arrangement.ts";
import { detailOf } from "./detail.ts";
import { enclose, shift } from "./geometry.ts";
import type { Box } from "./geometry.ts";
import { legendOf, titleOf } from "./legend.ts";
import type { Strip } from "./legend.ts";
import { linesOf } from "./lines.ts";
import type { Settled } from "./lines.ts";
import { LOOKS } from "./looks.ts";
import { moved } from "./marks.ts";
import type { Drawing, Mark } from "./marks.ts";
import type { Picture } from "./picture.ts";
import { anglesOf, ringOf } from "./ring.ts";
import { placeSigns } from "./signs.ts";

type Words = (text: Text) => string;

/** `words` prints a text in the language of the drawing. The same picture gives the same drawing. */
export function layout(picture: Picture, words: Words = (text) => printText(text)): Drawing {
  const settled = settle(picture, words);
  const lines = linesOf(picture, settled, words);
  const boxes = settled.map(({ arrangement, at }) => shift(arrangement.box, at));
  const content = boxes.length === 0 ? { x: 0, y: 0, width: 0, height: 0 } : enclose(boxes);
  // A large drawing is looked at from afar: what explains it grows with it.
  const scale = Math.min(3, Math.max(1, content.width / 900));
  const taken = settled.flatMap(({ arrangement, at }) =>
    arrangement.taken.map((box) => shift(box, at)),
  );
  const obstacles = { taken, outlines: boxes };
  const signs = placeSigns(lines.signs, obstacles, { words, size: 11 * Math.sqrt(scale) });
  const places = settled.flatMap(({ arrangement, at }) =>
    arrangement.marks.map((mark) => moved(mark, at)),
  );
  return frame(picture, { marks: [...lines.marks, ...places, ...signs], content, scale }, words);
}

function settle(picture: Picture, words: Words): readonly Settled[] {
  const { places, nodes, clients, bundles } = picture;
  const manner = { detail: detailOf(nodes.length), words };
  const known = new Map(nodes.map((node) => [node.name, node]));
  const angles = anglesOf(places.map((place) => 1 + Math.sqrt(place.nodes.length)));
  const arrangements = places.map((place, at) => {
    const subjects = place.nodes.flatMap((name) => {
      const node = known.get(name);
      if (node === undefined) return [];
      return [{ node, clients: clients.filter(({ via }) => via === name) }];
    });
    const inside = bundles.filter(({ between: [one, other] }) => {
      return one === place.name && other === place.name;
    });
    const inwards = places.length === 1 ? {} : { inwards: (angles[at] ?? 0) + Math.PI };
    return arrange({ place, subjects, bundles: inside, ...inwards }, manner);
  });
  const boxes = arrangements.map(({ box }) => box);
  // Between few places there is room for what stands on their lines.
  const gap = places.length <= 4 ? 110 : 48;
  const points = ringOf(boxes, angles, { gap, least: places.length > 2 ? 150 : 90 });
  return arrangements.map((arrangement, at) => {
    return { arrangement, at: points[at] ?? { x: 0, y: 0 } };
  });
}

interface Content {
  readonly marks: readonly Mark[];
  readonly content: Box;
  readonly scale: number;
}

const MARGIN = 28;
const LEAST_WIDTH = 560;

/** Title above, legend below, and the ground under all. */
function frame(picture: Picture, { marks, content, scale }: Content, words: Words): Drawing {
  const margin = MARGIN * scale;
  const inner = Math.max(LEAST_WIDTH, content.width);
  const strips = { words, size: 12 * scale, width: inner };
  const title = titleOf(picture, strips);
  const legend = legendOf(picture, strips);
  const top = margin + title.height + margin;
  const by = { x: margin + (inner - content.width) / 2 - content.x, y: top - content.y };
  const bottom = top + content.height + margin;
  const width = Math.ceil(inner + 2 * margin);
  const height = Math.ceil(bottom + legend.height + margin);
  const all: readonly Mark[] = [
    { kind: "box", look: "ground", x: 0, y: 0, width, height, radius: 0 },
    ...marks.map((mark) => moved(mark, by)),
    ...stripAt(title, margin, margin),
    ...stripAt(legend, margin, bottom),
  ];
  const description = words(messages.countsOf(picture));
  return {
    width,
    height,
    title: words(messages.meshTitle(picture.name)),
    description,
    marks: layered(all),
  };
}

function stripAt({ marks }: Strip, x: number, y: number): readonly Mark[] {
  return marks.map((mark) => moved(mark, { x, y }));
}

/** In the order in which looks are painted, and else as it was. */
function layered(marks: readonly Mark[]): readonly Mark[] {
  const order = new Map(Object.keys(LOOKS).map((look, at) => [look, at]));
  const layer = ({ look }: Mark): number => order.get(look) ?? 0;
  return [...marks].sort((one, other) => layer(one) - layer(other));
}
