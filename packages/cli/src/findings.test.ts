/** Tests of what a mesh file has wrong in its form, each mistake with its place. */
import { expect, test } from "vitest";
import { meshSchema } from "@warren/core";
import { findingsOf, MeshFolder } from "./cli-run.contract.ts";

const KNOWN = "known are preUp, postUp, preDown, postDown";
const NAME =
  "use 1 to 63 lower-case letters, digits and inner hyphens: it becomes a DNS label and a file name";
const INTERFACE =
  "use 1 to 15 letters, digits or _=+.- such as warren0: longer names are refused by Linux";

test.each([
  [
    "",
    [
      '1:1 missing-field: the document lacks the field "network" → add network: …',
      '1:1 missing-field: the document lacks the field "nodes" → add nodes: …',
    ],
  ],
  [
    "# one\n# two\n",
    [
      '1:1 missing-field: the document lacks the field "network" → add network: …',
      '1:1 missing-field: the document lacks the field "nodes" → add nodes: …',
    ],
  ],
  [
    "hello\n",
    [
      '1:1 wrong-type: the document must be a mapping of fields, not "hello" → write a mapping of fields here',
    ],
  ],
  [
    "- a\n",
    [
      "1:1 wrong-type: the document must be a mapping of fields, not a list → write a mapping of fields here",
    ],
  ],
  [
    "42\n",
    [
      "1:1 wrong-type: the document must be a mapping of fields, not 42 → write a mapping of fields here",
    ],
  ],
  [
    "network: { name: clouds, addresses: [10.0.0.0/24] }\nnodes: {}\n",
    [
      "2:1 no-nodes: the mesh has no nodes → add at least one under nodes, such as  a: { endpoint: a.example.com }",
    ],
  ],
  [
    "network: { name: clouds, addresses: [10.0.0.0/24] }\nnodes:\n",
    ["2:7 wrong-type: nodes must be a mapping of names, not empty → write a mapping of names here"],
  ],
  [
    "nodes: { a: {} }\n",
    ['1:1 missing-field: the document lacks the field "network" → add network: …'],
  ],
])("locateFindings() finds a document that is no mesh: %j", async (text, findings) => {
  expect(await findingsOf(text)).toEqual(findings);
});

test.each([
  [
    "a: { endpiont: a.example }",
    ['3:8 unknown-field: nodes.a has no field "endpiont" → did you mean endpoint?'],
  ],
  [
    "network: { name: clouds, addresses: [10.0.0.0/24] }\nnode:\n  a: {}\n",
    [
      '1:1 missing-field: the document lacks the field "nodes" → add nodes: …',
      '2:1 unknown-field: the document has no field "node" → did you mean nodes?',
    ],
  ],
  [
    "a: { hooks: { postup: [ls] } }",
    ['3:17 unknown-field: nodes.a.hooks has no field "postup" → did you mean postUp?'],
  ],
  [
    "network: { name: clouds, addresses: [10.0.0.0/24], zzzzzz: 1 }\nnodes: { a: {} }\n",
    [
      '1:52 unknown-field: network has no field "zzzzzz" → known are name, addresses, interface, listenPort, underlayMtu, mtu, keepalive, presharedKeys, firewall, dns, defaultCostPerGiB',
    ],
  ],
  [
    "a: { hooks: { __proto__: [], constructor: [] } }",
    [
      `3:17 unknown-field: nodes.a.hooks has no field "__proto__" → ${KNOWN}`,
      `3:32 unknown-field: nodes.a.hooks has no field "constructor" → ${KNOWN}`,
    ],
  ],
])("locateFindings() finds fields that nobody knows: %j", async (text, findings) => {
  expect(await findingsOf(text)).toEqual(findings);
});

test.each([
  ["../evil: {}", [`3:3 bad-value: nodes."../evil": cannot parse name "../evil" → ${NAME}`]],
  ['"a\\nb": {}', [`3:3 bad-value: nodes."a\\u{a}b": cannot parse name "a\\u{a}b" → ${NAME}`]],
  ["Web: {}", [`3:3 bad-value: nodes.Web: cannot parse name "Web" → ${NAME}`]],
  [
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: {}",
    [
      `3:3 bad-value: nodes."aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…": cannot parse name "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…" → ${NAME}`,
    ],
  ],
  ["..: {}", [`3:3 bad-value: nodes."..": cannot parse name ".." → ${NAME}`]],
  ['"": {}', [`3:3 bad-value: nodes."": cannot parse name "" → ${NAME}`]],
  ["__proto__: {}", [`3:3 bad-value: nodes.__proto__: cannot parse name "__proto__" → ${NAME}`]],
  ["a: { site: ../evil }", [`3:14 bad-value: nodes.a.site: cannot parse name "../evil" → ${NAME}`]],
  [
    "network: { name: a/b, addresses: [10.0.0.0/24] }\nnodes: { a: {} }\n",
    [`1:18 bad-value: network.name: cannot parse name "a/b" → ${NAME}`],
  ],
  [
    "network: { name: a, addresses: [10.0.0.0/24], interface: ../evil }\nnodes: { a: {} }\n",
    [`1:58 bad-value: network.interface: cannot parse interface name "../evil" → ${INTERFACE}`],
  ],
  [
    "network: { name: a, addresses: [10.0.0.0/24], interface: sixteen-letters0 }\nnodes: { a: {} }\n",
    [
      `1:58 bad-value: network.interface: cannot parse interface name "sixteen-letters0" → ${INTERFACE}`,
    ],
  ],
  [
    "network: { name: clouds, addresses: [10.0.0.0/24] }\nsites: { a: {} }\nnodes: { a: { endpoint: a.example } }\n",
    [
      '2:10 name-taken: the name "a" is already that of a node → choose another: nodes, clients, sites and groups share one namespace',
    ],
  ],
])(
  "locateFindings() finds names that would reach a file, an interface or a DNS zone: %j",
  async (text, findings) => {
    expect(await findingsOf(text)).toEqual(findings);
  },
);

/** Wrong for a field of every kind: text, number, choice, list, pair and mapping alike. */
const WRONG = '[["wrong"]]';

test.each(listFields(meshSchema()))("locateFindings() finds a wrong type in %s", async (path) => {
  // From the inside out: "x" for any name, a list of two for an item.
  const text = path
    .split(".")
    .toReversed()
    .reduce(
      (inner, step) =>
        step === "#" ? `[${inner}, ${inner}]` : `{ ${step.replace("*", "x")}: ${inner} }`,
      WRONG,
    );
  const { status, err } = await new MeshFolder(text).run("check");
  expect(status).toBe(2);
  const name = path.replaceAll(".*", ".x").replaceAll(".#", "[0]");
  const wrong = new RegExp(
    ` (wrong-type|not-a-choice): ${RegExp.escape(name)}(\\[0\\])* (must|cannot)`,
  );
  const found = err.split("\n").find((line) => wrong.test(line));
  const column = Number(/^warren\.yaml:1:(\d+): error/.exec(found ?? "")?.[1]);
  expect(text.slice(column - 1)).toMatch(/^(\[?\["wrong"|\w+: \[\["wrong")/);
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | false;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
}

/** Paths of all fields that a schema describes; `*` is any name, `#` an item of a list. */
function listFields(schema: Schema): readonly string[] {
  const below = (step: string, inner: Schema): readonly string[] => [
    step,
    ...listFields(inner).map((path) => `${step}.${path}`),
  ];
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => below(name, inner)),
    ...(schema.additionalProperties ? below("*", schema.additionalProperties) : []),
    ...(schema.items === undefined ? [] : below("#", schema.items)),
    ...new Set((schema.anyOf ?? []).flatMap(listFields)),
  ];
}
