/** Tests of where things are drawn: nothing over a text, nothing outside, nothing left out. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../../../tools/runs.ts";
import { sampleOf } from "../../../../tools/sample.ts";
import { templateOf } from "../phrase.ts";
import type { Text } from "../phrase.ts";
import { layout } from "./layout.ts";
import type { Drawing, Mark } from "./marks.ts";
import type { Picture } from "./picture.ts";
import { pictures } from "./pictures.contract.ts";
import { pictureOf } from "./survey.ts";

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

test("layout() writes no two texts over each other, and none outside", () => {
  fc.assert(
    fc.property(pictures(), (picture) => {
      const { marks, width, height } = layout(picture);
      const texts = marks.filter(({ kind }) => kind === "text").map(boxOf);
      for (const [at, one] of texts.entries()) {
        expect(isInside(one, { x: 0, y: 0, width, height })).toBe(true);
        expect(texts.slice(at + 1).filter((other) => isMeeting(one, other))).toEqual([]);
      }
    }),
    runs(30, 60),
  );
});

test("layout() draws no symbol over a text or over another symbol", () => {
  fc.assert(
    fc.property(pictures(), (picture) => {
      const { marks } = layout(picture);
      const texts = marks.filter(({ kind }) => kind === "text").map(boxOf);
      const symbols = marks
        .filter(({ look }) => ["node", "hidden", "client"].includes(look))
        .map(boxOf);
      for (const [at, one] of symbols.entries()) {
        const others = [...symbols.slice(at + 1), ...texts];
        expect(others.filter((other) => isMeeting(one, other))).toEqual([]);
      }
    }),
    runs(30, 60),
  );
});

test("layout() leaves out no node, client, network, site, and no kind of link", () => {
  fc.assert(
    fc.property(pictures(), (picture) => {
      const drawing = layout(picture);
      expect(missingIn(drawing, picture)).toEqual([]);
    }),
    runs(30, 60),
  );
});

test("layout() draws no outline where nobody has a site", () => {
  const nodes = Array.from({ length: 60 }, (_, at) => `  n${at}: { endpoint: n${at}.example }`);
  const network = "network: { name: flat, addresses: [10.0.0.0/24] }\n";
  const flat = `${network}nodes:\n${nodes.join("\n")}\n`;
  const drawings = [flat, `${flat}  hub: { endpoint: hub.example, relay: true }\n`].map((text) =>
    layout(pictureOf(sampleOf(text).index)),
  );
  const outlined = drawings.map(({ marks }) => marks.some(({ look }) => look === "elsewhere"));
  expect(outlined).toEqual([false, true]);
  const texts = drawings[0]?.marks.flatMap((mark) => (mark.kind === "text" ? [mark.text] : []));
  expect(texts?.filter((text) => !/^n\d+$/.test(text))).toMatchInlineSnapshot(`
    [
      "flat",
      "60 nodes · 1,770 tunnels",
      "node",
      "direct tunnel",
      "so many tunnels in one line",
      "1,770 tunnels",
    ]
  `);
});

test("layout() shortens a name of 63 letters, and says all of it", () => {
  const name = "k8s-worker-of-production-".padEnd(59, "x-").concat("0042");
  const { marks } = layout(
    pictureOf(
      sampleOf(`
network: { name: long, addresses: [10.0.0.0/24] }
nodes: { ${name}: { endpoint: a.example } }
`).index,
    ),
  );
  const found = marks.find(({ look }) => look === "name");
  expect(found).toMatchObject({
    text: expect.stringMatching(/^k8s-worker-of.*….*0042$/),
    about: expect.stringContaining(name),
  });
  expect(found?.kind === "text" && found.box.width).toBeLessThan(250);
});

test("layout() gives the same drawing for the same picture, whatever was drawn before", () => {
  fc.assert(
    fc.property(pictures(), pictures(), (picture, other) => {
      const first = layout(picture);
      layout(other);
      expect(layout(structuredClone(picture))).toEqual(first);
    }),
    runs(20),
  );
});

test("layout() writes all words in the language that it is given", () => {
  const picture = pictureOf(
    sampleOf(`
network: { name: tiny, addresses: [10.0.0.0/24] }
sites: { office: { network: 192.168.1.0/24, gateways: [door] } }
links: [{ between: [office, far], costPerGiB: 0.8 }, { between: [door, near], path: deny }]
nodes:
  door: { site: office, lan: 192.168.1.1, endpoint: door.example }
  desk: { site: office, lan: 192.168.1.2, subnets: [172.16.0.0/24] }
  far:  { endpoint: 203.0.113.1, subnets: [0.0.0.0/0] }
  near: { endpoint: 203.0.113.2 }
clients: { phone: { via: door } }
`).index,
  );
  const chinese = (text: Text): string =>
    typeof text === "object" ? "网".repeat(1 + (templateOf(text).length % 9)) : String(text);
  const { marks, title, description } = layout(picture, chinese);
  const written = marks.flatMap((mark) => (mark.kind === "text" ? [mark.text] : []));
  const own = ["tiny", "office", "door", "desk", "far", "near", "phone"];
  const foreign = [...written, title, description].filter((text) => !/^[\d./]+$|^网+$/.test(text));
  expect(new Set(foreign)).toEqual(new Set(own));
});

/** What a reader cannot find: in no text, and in nothing that is said of a shape. */
function missingIn({ marks }: Drawing, picture: Picture): readonly string[] {
  const said = (looks: readonly string[]): string =>
    marks
      .filter(({ look }) => looks.includes(look))
      .map(({ about = "" }) => about)
      .join("\n");
  const [nodes, clients] = [said(["node", "hidden"]), said(["client"])];
  const places = said(["site", "elsewhere"]);
  const sites = picture.places.filter(({ kind }) => kind === "site");
  const kinds = new Set(picture.links.map(({ kind }) => kind));
  const drawn = new Set(marks.filter(({ kind }) => kind === "line").map(({ look }) => look));
  const crosses = marks.filter(({ look }) => look === "cross").length;
  return [
    ...picture.nodes.filter(({ name }) => !nodes.includes(name)),
    ...picture.nodes
      .flatMap(({ subnets }) => subnets)
      .filter(({ prefix }) => !nodes.includes(prefix)),
    ...picture.clients.filter(({ name }) => !clients.includes(name)),
    ...sites.filter(({ name }) => !places.includes(name)),
    ...[...kinds].filter((kind) => !drawn.has(kind)),
    // One more in the legend.
    ...(picture.denials.length === 0 || crosses === picture.denials.length + 1 ? [] : ["denial"]),
  ].map((each) => JSON.stringify(each));
}

function boxOf(mark: Mark): Box {
  if (mark.kind === "text") return mark.box;
  if (mark.kind === "box") return mark;
  if (mark.kind === "line") throw new Error("a line has no box");
  const { x, y, radius } = mark;
  return { x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius };
}

/** Not by an edge alone. */
function isMeeting(one: Box, other: Box): boolean {
  const right = Math.min(one.x + one.width, other.x + other.width);
  const bottom = Math.min(one.y + one.height, other.y + other.height);
  return right - Math.max(one.x, other.x) > 0.01 && bottom - Math.max(one.y, other.y) > 0.01;
}

function isInside(inner: Box, outer: Box): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}
