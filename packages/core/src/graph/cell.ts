/** A node with all that belongs to it, around its symbol at 0,0: name, address, networks, clients. */
import * as messages from "../messages/graph.ts";
import type { Text } from "../phrase.ts";
import type { Detail } from "./detail.ts";
import { boxAround, enclose } from "./geometry.ts";
import type { Box, Point } from "./geometry.ts";
import type { Look } from "./looks.ts";
import { LINE, plateUnder, straight, textAt } from "./marks.ts";
import type { Mark, TextMark, Wording } from "./marks.ts";
import type { PicturedClient, PicturedNode } from "./picture.ts";

export interface Cell {
  readonly marks: readonly Mark[];
  /** Around all but the lines that come from elsewhere. */
  readonly box: Box;
}

/** Where the texts stand, seen from the symbol. */
export type Side = "above" | "below" | "left" | "right";

/** In which language, how large, and on what ground. */
export interface Manner {
  readonly detail: Detail;
  readonly words: (text: Text) => string;
  readonly plate: "plate" | "site-plate";
}

export interface Subject {
  readonly node: PicturedNode;
  readonly clients: readonly PicturedClient[];
}

const GAP = 5;
const PILL_PADDING = 8;
const BEAD = 5;

export function cellOf({ node, clients }: Subject, side: Side, manner: Manner): Cell {
  const about = manner.words(messages.aboutNode(node));
  const symbol = symbolOf(node, manner.detail.symbol, about);
  const texts = placeRows(rowsOf(node, about, manner), side, manner);
  const placed = [symbol, ...texts];
  const box = enclose(placed.map(boxOf));
  const beads = beadsOf(clients, { side, box }, manner);
  const marks = [...placed, ...beads];
  return { marks, box: enclose(marks.filter(({ kind }) => kind !== "line").map(boxOf)) };
}

/** What a shape covers; a line has its ends alone. */
export function boxOf(mark: Mark): Box {
  switch (mark.kind) {
    case "box":
      return mark;
    case "disc":
    case "cross": {
      const { x, y, radius } = mark;
      return { x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius };
    }
    case "text":
      return mark.box;
    case "line":
      return enclose([mark.from, mark.to].map((end) => ({ ...end, width: 0, height: 0 })));
  }
}

/** Square: it carries. Hollow: nobody can dial it from outside. */
export function symbolOf(
  { kind, endpoint }: Pick<PicturedNode, "kind" | "endpoint">,
  radius: number,
  about: string,
): Mark {
  const look: Look = endpoint === undefined ? "hidden" : "node";
  if (kind === "node") return { kind: "disc", look, about, x: 0, y: 0, radius: radius - 1 };
  const side = 2 * radius - 2;
  const box = boxAround({ x: 0, y: 0 }, side, side);
  return { kind: "box", look, about, ...box, radius: 2 };
}

interface Row extends Wording {
  readonly about: string;
  /** What is drawn around it. */
  readonly pill?: "subnet" | "standby";
}

/** From the symbol outwards. */
function rowsOf(node: PicturedNode, about: string, { detail, words }: Manner): readonly Row[] {
  const most = detail.widest;
  const letters = { look: "name", size: detail.name, isBold: true, most } as const;
  const rows: Row[] = [{ text: node.name, about, ...letters }];
  const [address] = node.addresses;
  const notes = { look: "note", size: detail.note, isBold: false, most } as const;
  if (detail.hasAddress && address !== undefined) rows.push({ text: address, about, ...notes });
  const shown = pillsOf(node, words);
  for (const [at, { text, standsBy }] of shown.slice(0, detail.subnets).entries()) {
    const hidden = at === detail.subnets - 1 ? shown.length - detail.subnets : 0;
    const whole = hidden > 0 ? words(messages.more(text, hidden)) : text;
    const pill = standsBy ? "standby" : "subnet";
    rows.push({ text: whole, about, ...notes, most: most - 2 * PILL_PADDING, pill });
  }
  return rows;
}

/** Both families' whole internet are one to people. */
function pillsOf({ subnets }: PicturedNode, words: Manner["words"]) {
  const pills = new Map<string, { readonly text: string; readonly standsBy: boolean }>();
  for (const { prefix, standsBy } of subnets) {
    const text = /^(0\.0\.0\.0|::)\/0$/.test(prefix) ? words(messages.internet()) : prefix;
    pills.set(text, { text, standsBy });
  }
  return [...pills.values()];
}

function placeRows(rows: readonly Row[], side: Side, { detail, plate }: Manner): readonly Mark[] {
  const heights = rows.map(({ size, pill }) => size * LINE + (pill === undefined ? 0 : GAP));
  const total = heights.reduce((sum, height) => sum + height, 0);
  const isUp = side === "above";
  const isBeside = side === "left" || side === "right";
  const away = detail.symbol + GAP;
  const x = side === "left" ? -away : side === "right" ? away : 0;
  const anchor = side === "left" ? "end" : side === "right" ? "start" : "middle";
  // From the symbol outwards; upwards the name and what belongs to it stay in the order of reading.
  const ordered = isUp ? [...rows.entries()].sort(upwards(rows)) : [...rows.entries()];
  // Beside it, the name and what belongs to it are on its height, and networks below.
  const named = heights.filter((_, at) => rows[at]?.pill === undefined);
  let y = isBeside
    ? -named.reduce((sum, height) => sum + height, 0) / 2
    : isUp
      ? -away - total
      : away;
  return ordered.flatMap(([at, row]) => {
    const height = heights[at] ?? 0;
    const middle = { x, y: y + height / 2 };
    y += height;
    return markRow(row, middle, { anchor, plate });
  });
}

/** Pills on top, then the name, then the address: the two stay together, nearest to the symbol. */
function upwards(rows: readonly Row[]) {
  const rank = (at: number): number => (rows[at]?.pill === undefined ? rows.length + at : -at);
  return ([one]: readonly [number, Row], [other]: readonly [number, Row]): number =>
    rank(one) - rank(other);
}

function markRow(
  { pill, ...row }: Row,
  middle: Point,
  { anchor, plate }: { readonly anchor: TextMark["anchor"]; readonly plate: Look },
): readonly Mark[] {
  const indent = { start: PILL_PADDING, middle: 0, end: -PILL_PADDING }[anchor];
  const at = pill === undefined ? middle : { x: middle.x + indent, y: middle.y };
  const text = textAt(at, { ...row, anchor });
  const { x, y, width, height } = text.box;
  if (pill === undefined) {
    return [
      { ...plateUnder({ x: x - 2, y, width: width + 4, height }, plate), about: row.about },
      text,
    ];
  }
  const [high, wide] = [height + 2, width + 2 * PILL_PADDING];
  const around = { x: x - PILL_PADDING, y: y - 1, width: wide, height: high, radius: high / 2 };
  return [{ kind: "box", look: pill, ...around, about: row.about }, text];
}

/** Clients hang on a stem below all else, or above; many of them are points, and counted. */
function beadsOf(
  clients: readonly PicturedClient[],
  { side, box }: { readonly side: Side; readonly box: Box },
  manner: Manner,
): readonly Mark[] {
  const { detail, words } = manner;
  if (clients.length === 0) return [];
  const forward = side === "above" ? -1 : 1;
  const edge = side === "above" ? box.y : box.y + box.height;
  const step = Math.max(2 * BEAD + 4, detail.note * LINE + 2);
  const first = edge + forward * (step / 2 + 3);
  // From below the texts, where these are in between.
  const start = side === "left" || side === "right" ? 0 : edge;
  if (clients.length > detail.clients) return crowd(clients, { start, first, forward }, manner);
  const last = first + forward * step * (clients.length - 1);
  const most = detail.widest / 2;
  const notes = { look: "note", size: detail.note, isBold: false, most } as const;
  const beads = clients.flatMap((client, at): Mark[] => {
    const y = first + forward * step * at;
    const about = words(messages.aboutClient(client));
    const anchor = side === "left" ? "end" : "start";
    const x = side === "left" ? -BEAD - 4 : BEAD + 4;
    const label = textAt({ x, y }, { text: client.name, about, anchor, ...notes });
    return [
      plateUnder(label.box, manner.plate),
      { kind: "disc", look: "client", about, x: 0, y, radius: BEAD },
      label,
    ];
  });
  return [stem(start, last), ...beads];
}

function crowd(
  clients: readonly PicturedClient[],
  {
    start,
    first,
    forward,
  }: { readonly start: number; readonly first: number; readonly forward: number },
  { detail, words, plate }: Manner,
): readonly Mark[] {
  const columns = Math.min(clients.length, Math.max(6, Math.ceil(Math.sqrt(clients.length * 2))));
  const text = words(messages.clientCount(clients.length));
  const notes = { look: "note", size: detail.note, isBold: false } as const;
  const label = textAt({ x: 0, y: first }, { text, ...notes });
  const below = first + forward * (detail.note * LINE + 2);
  const beads = clients.map((client, at): Mark => {
    const x = ((at % columns) - (columns - 1) / 2) * (2 * BEAD + 2);
    const y = below + forward * Math.floor(at / columns) * (2 * BEAD + 2);
    const about = words(messages.aboutClient(client));
    return { kind: "disc", look: "client", about, x, y, radius: BEAD };
  });
  return [stem(start, first), plateUnder(label.box, plate), label, ...beads];
}

function stem(from: number, to: number): Mark {
  return { kind: "line", look: "stem", ...straight({ x: 0, y: from }, { x: 0, y: to }), width: 1 };
}
