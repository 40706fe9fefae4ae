/** Tests of SVG: well-formed whatever the texts are, light without CSS, dark by it, and what is in it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../../../tools/runs.ts";
import { layout } from "./layout.ts";
import { LOOKS } from "./looks.ts";
import type { Drawing } from "./marks.ts";
import { HOSTILE, hostilePicture, pictures } from "./pictures.contract.ts";
import { renderSvg } from "./svg.ts";

test("renderSvg() prints each kind of mark, with what it is", () => {
  const at = { x: 10, y: 10 };
  const drawing: Drawing = {
    width: 100,
    height: 50,
    title: "a",
    description: "b",
    marks: [
      { kind: "box", look: "ground", ...at, width: 80, height: 30, radius: 0 },
      { kind: "line", look: "lan", from: at, bend: at, to: { x: 1 / 3, y: -0.01 }, width: 2 },
      { kind: "cross", look: "cross", ...at, radius: 4 },
      { kind: "disc", look: "hidden", about: "n\n10.0.0.1", ...at, radius: 4 },
      {
        kind: "text",
        look: "name",
        text: "n",
        size: 10,
        isBold: true,
        anchor: "end",
        box: { ...at, width: 20, height: 13 },
      },
    ],
  };
  expect(renderSvg(drawing).replace(/<style>.*<\/style>/s, "<style/>")).toMatchInlineSnapshot(`
    "<svg xmlns="http://www.w3.org/2000/svg" class="warren" viewBox="0 0 100 50" width="100" height="50" role="img" aria-labelledby="warren-title warren-description">
    <title id="warren-title">a</title>
    <desc id="warren-description">b</desc>
    <style/>
    <g font-family="'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Liberation Sans', 'Noto Sans', 'DejaVu Sans', sans-serif" fill="none" stroke-linecap="round">
    <rect class="ground" x="10" y="10" width="80" height="30" fill="#ffffff"/>
    <path class="lan" d="M10 10 Q10 10 0.3 0" stroke="#0b7a5b" stroke-width="2"/>
    <path class="cross" d="M6 6L14 14M14 6L6 14" stroke="#9b3a72" stroke-width="2"/>
    <circle class="hidden" cx="10" cy="10" r="4" fill="#ffffff" stroke="#1d2733" stroke-width="2"><title>n
    10.0.0.1</title></circle>
    <text class="name" x="30" y="20.1" font-size="10" font-weight="bold" text-anchor="end" fill="#1d2733">n</text>
    </g>
    </svg>
    "
  `);
});

test("renderSvg() is well-formed XML, and has every text of the drawing", () => {
  fc.assert(
    fc.property(pictures(), (picture) => {
      const drawing = layout(picture);
      const texts = readXml(renderSvg(drawing)).filter(({ name }) => name === "text");
      const written = drawing.marks.flatMap((mark) => (mark.kind === "text" ? [mark.text] : []));
      expect(texts.map(({ text }) => text)).toEqual(written);
    }),
    runs(30),
  );
});

test("renderSvg() takes hostile texts for texts", () => {
  const svg = renderSvg(layout(hostilePicture()));
  const elements = readXml(svg);
  expect(new Set(elements.map(({ name }) => name))).toEqual(
    new Set(["svg", "title", "desc", "style", "g", "rect", "path", "circle", "text"]),
  );
  const readable = HOSTILE.replaceAll("\u0000", "\uFFFD").replaceAll("\uFFFE", "\uFFFD");
  const titles = elements.filter(({ name }) => name === "title").map(({ text }) => text);
  expect(titles.filter((title) => title.includes(`${readable}2`))).not.toEqual([]);
  expect(titles).toContainEqual(`WireGuard mesh ${readable}`);
});

test("renderSvg() says what it is to those who do not see it", () => {
  const [svg, title, description] = readXml(renderSvg(layout(hostilePicture())));
  expect(svg?.attributes).toMatchObject({
    role: "img",
    "aria-labelledby": `${title?.attributes["id"]} ${description?.attributes["id"]}`,
  });
  expect(description?.text).toBe("2 nodes · 1 site · 1 client · 1 tunnel");
});

test("renderSvg() is light by attributes alone, and dark by a rule for each look", () => {
  const svg = renderSvg(layout(hostilePicture()));
  const shapes = /^(rect|circle|path|text)$/;
  for (const { attributes } of readXml(svg).filter(({ name }) => shapes.test(name))) {
    expect(attributes["fill"] ?? attributes["stroke"]).toMatch(/^#[0-9a-f]{6}$/);
  }
  for (const look of Object.keys(LOOKS)) {
    expect(svg).toContain(`.warren:not(.light) .${look}{`);
    expect(svg).toContain(`.warren.dark .${look}{`);
  }
  expect(renderSvg(layout(hostilePicture()), "dark")).toContain('class="warren dark"');
});

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
}

/** A reader for as much of XML 1.0 as a strict one takes without a document type; what is not well-formed throws. */
function readXml(xml: string): readonly Element[] {
  const name = "[A-Za-z_][\\w.-]*";
  const token = new RegExp(`<(/?)(${name})((?:\\s+${name}="[^<"]*")*)\\s*(/?)>|([^<]+)`, "gy");
  const elements: { name: string; attributes: Record<string, string>; text: string }[] = [];
  const open: number[] = [];
  let end = 0;
  for (const [whole, close, tag = "", attributes = "", empty, text] of xml.matchAll(token)) {
    end += whole.length;
    const inner = elements[open.at(-1) ?? -1];
    if (text !== undefined) {
      refuse(inner === undefined && text.trim() !== "", "text outside of all elements");
      if (inner !== undefined) inner.text += decode(text);
    } else if (close === "/") {
      refuse(inner?.name !== tag, `${tag} ends ${inner?.name}`);
      open.pop();
    } else {
      const pairs = [...attributes.matchAll(/([\w.:-]+)="([^"]*)"/g)];
      refuse(new Set(pairs.map(([, key]) => key)).size < pairs.length, `twice in ${whole}`);
      const list = pairs.map(([, key = "", value = ""]) => [key, decode(value)] as const);
      elements.push({ name: tag, attributes: Object.fromEntries(list), text: "" });
      if (empty === "") open.push(elements.length - 1);
    }
  }
  refuse(end < xml.length || open.length > 0, `nothing of XML: ${xml.slice(end, end + 80)}`);
  return elements;
}

/** Section 2.2 and 4.6 of XML 1.0: which characters there are, and which entities without a declaration. */
function decode(text: string): string {
  const isOdd = /\p{Cc}|[\uFFFE\uFFFF]|\]\]>/u.test(text.replaceAll(/[\t\n\r]/g, ""));
  refuse(isOdd, `no characters of XML: ${text}`);
  const known: Readonly<Record<string, string>> = {
    amp: "&",
    lt: "<",
    gt: ">",
    quot: '"',
    "#39": "'",
  };
  return text.replaceAll(/&([^;]*;)?/g, (_, entity: string | undefined) => {
    const letter = known[entity?.slice(0, -1) ?? ""];
    refuse(letter === undefined, `no entity: ${text}`);
    return letter ?? "";
  });
}

function refuse(isWrong: boolean, why: string): void {
  if (isWrong) throw new Error(`not well-formed: ${why}`);
}
