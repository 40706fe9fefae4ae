/** Tests of edits in a text: what is asked for changes, and not a byte of all the rest. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { meshDocuments } from "../../../../tools/random-mesh.ts";
import { runs } from "../../../../tools/runs.ts";
import { editYaml } from "./edit.ts";

/** Lines that a change takes away and brings; undefined where the text cannot be edited so. */
function changeOf(text: string, path: string, value: unknown): string | undefined {
  const after = editYaml(text, { path: path.split(" "), value });
  if (after === undefined) return undefined;
  const [old, now] = [text.split("\n"), after.split("\n")];
  const gone = old.filter((line) => !now.includes(line)).map((line) => `- ${line}`);
  const come = now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`);
  return [...gone, ...come].join("\n");
}

const FLOW = `# all of it
network: { name: clouds, addresses: [10.0.0.0/24] }   # one range

nodes:
  aws:    { endpoint: aws.com,    subnets: [192.168.10.0/24] }   # the first
  # of all of them
  azure:  { endpoint: azure.com,  tags: [web, "db"] }

  gcp: {}
# the end
`;

const BLOCK = `nodes:
  a:
    endpoint: a.example # where it is
    subnets:
      # the office
      - 10.1.0.0/16 # one
      - 10.2.0.0/16

  # b has nothing
  b:
  c:
    hooks:
      postUp: |
        true
    relay: true
`;

test("editYaml() keeps columns, comments and brackets as they are", () => {
  expect(changeOf(FLOW, "nodes d", { endpoint: "d.com", tags: ["a", "b"] })).toMatchInlineSnapshot(
    `"+   d: { endpoint: d.com, tags: [a, b] }"`,
  );
  expect(changeOf(FLOW, "nodes gcp endpoint", "gcp.com")).toMatchInlineSnapshot(`
    "-   gcp: {}
    +   gcp: { endpoint: gcp.com }"
  `);
  expect(changeOf(FLOW, "nodes aws endpoint", "aws.com:5")).toMatchInlineSnapshot(`
    "-   aws:    { endpoint: aws.com,    subnets: [192.168.10.0/24] }   # the first
    +   aws:    { endpoint: aws.com:5,    subnets: [192.168.10.0/24] }   # the first"
  `);
  expect(changeOf(FLOW, "nodes azure tags", ["db", "a b", "::/0"])).toMatchInlineSnapshot(`
    "-   azure:  { endpoint: azure.com,  tags: [web, "db"] }
    +   azure:  { endpoint: azure.com,  tags: ["db", a b, ::/0] }"
  `);
  expect(changeOf(FLOW, "nodes aws endpoint", undefined)).toMatchInlineSnapshot(`
    "-   aws:    { endpoint: aws.com,    subnets: [192.168.10.0/24] }   # the first
    +   aws:    { subnets: [192.168.10.0/24] }   # the first"
  `);
  expect(changeOf(FLOW, "nodes aws subnets", undefined)).toMatchInlineSnapshot(`
    "-   aws:    { endpoint: aws.com,    subnets: [192.168.10.0/24] }   # the first
    +   aws:    { endpoint: aws.com }   # the first"
  `);
  expect(changeOf(FLOW, "network listenPort", 5)).toMatchInlineSnapshot(`
    "- network: { name: clouds, addresses: [10.0.0.0/24] }   # one range
    + network: { name: clouds, addresses: [10.0.0.0/24], listenPort: 5 }   # one range"
  `);
  expect(editYaml(FLOW, { path: ["nodes", "azure"], value: undefined })).toBe(
    FLOW.replace(/ {2}azure.*\n/, ""),
  );
  expect(editYaml(FLOW, { path: ["clients", "p"], value: { via: "aws" } })).toBe(
    FLOW.replace("# the end\n", "clients:\n  p: { via: aws }\n# the end\n"),
  );
});

test("editYaml() writes on lines where there are lines", () => {
  expect(changeOf(BLOCK, "nodes d", { endpoint: "d", tags: ["x"] })).toMatchInlineSnapshot(`
    "+   d:
    +     endpoint: d
    +     tags: [x]"
  `);
  expect(changeOf(BLOCK, "nodes d", {})).toMatchInlineSnapshot(`"+   d: {}"`);
  expect(changeOf(BLOCK, "nodes a lan", "10.1.0.1")).toMatchInlineSnapshot(`"+     lan: 10.1.0.1"`);
  expect(changeOf(BLOCK, "nodes a subnets", ["10.1.0.0/16", "10.3.0.0/16", "10.4.0.0/16"]))
    .toMatchInlineSnapshot(`
    "-       - 10.2.0.0/16
    +       - 10.3.0.0/16
    +       - 10.4.0.0/16"
  `);
  expect(changeOf(BLOCK, "nodes b site", "x")).toMatchInlineSnapshot(`
    "-   b:
    +   b: { site: x }"
  `);
  expect(changeOf(BLOCK, "nodes c hooks postUp", "echo a, b")).toMatchInlineSnapshot(`
    "-       postUp: |
    -         true
    +       postUp: "echo a, b""
  `);
  expect(changeOf(BLOCK, "nodes c hooks", undefined)).toMatchInlineSnapshot(`
    "-     hooks:
    -       postUp: |
    -         true"
  `);
  expect(changeOf(BLOCK, "nodes c hooks preUp", "false")).toMatchInlineSnapshot(
    `"+       preUp: "false""`,
  );
});

test("editYaml() keeps the line breaks of Windows, and JSON as JSON", () => {
  for (const [path, value] of [
    ["nodes d", { endpoint: "d", tags: ["x"] }],
    ["nodes a subnets", ["10.1.0.0/16", "10.3.0.0/16"]],
    ["nodes c hooks postUp", "true"],
    ["nodes b", undefined],
  ] as const) {
    const change = { path: path.split(" "), value };
    const dos = editYaml(BLOCK.replaceAll("\n", "\r\n"), change);
    expect(dos?.replaceAll("\r\n", "\n")).toBe(editYaml(BLOCK, change));
    expect(dos).not.toMatch(/[^\r]\n/);
  }
  const json = JSON.stringify(parse(FLOW), undefined, 2);
  const change = { path: ["nodes", "d"], value: { endpoint: "d", tags: ["x"] } };
  expect(JSON.parse(editYaml(json, change) ?? "")).toEqual({
    ...parse(FLOW),
    nodes: { ...parse(FLOW).nodes, d: { endpoint: "d", tags: ["x"] } },
  });
  expect(changeOf(json, "nodes d", {})).toMatchInlineSnapshot(`
    "-     "gcp": {}
    +     "gcp": {},
    +     "d": {}"
  `);
});

test("editYaml() leaves JSON without a comma too many", () => {
  const json = JSON.stringify({ a: { tags: ["x", "y"] }, b: {} }, undefined, 2);
  const removed = [["b"], ["a", "tags"]].map((path) => editYaml(json, { path, value: undefined }));
  const shorter = editYaml(json, { path: ["a", "tags"], value: ["x"] });
  expect([...removed, shorter].map((text) => JSON.parse(text ?? ""))).toEqual([
    { a: { tags: ["x", "y"] } },
    { a: {}, b: {} },
    { a: { tags: ["x"] }, b: {} },
  ]);
});

test("editYaml() knows a comment from a value, and a bracket from a line's end", () => {
  const text = `
a: # of a: its tags
  # one of them
  tags: [x,
    y] # behind
b: # none yet
c: {
  mtu: 1400,
  tags: [x, # lan
    y] }
`;
  expect(changeOf(text, "a tags", undefined)).toMatchInlineSnapshot(`
    "- a: # of a: its tags
    -   tags: [x,
    -     y] # behind
    + a: {} # of a: its tags"
  `);
  expect(changeOf(text, "a", { mtu: 1400 })).toMatchInlineSnapshot(`
    "- a: # of a: its tags
    -   # one of them
    -   tags: [x,
    -     y] # behind
    + a: { mtu: 1400 } # behind"
  `);
  expect(changeOf(text, "b tags", ["x"])).toMatchInlineSnapshot(`
    "- b: # none yet
    + b: { tags: [x] } # none yet"
  `);
  expect(changeOf(text, "c tags", ["x"])).toMatchInlineSnapshot(`
    "-   tags: [x, # lan
    -     y] }
    +   tags: [x] }"
  `);
  expect(changeOf(text, "c tags", undefined)).toMatchInlineSnapshot(`
    "-   mtu: 1400,
    -   tags: [x, # lan
    -     y] }
    +   mtu: 1400 }"
  `);
});

test("editYaml() changes no place that nobody named", () => {
  const text =
    "nodes:\n  a: &base { endpoint: x }\n  b: *base\n  c: { tags: &t [v] }\n  d: { tags: *t }\n";
  expect(changeOf(text, "nodes a endpoint", "y")).toBeUndefined();
  expect(changeOf(text, "nodes b endpoint", "y")).toBeUndefined();
  expect(changeOf(text, "nodes c tags", ["w"])).toBeUndefined();
  expect(changeOf(text, "nodes c", undefined)).toBeUndefined();
  expect(changeOf(text, "nodes b", { endpoint: "y" })).toBe("-   b: *base\n+   b: { endpoint: y }");
  expect(changeOf(text, "nodes b", undefined)).toBe("-   b: *base");
  expect(changeOf(text, "nodes d site", "z")).toContain("{ tags: *t, site: z }");
});

/** A document in one of the layouts that people have, with a comment behind and before many lines. */
function layouts(value: unknown): fc.Arbitrary<string> {
  return fc
    .record({
      collectionStyle: fc.constantFrom("flow" as const, "block" as const, "any" as const),
      indent: fc.integer({ min: 2, max: 5 }),
      defaultStringType: fc.constantFrom("PLAIN" as const, "QUOTE_DOUBLE" as const),
      comments: fc.infiniteStream(fc.nat(5)),
    })
    .map(({ comments, ...options }) => {
      const lines = stringify(value, { ...options, lineWidth: 0 })
        .trimEnd()
        .split("\n");
      const commented = lines.map((line, at) => {
        const chosen = comments.next().value;
        if (chosen === 0) return `${line}   # behind ${at}`;
        // Nobody writes a remark between a name and the brackets behind it.
        return chosen === 1 && !/^\s*[[{]/.test(line) ? `\n# before ${at}\n${line}` : line;
      });
      return `${commented.join("\n")}\n`;
    });
}

test("editYaml() makes any change in any layout, and leaves all comments and other lines", () => {
  const cases = meshDocuments(5).chain((mesh) => {
    const names = Object.keys(mesh.nodes);
    return fc.record({
      mesh: fc.constant(mesh),
      text: layouts(mesh),
      node: fc.constantFrom(...names, "new-one"),
      field: fc.constantFrom("endpoint", "subnets", "tags", "mtu", "site"),
      value: fc.constantFrom<unknown>("a.example", 5, ["x", "y, z"], ["10.1.0.0/16"], undefined),
    });
  });
  fc.assert(
    fc.property(cases, ({ mesh, text, node, field, value }) => {
      const after = editYaml(text, { path: ["nodes", node, field], value });
      const nodes = structuredClone(mesh.nodes) as Record<string, Record<string, unknown>>;
      if (value !== undefined) nodes[node] = { ...nodes[node], [field]: value };
      else delete nodes[node]?.[field];
      expect(parse(after ?? "")).toEqual({ ...mesh, nodes });
      const own = (each: string): readonly string[] => each.match(/# before \d+/g) ?? [];
      // Those inside a list go with what they are about.
      const isList = Array.isArray(mesh.nodes[node]?.[field]);
      expect(isList || own(after ?? "").join() === own(text).join()).toBe(true);
      const others = after?.split("\n").filter((line) => text.split("\n").includes(line)) ?? [];
      // What was there, each line of it with a comment and a blank line before.
      const most = 3 * JSON.stringify(mesh.nodes[node]?.[field] ?? "").split(",").length + 3;
      expect(text.split("\n").length - others.length).toBeLessThanOrEqual(most);
    }),
    runs(25, 50),
  );
});
