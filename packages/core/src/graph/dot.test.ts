/** Tests of DOT: its grammar, what is in it, and texts that would break out of their quotes. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../../../tools/runs.ts";
import { sampleOf } from "../../../../tools/sample.ts";
import { printText } from "../phrase.ts";
import { singleLinks } from "./bundles.ts";
import { renderDot } from "./dot.ts";
import { HOSTILE, hostilePicture, pictures } from "./pictures.contract.ts";
import { pictureOf } from "./survey.ts";

test("renderDot() draws sites as clusters, carriers square, who cannot be dialled dashed", () => {
  const text = `
network: { name: tiny, addresses: [10.0.0.0/24] }
sites: { office: { network: 192.168.1.0/24, gateways: [door] } }
links: [{ between: [office, far], costPerGiB: 0.8 }, { between: [office, near], path: deny }]
nodes:
  door: { site: office, lan: 192.168.1.1, endpoint: door.example }
  desk: { site: office, lan: 192.168.1.2, subnets: [172.16.0.0/24] }
  far:  { endpoint: 203.0.113.1 }
  near: { endpoint: 203.0.113.2 }
clients: { phone: { via: door } }
`;
  expect(renderDot(pictureOf(sampleOf(text).index))).toMatchInlineSnapshot(`
    "graph "tiny" {
      graph [layout=fdp, overlap=false, splines=false, fontname="sans-serif"];
      node [fontname="sans-serif", fontsize=11];
      edge [fontname="sans-serif", fontsize=9];
      "far" [label="far\\n10.0.0.3", shape="ellipse", style="solid"];
      "near" [label="near\\n10.0.0.4", shape="ellipse", style="solid"];
      subgraph "cluster office" {
        graph [label="office\\n192.168.1.0/24", style="rounded"];
        "place office" [shape=point, style=invis];
        "desk" [label="desk\\n10.0.0.1\\n172.16.0.0/24", shape="ellipse", style="dashed"];
        "door" [label="door\\n10.0.0.2", shape="box", style="solid"];
      }
      "client phone door" [label="phone", shape="circle", style="dashed", fontsize=9];
      "client phone door" -- "door";
      "desk" -- "door" [color="#0b7a5b"];
      "door" -- "far" [color="#b34d00", penwidth=2, label="0.8 per GiB"];
      "far" -- "near" [color="#2a69b8"];
      "place office" -- "near" [style="dotted", color="#9b3a72", label="×"];
    }
    "
  `);
});

test("renderDot() says in the language that it is given who has no site", () => {
  const nodes = Array.from({ length: 16 }, (_, at) => `  n${at}: { endpoint: n${at}.example }`);
  const text = `network: { name: flat, addresses: [10.0.0.0/24] }\nnodes:\n${nodes.join("\n")}\n`;
  const catalogue = new Map([["no site", "无站点"]]);
  const dot = renderDot(pictureOf(sampleOf(text).index), (words) => printText(words, catalogue));
  expect(dot).toContain('graph [label="无站点"');
});

test("renderDot() holds to the grammar, and has every node and line", () => {
  fc.assert(
    fc.property(pictures(), (picture) => {
      const { nodes, edges } = readDot(renderDot(picture));
      for (const { name } of picture.nodes) expect(nodes.has(name)).toBe(true);
      const { clients, bundles, denials } = picture;
      expect(edges.length).toBe(
        clients.length + singleLinks(picture).length + bundles.length + denials.length,
      );
      // An edge to what is declared nowhere would draw a node that is not there.
      for (const end of edges.flat()) expect(nodes.has(end)).toBe(true);
    }),
    runs(50),
  );
});

test("renderDot() keeps hostile texts in their quotes", () => {
  const { nodes, name } = readDot(renderDot(hostilePicture()));
  expect(name).toBe(HOSTILE);
  expect(nodes.has(`${HOSTILE}1`)).toBe(true);
});

interface Graph {
  readonly name: string;
  readonly nodes: ReadonlySet<string>;
  readonly edges: readonly (readonly [string, string])[];
}

/** The statements of https://graphviz.org/doc/info/lang.html, one a line; anything else throws. */
function readDot(text: string): Graph {
  const id = String.raw`(?:[A-Za-z_]\w*|-?\d+(?:\.\d+)?|"(?:[^"\\\n]|\\[^\n])*")`;
  const list = String.raw`\[(?:${id}=${id}(?:, ${id}=${id})*)?\]`;
  const forms = {
    head: new RegExp(`^graph (${id}) \\{$`),
    cluster: new RegExp(`^subgraph (${id}) \\{$`),
    defaults: new RegExp(`^(?:graph|node|edge) ${list};$`),
    edge: new RegExp(`^(${id}) -- (${id})(?: ${list})?;$`),
    node: new RegExp(`^(${id}) ${list};$`),
    end: /^\}$/,
  };
  const nodes = new Set<string>();
  const edges: (readonly [string, string])[] = [];
  let name = "";
  let depth = 0;
  for (const line of text.trimEnd().split("\n")) {
    const found = Object.entries(forms).find(([, form]) => form.test(line.trim()));
    if (found === undefined) throw new Error(`no statement: ${line}`);
    const [kind, form] = found;
    const [, one = "", other = ""] = form.exec(line.trim()) ?? [];
    expect(depth === 0).toBe(kind === "head");
    if (kind === "head") name = unquote(one);
    if (kind === "head" || kind === "cluster") depth += 1;
    if (kind === "end") depth -= 1;
    if (kind === "node") nodes.add(unquote(one));
    if (kind === "edge") edges.push([unquote(one), unquote(other)]);
  }
  expect(depth).toBe(0);
  return { name, nodes, edges };
}

function unquote(id: string): string {
  return id.replaceAll(/^"|"$/g, "").replaceAll(/\\(["\\])/g, "$1");
}
