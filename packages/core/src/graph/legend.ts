/** Title above and legend below a drawing: only what occurs in it is explained. */
import * as messages from "../messages/graph.ts";
import type { Text } from "../phrase.ts";
import { symbolOf } from "./cell.ts";
import type { Point } from "./geometry.ts";
import { LINE, moved, straight, textAt } from "./marks.ts";
import type { Mark } from "./marks.ts";
import type { LinkKind, Picture } from "./picture.ts";

export interface Frame {
  readonly words: (text: Text) => string;
  /** Of the least letters. */
  readonly size: number;
  readonly width: number;
}

/** Marks from 0,0 down and to the right, and how high they are together. */
export interface Strip {
  readonly marks: readonly Mark[];
  readonly height: number;
}

export function titleOf(picture: Picture, { words, size, width }: Frame): Strip {
  const large = { size: size * 1.7, isBold: true };
  const first = large.size * LINE;
  const start = { anchor: "start", most: width } as const;
  const name = {
    look: "title",
    text: picture.name,
    about: picture.name,
    ...start,
    ...large,
  } as const;
  const text = words(messages.countsOf(picture));
  const counts = { look: "note", text, ...start, size, isBold: false } as const;
  const marks = [
    textAt({ x: 0, y: first / 2 }, name),
    textAt({ x: 0, y: first + (size * LINE) / 2 }, counts),
  ];
  return { marks, height: first + size * LINE };
}

export function legendOf(picture: Picture, { words, size, width }: Frame): Strip {
  const scale = size / 12;
  const start = 34 * scale;
  const row = size * LINE + 8 * scale;
  let [x, y] = [0, row / 2];
  const marks = entriesOf(picture, scale).flatMap(({ sample, text }): readonly Mark[] => {
    const letters = { size, isBold: false, anchor: "start", most: width - start } as const;
    const label = textAt({ x: start, y: 0 }, { look: "note", text: words(text), ...letters });
    const needed = start + label.box.width;
    if (x > 0 && x + needed > width) [x, y] = [0, y + row];
    const at = { x, y };
    x += needed + 22 * scale;
    return [...sample, label].map((mark) => moved(mark, at));
  });
  return { marks, height: y + row / 2 };
}

interface Entry {
  /** Around the middle of the room for it, at half of the row's height. */
  readonly sample: readonly Mark[];
  readonly text: Text;
}

function entriesOf(picture: Picture, scale: number): readonly Entry[] {
  const { nodes, clients, denials } = picture;
  const middle = { x: 13 * scale, y: 0 };
  const standing = new Set(nodes.flatMap(({ subnets }) => subnets.map((each) => each.standsBy)));
  const symbol = (kind: "node" | "relay", known: { readonly endpoint?: string }): Mark =>
    moved(symbolOf({ kind, ...known }, 7 * scale, ""), middle);
  const dialled = { endpoint: "known" };
  // By what a thing is called: its sample, where the drawing has such a thing.
  const samples = {
    node: nodes.some(({ kind }) => kind === "node") && [symbol("node", dialled)],
    "carrier-node": nodes.some(({ kind }) => kind !== "node") && [symbol("relay", dialled)],
    hidden: nodes.some(({ endpoint }) => endpoint === undefined) && [symbol("node", {})],
    client: clients.length > 0 && [disc(middle, 5 * scale)],
    subnet: standing.has(false) && [pill("subnet", scale)],
    standby: standing.has(true) && [pill("standby", scale)],
    lan: kindSample(picture, "lan", scale),
    public: kindSample(picture, "public", scale),
    carrier: kindSample(picture, "carrier", scale),
    bundle: bundleSample(picture, scale),
    denied: denials.length > 0 && deniedSample(scale),
  };
  const looks = Object.keys(samples) as (keyof typeof samples)[];
  return looks.flatMap((look) => {
    const sample = samples[look];
    if (sample === false) return [];
    const isKind = look === "lan" || look === "public" || look === "carrier";
    return { sample, text: isKind ? messages.kindOf(look) : messages.legendOf(look) };
  });
}

function kindSample({ links }: Picture, kind: LinkKind, scale: number): readonly Mark[] | false {
  const occurs = links.some((link) => link.kind === kind);
  return occurs && [line(kind, scale, kind === "carrier" ? 3 : 1.5)];
}

function bundleSample({ bundles }: Picture, scale: number): readonly Mark[] | false {
  const [first] = bundles;
  return first !== undefined && [line(first.kind, scale, 7)];
}

function deniedSample(scale: number): readonly Mark[] {
  const cross = { kind: "cross", look: "cross", x: 13 * scale, y: 0, radius: 5 * scale } as const;
  return [line("denied", scale, 2), cross];
}

function line(look: LinkKind | "denied", scale: number, width: number): Mark {
  return {
    kind: "line",
    look,
    width: width * scale,
    ...straight({ x: 0, y: 0 }, { x: 26 * scale, y: 0 }),
  };
}

function disc({ x, y }: Point, radius: number): Mark {
  return { kind: "disc", look: "client", x, y, radius };
}

function pill(look: "subnet" | "standby", scale: number): Mark {
  const [width, height] = [24 * scale, 12 * scale];
  return { kind: "box", look, x: scale, y: -height / 2, width, height, radius: height / 2 };
}
