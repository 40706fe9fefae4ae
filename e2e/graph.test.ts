/**
 * Pictures as a real browser draws them, with real fonts: nothing lies over a letter, nothing is left
 * out, and light and dark are what they say.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { inflateSync } from "node:zlib";
import * as core from "@warren/core";
import type { Browser, Page } from "playwright-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { launchBrowser } from "./browser.ts";
import { TemporaryFolder } from "./lab-run.ts";

const ROOT = join(import.meta.dirname, "..");
const WARREN = join(ROOT, "warren");
const THEMES = ["light", "dark"] as const;

let browser: Browser;
let folder: TemporaryFolder;

beforeEach(async (ctx) => {
  const launched = await launchBrowser();
  if (launched === undefined) return ctx.skip("chromium is not installed");
  browser = launched;
  folder = new TemporaryFolder();
});

afterEach(async () => {
  await browser?.close();
  folder?.remove();
});

test.each([
  ["four-clouds", ["public"]],
  ["regions", ["lan", "carrier"]],
])("the picture of %s", async (example, kinds) => {
  expect(await look(join(ROOT, "examples", `${example}.yaml`))).toEqual(kinds);
});

test("a picture of sixty nodes in several sites, with gateways, relays, clients and long names", async () => {
  const mesh = join(folder.path, "mesh.json");
  writeFileSync(mesh, JSON.stringify(sixty()));
  const kinds = await look(mesh);
  expect(kinds).toEqual(["lan", "public", "carrier"]);
});

test("a picture in another script fits the boxes that its texts were given", async () => {
  const mesh = join(folder.path, "mesh.json");
  writeFileSync(mesh, JSON.stringify(sixty()));
  const picture = await draw(mesh);
  const letters = (text: core.Text): string =>
    core.printText(text).replaceAll(/[a-z]+/g, (word) => "网状".repeat(word.length / 2));
  const drawing = core.layout(picture, letters);
  const page = await open(core.renderSvg(drawing), drawing);
  const texts = (await measure(page)).filter(({ name }) => name === "text");
  expectClear(texts, drawing);
  const boxes = drawing.marks.flatMap((mark) => (mark.kind === "text" ? [mark.box] : []));
  expect(texts).toHaveLength(boxes.length);
  for (const [at, { width }] of texts.entries()) {
    expect(width).toBeLessThanOrEqual((boxes[at]?.width ?? 0) + 0.5);
  }
});

test("a class decides over light and dark, whatever the system likes", async () => {
  const mesh = join(ROOT, "examples", "regions.yaml");
  const drawing = core.layout(await draw(mesh));
  for (const theme of THEMES) {
    for (const system of THEMES) {
      const page = await open(core.renderSvg(drawing, theme), drawing);
      await page.emulateMedia({ colorScheme: system });
      expect(await firstPixel(page)).toBe(GROUNDS[theme]);
    }
  }
});

const GROUNDS = { light: "#ffffff", dark: "#14181d" };

/** In light and in dark: nothing over a letter, nothing outside, nothing left out. The kinds of links in it. */
async function look(mesh: string): Promise<readonly string[]> {
  const picture = await draw(mesh);
  const file = join(folder.path, "picture.svg");
  execFileSync(WARREN, ["graph", "-f", mesh, "-o", file], { stdio: "pipe" });
  const drawing = core.layout(picture);
  const page = await open(readFileSync(file, "utf8"), drawing);
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme });
    expect(await firstPixel(page)).toBe(GROUNDS[colorScheme]);
    expect(await background(page)).toBe(GROUNDS[colorScheme]);
    const shapes = await measure(page);
    expectClear(shapes, drawing);
    expectWhole(shapes, picture);
    // Every look is a different one in the dark: what a rule forgets stays as it was.
    const paints = shapes.map(({ paint }) => paint);
    const painted = drawing.marks.map(({ look }) => core.paintOf(look));
    const wanted = painted.map(
      ({ fill, stroke }) => (fill ?? stroke)?.[colorScheme === "dark" ? 1 : 0],
    );
    expect(new Set(paints)).toEqual(new Set(wanted));
  }
  return ["lan", "public", "carrier"].filter((kind) =>
    picture.links.some((link) => link.kind === kind),
  );
}

async function draw(mesh: string): Promise<core.Picture> {
  const words = ["graph", "-f", mesh, "--format", "json"];
  return JSON.parse(execFileSync(WARREN, words, { encoding: "utf8" })) as core.Picture;
}

interface Extent {
  readonly width: number;
  readonly height: number;
}

async function open(svg: string, { width, height }: Extent): Promise<Page> {
  mkdirSync(join(folder.path, "pages"), { recursive: true });
  const file = join(folder.path, "pages", "page.svg");
  writeFileSync(file, svg);
  const page = await browser.newPage({ viewport: { width, height } });
  await page.goto(pathToFileURL(file).href);
  return page;
}

interface Shape extends Extent {
  readonly name: string;
  readonly look: string;
  readonly about: string;
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly paint: string;
}

/** What a browser makes of each shape: where it is, and its colour. */
async function measure(page: Page): Promise<readonly Shape[]> {
  return page.evaluate<Shape[]>(`
    [...document.querySelectorAll("rect, circle, path, text")].map((element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      const about = element.querySelector("title")?.textContent ?? "";
      const { fill, stroke } = getComputedStyle(element);
      const [red, green, blue] = (fill === "none" ? stroke : fill).match(/\\d+/g).map(Number);
      const paint = "#" + [red, green, blue].map((part) => part.toString(16).padStart(2, "0")).join("");
      const text = element.lastChild?.nodeValue ?? "";
      return { name: element.tagName, look: element.className.baseVal, about, text, x, y, width, height, paint };
    })
  `);
}

/** Of the window around the picture. */
async function background(page: Page): Promise<string> {
  return page.evaluate<string>(`
    "#" + getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/g)
      .map((part) => Number(part).toString(16).padStart(2, "0")).join("")
  `);
}

function expectClear(shapes: readonly Shape[], { width, height }: Extent): void {
  const texts = shapes.filter(({ name }) => name === "text");
  const symbols = shapes.filter(({ look }) => /^(node|hidden|client)$/.test(look));
  expect(texts.length).toBeGreaterThan(5);
  for (const [at, one] of texts.entries()) {
    const isInside =
      one.x >= 0 && one.y >= 0 && one.x + one.width <= width && one.y + one.height <= height;
    expect({ text: one.text, isInside }).toEqual({ text: one.text, isInside: true });
    const others = [...texts.slice(at + 1), ...symbols];
    expect(
      others
        .filter((other) => isMeeting(one, other))
        .map(({ text, about }) => [one.text, text, about]),
    ).toEqual([]);
  }
}

function expectWhole(shapes: readonly Shape[], picture: core.Picture): void {
  const said = (looks: RegExp): string =>
    shapes
      .filter(({ look }) => looks.test(look))
      .map(({ about }) => `${about}\n`)
      .join("");
  const nodes = said(/^(node|hidden)$/);
  for (const { name, subnets } of picture.nodes) {
    expect(nodes).toContain(name);
    for (const { prefix } of subnets) expect(nodes).toContain(prefix);
  }
  for (const { name } of picture.clients) expect(said(/^client$/)).toContain(`${name}, a client`);
  for (const { name } of picture.places) expect(said(/./)).toContain(name);
  for (const { kind } of picture.links) {
    // One of them is in the legend.
    expect(shapes.filter(({ look }) => look === kind).length).toBeGreaterThan(1);
  }
  for (const [one, other] of picture.denials)
    expect(said(/^denied$/)).toContain(`${one} – ${other}`);
}

function isMeeting(one: Shape, other: Shape): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}

/** Of a PNG, whose filters leave the first pixel as it is (https://www.w3.org/TR/png-3/#9Filters). */
async function firstPixel(page: Page): Promise<string> {
  const png = await page.screenshot({ type: "png" });
  const chunks: Buffer[] = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const isData = png.toString("latin1", at + 4, at + 8) === "IDAT";
    if (isData) chunks.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  return `#${inflateSync(Buffer.concat(chunks)).toString("hex", 1, 4)}`;
}

/** Five sites of ten, of which some have gateways; two relays; eight nodes on their own; clients. */
function sixty(): unknown {
  const sites: Record<string, unknown> = {};
  const nodes: Record<string, unknown> = {};
  for (const [at, name] of ["tokyo", "frankfurt", "sao-paulo", "oregon", "mumbai"].entries()) {
    const gateways = at % 2 === 0 ? { gateways: [`${name}-door`] } : {};
    sites[name] = { network: `172.16.${at}.0/24`, ...gateways };
    for (let node = 0; node < 10; node += 1) {
      const own =
        node === 0 ? `${name}-door` : `${name}-${"worker-of-production-".repeat(node % 3)}${node}`;
      nodes[own] = {
        site: name,
        lan: `172.16.${at}.${node + 1}`,
        ...(node === 0 || at === 1 ? { endpoint: `203.0.${at}.${node + 1}` } : {}),
        ...(node === 3
          ? { subnets: [`10.${at}.0.0/16`, `10.${at + 100}.0.0/16`, `fd00:${at}::/64`] }
          : {}),
      };
    }
  }
  for (const relay of ["relay-east", "relay-west"]) {
    nodes[relay] = { relay: true, endpoint: `${relay}.example` };
  }
  for (let at = 0; at < 8; at += 1) {
    const shared = {
      endpoint: `198.51.100.${at}`,
      subnets: [{ prefix: "192.0.2.0/24", metric: at }],
    };
    nodes[`alone-${at}`] = at < 6 ? {} : shared;
  }
  const few = ["phone", "tablet"].map((name) => [name, { via: "oregon-door" }] as const);
  const many = Array.from(
    { length: 12 },
    (_, at) => [`guest-${at}`, { via: "relay-east" }] as const,
  );
  const long = [
    `${"a-laptop-with-a-long-name-".repeat(2)}end`,
    { via: ["tokyo-door", "relay-west"] },
  ] as const;
  return {
    network: { name: "sixty", addresses: ["10.66.0.0/16"] },
    sites,
    nodes,
    clients: Object.fromEntries([...few, ...many, long]),
    links: [
      { between: ["tokyo", "mumbai"], costPerGiB: 0.12 },
      { between: ["frankfurt", "oregon"], path: "deny" },
    ],
  };
}
