/** The colours of a drawing, in light and in dark, and which part of it has which: one table for all. */

/** A colour on a light ground and on a dark one. */
type Colour = readonly [light: string, dark: string];

export interface Paint {
  readonly fill?: Colour;
  readonly stroke?: Colour;
  /** Of shapes without a line of their own; a line mark says its own width. */
  readonly width?: number;
  readonly dash?: string;
}

/** The kinds can be told apart by people who do not see all colours, and on paper: none is by colour alone. */
export const COLOURS = {
  ground: ["#ffffff", "#14181d"],
  ink: ["#1d2733", "#e9eef3"],
  muted: ["#55626f", "#a3b0bd"],
  site: ["#f3f5f8", "#1d242c"],
  edge: ["#cbd3dc", "#3a4653"],
  lan: ["#0b7a5b", "#3ccb9d"],
  public: ["#2a69b8", "#74b3ff"],
  carrier: ["#b34d00", "#ffa24d"],
  denied: ["#9b3a72", "#f29bcb"],
} satisfies Readonly<Record<string, Colour>>;

const { ground, ink, muted, site, edge, lan, public: open, carrier, denied } = COLOURS;

/** In the order in which they are painted. */
export const LOOKS = {
  ground: { fill: ground },
  site: { fill: site, stroke: edge, width: 1 },
  elsewhere: { fill: ground, stroke: edge, width: 1, dash: "4 4" },
  public: { stroke: open },
  carrier: { stroke: carrier },
  lan: { stroke: lan },
  denied: { stroke: denied, dash: "2 5" },
  stem: { stroke: muted },
  plate: { fill: ground },
  "site-plate": { fill: site },
  cross: { stroke: denied, width: 2 },
  subnet: { fill: ground, stroke: muted, width: 1 },
  standby: { fill: ground, stroke: muted, width: 1, dash: "3 2" },
  node: { fill: ink, stroke: ink, width: 2 },
  hidden: { fill: ground, stroke: ink, width: 2 },
  client: { fill: ground, stroke: muted, width: 1.5 },
  title: { fill: ink },
  caption: { fill: ink },
  name: { fill: ink },
  note: { fill: muted },
  "public-count": { fill: open },
  "carrier-count": { fill: carrier },
  "lan-count": { fill: lan },
} satisfies Readonly<Record<string, Paint>>;

export type Look = keyof typeof LOOKS;

export type TextLook =
  | "title"
  | "caption"
  | "name"
  | "note"
  | "public-count"
  | "carrier-count"
  | "lan-count";

export function paintOf(look: Look): Paint {
  return LOOKS[look];
}
