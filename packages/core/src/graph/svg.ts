/** A drawing as SVG: light by its attributes, for viewers that know nothing more, and dark by CSS. */
import { FONTS } from "./label.ts";
import { COLOURS, LOOKS, paintOf } from "./looks.ts";
import type { Look } from "./looks.ts";
import type { Drawing, Mark, TextMark } from "./marks.ts";

/** Dark where the reader's system is; `theme` decides it for all, as do the classes "light" and "dark". */
export function renderSvg(
  { width, height, title, description, marks }: Drawing,
  theme: "light" | "dark" | "system" = "system",
): string {
  const size = `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`;
  const names = 'role="img" aria-labelledby="warren-title warren-description"';
  const root = theme === "system" ? "warren" : `warren ${theme}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="${root}" ${size} ${names}>`,
    `<title id="warren-title">${escape(title)}</title>`,
    `<desc id="warren-description">${escape(description)}</desc>`,
    `<style>\n${styles()}\n</style>`,
    `<g font-family="${FONTS}" fill="none" stroke-linecap="round">`,
    ...marks.map(renderMark),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

/** Attributes give way to any rule: without these all is light. */
function styles(): string {
  const looks = Object.keys(LOOKS) as Look[];
  const [light, dark] = COLOURS.ground;
  const rules = (root: string): readonly string[] => [
    `${root}{background:${dark}}`,
    ...looks.map((look) => {
      const { fill, stroke } = paintOf(look);
      const values = [
        ...(fill === undefined ? [] : [`fill:${fill[1]}`]),
        ...(stroke === undefined ? [] : [`stroke:${stroke[1]}`]),
      ];
      return `${root} .${look}{${values.join(";")}}`;
    }),
  ];
  return [
    // Of the whole window, where a browser shows nothing else.
    `.warren{background:${light}}`,
    "@media (prefers-color-scheme:dark){",
    ...rules(".warren:not(.light)"),
    "}",
    ...rules(".warren.dark"),
  ].join("\n");
}

function renderMark(mark: Mark): string {
  const [name, attributes, inside] = elementOf(mark);
  const all = { class: mark.look, ...attributes };
  const printed = Object.entries(all)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}="${typeof value === "number" ? short(value) : value}"`);
  const about =
    mark.about === undefined || mark.about === "" ? "" : `<title>${escape(mark.about)}</title>`;
  const content = about + inside;
  const start = `<${name} ${printed.join(" ")}`;
  return content === "" ? `${start}/>` : `${start}>${content}</${name}>`;
}

type Attributes = Readonly<Record<string, string | number | undefined>>;
type Element = readonly [name: string, attributes: Attributes, inside: string];

function elementOf(mark: Mark): Element {
  const paint = paintAttributes(mark.look);
  switch (mark.kind) {
    case "box": {
      const { x, y, width, height, radius } = mark;
      return ["rect", { x, y, width, height, rx: radius === 0 ? undefined : radius, ...paint }, ""];
    }
    case "disc":
      return ["circle", { cx: mark.x, cy: mark.y, r: mark.radius, ...paint }, ""];
    case "line": {
      const { from, bend, to, width } = mark;
      const points = [from, bend, to].map(({ x, y }) => `${short(x)} ${short(y)}`);
      const d = `M${points[0]} Q${points[1]} ${points[2]}`;
      return ["path", { d, ...paint, "stroke-width": width }, ""];
    }
    case "cross": {
      const { x, y, radius: r } = mark;
      const [left, right, top, bottom] = [x - r, x + r, y - r, y + r].map(short);
      const d = `M${left} ${top}L${right} ${bottom}M${right} ${top}L${left} ${bottom}`;
      return ["path", { d, ...paint }, ""];
    }
    case "text":
      return textElement(mark, paint);
  }
}

function textElement({ box, anchor, size, isBold, text }: TextMark, paint: Attributes): Element {
  const x = { start: box.x, middle: box.x + box.width / 2, end: box.x + box.width }[anchor];
  // Letters stand on a line: so deep that capitals are as far from the top as from the bottom of the box.
  const y = box.y + box.height / 2 + size * 0.36;
  const attributes = {
    x,
    y,
    "font-size": size,
    "font-weight": isBold ? "bold" : undefined,
    "text-anchor": anchor === "start" ? undefined : anchor,
    ...paint,
  };
  return ["text", attributes, escape(text)];
}

function paintAttributes(look: Look): Attributes {
  const { fill, stroke, width, dash } = paintOf(look);
  return {
    fill: fill?.[0],
    stroke: stroke?.[0],
    "stroke-width": width,
    "stroke-dasharray": dash,
  };
}

/** A tenth of a pixel is enough. */
function short(value: number): number {
  const rounded = Math.round(value * 10) / 10;
  return rounded === 0 ? 0 : rounded;
}

/** For content and for attributes in double quotes; XML has no other control characters than these. */
function escape(text: string): string {
  const known: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text
    .replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, "\uFFFD")
    .replaceAll(/[&<>"']/g, (letter) => known[letter] ?? letter);
}
