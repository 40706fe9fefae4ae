/** A picture as DOT, for Graphviz and whatever else reads it: the same data, laid out by others. */
import * as messages from "../messages/graph.ts";
import { printText } from "../phrase.ts";
import type { Text } from "../phrase.ts";
import { printCount } from "../wording.ts";
import { singleLinks } from "./bundles.ts";
import { COLOURS } from "./looks.ts";
import type { LinkKind, Picture, PicturedNode, Place } from "./picture.ts";

/** `words` prints a text in the language of the picture. */
export function renderDot(
  picture: Picture,
  words: (text: Text) => string = (text) => printText(text),
): string {
  const { name, places, clients, bundles, denials } = picture;
  const end = endOf(places);
  return [
    `graph ${quote(name)} {`,
    '  graph [layout=fdp, overlap=false, splines=false, fontname="sans-serif"];',
    '  node [fontname="sans-serif", fontsize=11];',
    '  edge [fontname="sans-serif", fontsize=9];',
    ...places.flatMap((place) => placeLines(picture, place, words)),
    ...clients.map((client) => {
      const look = attributes({
        label: client.name,
        shape: "circle",
        style: "dashed",
        fontsize: 9,
      });
      return `  ${clientId(client.name, client.via)} [${look}];`;
    }),
    ...clients.map(({ name, via }) => `  ${clientId(name, via)} -- ${quote(via)};`),
    ...singleLinks(picture).map(({ between: [one, other], kind, costPerGiB }) => {
      const label = costPerGiB === undefined ? {} : { label: words(messages.costOf(costPerGiB)) };
      return `  ${quote(one)} -- ${quote(other)} [${attributes({ ...edgeLook(kind), ...label })}];`;
    }),
    ...bundles.map(({ between: [one, other], kind, links, costPerGiB }) => {
      const label =
        costPerGiB === undefined
          ? printCount(links)
          : words(messages.countAndCost(links, costPerGiB));
      const look = { ...edgeLook(kind), penwidth: 4, label };
      return `  ${end(one)} -- ${end(other)} [${attributes(look)}];`;
    }),
    ...denials.map(([one, other]) => {
      const look = { style: "dotted", color: COLOURS.denied[0], label: "×" };
      return `  ${end(one)} -- ${end(other)} [${attributes(look)}];`;
    }),
    "}",
    "",
  ].join("\n");
}

function placeLines(
  { nodes, bundles, denials }: Picture,
  place: Place,
  words: (text: Text) => string,
): readonly string[] {
  const ends = [...bundles.map(({ between }) => between), ...denials].flat();
  const isMet = ends.includes(place.name);
  const own = nodes.filter((node) => place.nodes.includes(node.name)).map(nodeLine);
  if (place.kind === "node") return own.map((line) => `  ${line}`);
  const label = [words(messages.placeName(place.name)), ...place.networks].join("\n");
  const look = attributes({ label, style: place.kind === "site" ? "rounded" : "dashed" });
  return [
    `  subgraph ${quote(`cluster ${place.name}`)} {`,
    `    graph [${look}];`,
    // Lines to the whole place end here.
    ...(isMet ? [`    ${quote(anchorOf(place))} [shape=point, style=invis];`] : []),
    ...own.map((line) => `    ${line}`),
    "  }",
  ];
}

function nodeLine({ name, kind, addresses, endpoint, subnets }: PicturedNode): string {
  const label = [name, ...addresses, ...subnets.map(({ prefix }) => prefix)].join("\n");
  const style = endpoint === undefined ? "dashed" : "solid";
  return `${quote(name)} [${attributes({ label, shape: kind === "node" ? "ellipse" : "box", style })}];`;
}

/** A place's name as the end of a line: a node itself, or what stands for the place. */
function endOf(places: readonly Place[]): (name: string) => string {
  const known = new Map(places.map((place) => [place.name, place]));
  return (name) => {
    const place = known.get(name);
    return quote(place === undefined || place.kind === "node" ? name : anchorOf(place));
  };
}

function anchorOf({ name }: Place): string {
  return `place ${name}`;
}

function clientId(name: string, via: string): string {
  return quote(`client ${name} ${via}`);
}

function edgeLook(kind: LinkKind): Readonly<Record<string, string | number>> {
  return { color: COLOURS[kind][0], ...(kind === "carrier" ? { penwidth: 2 } : {}) };
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${typeof value === "number" ? value : quote(value)}`)
    .join(", ");
}

/** Quotes and backslashes are the only letters that mean something in a quoted text of DOT. */
function quote(text: string): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll('"', String.raw`\"`);
  return `"${escaped.replaceAll("\n", String.raw`\n`)}"`;
}
