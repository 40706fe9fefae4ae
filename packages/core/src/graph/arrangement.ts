/** A place with its nodes, around 0,0: few on a small ring, many in rows, inside the outline of their site. */
import * as messages from "../messages/graph.ts";
import { boxOf, cellOf } from "./cell.ts";
import type { Cell, Manner, Side, Subject } from "./cell.ts";
import { enclose, grow, isMeeting, polar, shift } from "./geometry.ts";
import type { Box, Point } from "./geometry.ts";
import { widthOf } from "./label.ts";
import { LINE, moved, plateUnder, straight, textAt } from "./marks.ts";
import type { LineMark, Mark } from "./marks.ts";
import type { Bundle, Place } from "./picture.ts";

export interface Arrangement {
  readonly place: Place;
  readonly marks: readonly Mark[];
  /** Around all of it; and what texts of others must keep away from. */
  readonly box: Box;
  readonly taken: readonly Box[];
  readonly symbols: ReadonlyMap<string, Point>;
}

export interface Dweller {
  readonly place: Place;
  /** In order of name. */
  readonly subjects: readonly Subject[];
  /** What goes on inside. */
  readonly bundles: readonly Bundle[];
  /** Where the middle of the drawing lies, seen from it: an angle. Absent where there is nothing else. */
  readonly inwards?: number;
}

const PADDING = 14;
const GAP = 12;
const ROW_GAP = 3;
const HEAD_GAP = 8;
const LEAST_BAR = 150;
const TOP = -Math.PI / 2;
/** More than these are no ring any more. */
const RING = 7;

export function arrange(dweller: Dweller, manner: Omit<Manner, "plate">): Arrangement {
  const { place, subjects, bundles, inwards } = dweller;
  const plate = place.kind === "site" ? "site-plate" : "plate";
  const own: Manner = { ...manner, plate };
  if (place.kind === "node") {
    const side = inwards === undefined ? "below" : sideAt(inwards + Math.PI);
    const cells = subjects.map((subject): Placed => {
      return { subject, at: { x: 0, y: 0 }, cell: cellOf(subject, side, own) };
    });
    return settle(place, cells, []);
  }
  const isRing = bundles.length === 0 && subjects.length <= RING;
  const cells = isRing ? onRing(subjects, inwards, own) : inRows(subjects, inwards ?? 0, own);
  return outline(dweller, cells, own);
}

/** The side of a text that keeps clear of what comes from the middle, by where its node lies. */
export function sideAt(angle: number): Side {
  if (Math.abs(Math.sin(angle)) > 0.35) return Math.sin(angle) < 0 ? "above" : "below";
  return Math.cos(angle) < 0 ? "left" : "right";
}

interface Placed {
  readonly subject: Subject;
  readonly at: Point;
  readonly cell: Cell;
}

/** Who carries is nearest to the middle of the drawing; all as near to each other as their texts let them. */
function onRing(
  subjects: readonly Subject[],
  inwards: number | undefined,
  manner: Manner,
): readonly Placed[] {
  const order = [...subjects].sort((one, other) => rank(one) - rank(other));
  const only = order.length === 1;
  const outer = inwards !== undefined && sideAt(inwards) === "below" ? "above" : "below";
  const made = order.map((subject, at) => {
    const angle = (inwards ?? TOP) + (2 * Math.PI * at) / order.length;
    const side = sideAt(angle);
    // Where the first one looks, lines to other places leave.
    const isUpright = side === "above" || side === "below";
    const beside = Math.cos(angle) < 0 ? "left" : "right";
    const facing = isUpright ? beside : "below";
    const chosen = only ? outer : at > 0 || inwards === undefined ? side : facing;
    return { subject, angle, cell: cellOf(subject, chosen, manner) };
  });
  for (let radius = only ? 0 : 36; ; radius += 4) {
    const placed = made.map(({ angle, ...rest }) => ({
      ...rest,
      at: polar(angle, radius * 1.2, radius),
    }));
    const boxes = placed.map(({ cell, at }) => grow(shift(cell.box, at), GAP / 2));
    if (!boxes.some((one, at) => boxes.slice(at + 1).some((other) => isMeeting(one, other)))) {
      return placed;
    }
  }
}

function rank({ node }: Subject): number {
  return node.kind === "node" ? 1 : 0;
}

/** Twice as wide as high; who carries has the cells nearest to the middle of the drawing. */
function inRows(subjects: readonly Subject[], inwards: number, manner: Manner): readonly Placed[] {
  const isMirrored = Math.cos(inwards) > 0.35;
  const cells = new Map(
    subjects.map((subject) => {
      // Its lines leave where no text of its own is.
      const side = isMirrored && rank(subject) === 0 ? "left" : "right";
      return [subject, { side, cell: cellOf(subject, side, manner) }];
    }),
  );
  const sizes = [...cells.values()].map(({ cell }) => cell.box);
  const widest = Math.max(...sizes.map(({ width }) => width));
  const height = sizes.reduce((sum, box) => sum + box.height + ROW_GAP, 0) / sizes.length;
  const columns = Math.max(1, Math.round(Math.sqrt((subjects.length * height * 2) / widest)));
  const rows = fillRows(subjects, columns, inwards);
  let top = 0;
  return rows.flatMap((row): readonly Placed[] => {
    const boxes = row.flatMap((subject) => cells.get(subject)?.cell.box ?? []);
    const up = Math.max(...boxes.map(({ y }) => -y));
    const down = Math.max(...boxes.map((box) => box.y + box.height));
    const y = top + up;
    top += up + down + ROW_GAP;
    return row.flatMap((subject, column): readonly Placed[] => {
      const found = cells.get(subject);
      if (found === undefined) return [];
      const { side, cell } = found;
      const { x, width } = cell.box;
      const indent = side === "left" ? widest - width - x : -x;
      return [{ subject, cell, at: { x: column * (widest + GAP) + indent, y } }];
    });
  });
}

function fillRows(
  subjects: readonly Subject[],
  columns: number,
  inwards: number,
): readonly (readonly Subject[])[] {
  const height = Math.ceil(subjects.length / columns);
  const slots = subjects.map((_, at) => {
    const x = (at % columns) - (columns - 1) / 2;
    const y = Math.floor(at / columns) - (height - 1) / 2;
    return { at, nearness: x * Math.cos(inwards) + y * Math.sin(inwards) };
  });
  const carriers = subjects.filter((subject) => rank(subject) === 0);
  const near = [...slots].sort((one, other) => other.nearness - one.nearness || one.at - other.at);
  const slotOf = new Map(carriers.map((subject, at) => [near[at]?.at, subject]));
  const others = subjects.filter((subject) => rank(subject) !== 0);
  const filled = slots.flatMap(({ at }) => slotOf.get(at) ?? others.shift() ?? []);
  return Array.from({ length: height }, (_, row) =>
    filled.slice(row * columns, (row + 1) * columns),
  );
}

/** The outline around the nodes; what it is, and what goes on inside, is written on its outer side. */
function outline(dweller: Dweller, cells: readonly Placed[], manner: Manner): Arrangement {
  const { place, bundles, inwards } = dweller;
  const line = manner.detail.caption * LINE;
  const content = around(cells);
  // Where nobody has a site, there is nothing to tell apart.
  const isAll = place.kind === "elsewhere" && inwards === undefined;
  const head = isAll ? { marks: [], width: 0 } : headOf(place, manner);
  const inner = Math.max(content.width, head.width, bundles.length === 0 ? 0 : LEAST_BAR);
  const headHeight = line * ((isAll ? 0 : 1) + bundles.length) + HEAD_GAP;
  const x = content.x + content.width / 2 - inner / 2;
  const isBelow = inwards !== undefined && Math.sin(inwards) < -0.35;
  const top = content.y - (isBelow ? 0 : headHeight);
  const y = (isBelow ? content.y + content.height + HEAD_GAP : top) + line / 2;
  const box = grow({ x, y: top, width: inner, height: content.height + headHeight }, PADDING);
  const about = [place.name, ...place.networks].join("\n");
  const look = place.kind === "site" ? "site" : "elsewhere";
  const bars = bundles.flatMap((bundle, at) =>
    bar(bundle, { x, y: y + (at + (isAll ? 0 : 1)) * line, width: inner }, manner),
  );
  return settle(place, cells, [
    ...(isAll ? [] : [{ kind: "box", look, about, ...box, radius: 12 } as const]),
    ...head.marks.map((mark) => moved(mark, { x, y })),
    ...bars,
  ]);
}

function around(cells: readonly Placed[]): Box {
  if (cells.length === 0) return { x: 0, y: 0, width: 0, height: 0 };
  return enclose(cells.map(({ cell, at }) => shift(cell.box, at)));
}

/** Name and networks side by side, from 0,0 to the right. */
function headOf(
  { name, networks }: Place,
  { detail, words, plate }: Manner,
): { readonly marks: readonly Mark[]; readonly width: number } {
  const most = detail.widest * 1.6;
  const start = { anchor: "start", most } as const;
  const letters = { look: "caption", size: detail.caption, isBold: true } as const;
  const text = words(messages.placeName(name));
  const caption = textAt({ x: 0, y: 0 }, { text, ...letters, ...start });
  const notes = { look: "note", size: Math.round(detail.caption * 0.72), isBold: false } as const;
  const at = { x: caption.box.width + 8, y: 0 };
  const note = textAt(at, { text: networks.join(", "), ...notes, ...start });
  const texts = note.text === "" ? [caption] : [caption, note];
  const around = enclose(texts.map(({ box }) => box));
  return { marks: [plateUnder(around, plate), ...texts], width: around.width };
}

/** Tunnels inside a place: a line like a bus, and how many they are. */
function bar(
  bundle: Bundle,
  { x, y, width }: Point & { readonly width: number },
  { detail, words }: Manner,
): readonly Mark[] {
  const about = words(messages.aboutBundle(bundle));
  const size = Math.round(detail.caption * 0.72);
  const text = words(messages.tunnelCount(bundle.links));
  const count = textAt(
    { x: x + width, y },
    { look: `${bundle.kind}-count`, text, about, anchor: "end", size, isBold: false },
  );
  const ends = straight({ x, y }, { x: x + width - widthOf(text, { size, isBold: false }) - 8, y });
  const line: LineMark = { kind: "line", look: bundle.kind, about, ...ends, width: 3 };
  return [line, count];
}

/** All marks and boxes together, the middle of the whole at 0,0; a node that is a place stays there itself. */
function settle(place: Place, cells: readonly Placed[], marks: readonly Mark[]): Arrangement {
  const all = [
    ...marks,
    ...cells.flatMap(({ cell, at }) => cell.marks.map((mark) => moved(mark, at))),
  ];
  const whole = enclose(all.filter(({ kind }) => kind !== "line").map(boxOf));
  const by =
    place.kind === "node"
      ? { x: 0, y: 0 }
      : { x: -whole.x - whole.width / 2, y: -whole.y - whole.height / 2 };
  const texts = marks.filter(({ kind }) => kind === "text").map(boxOf);
  const taken = [...texts, ...cells.map(({ cell, at }) => shift(cell.box, at))];
  return {
    place,
    marks: all.map((mark) => moved(mark, by)),
    box: shift(whole, by),
    taken: taken.map((box) => shift(box, by)),
    symbols: new Map(cells.map(({ subject, at }) => [subject.node.name, shift(at, by)])),
  };
}
