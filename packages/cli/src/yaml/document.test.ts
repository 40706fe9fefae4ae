/** Tests of places in a document, and of documents that are none. */
import { printText, say } from "@warren/core";
import { expect, test } from "vitest";
import { refusalOf } from "../cli-run.contract.ts";
import { readDocument } from "./document.ts";

/** `line:column` and what stands there. */
function locate(text: string, path: readonly (string | number)[], part: "key" | "value"): string {
  const { line, column } = readDocument(text).locate(path, part);
  const there = text.split("\n")[line - 1] ?? "";
  return `${line}:${column} ${there.slice(column - 1)}`;
}

const PLACES = `# a comment
network: { name: clouds, addresses: [10.0.0.0/24] }
nodes:
  a:
    endpoint: a.example.com
    subnets:
      - 10.1.0.0/24
      - { prefix: 10.2.0.0/24, metric: 7 }
  "b": { address: 10.0.0.2 }
  c: &c { endpoint: c.example.com }
  d: *c
`;

test.each([
  [["network"], "value", "2:1 network: { name: clouds, addresses: [10.0.0.0/24] }"],
  [["network", "name"], "key", "2:12 name: clouds, addresses: [10.0.0.0/24] }"],
  [["network", "name"], "value", "2:18 clouds, addresses: [10.0.0.0/24] }"],
  [["network", "addresses", 0], "value", "2:38 10.0.0.0/24] }"],
  [["nodes", "a", "endpoint"], "value", "5:15 a.example.com"],
  [["nodes", "a", "subnets"], "value", "6:5 subnets:"],
  [["nodes", "a", "subnets", 0], "value", "7:9 10.1.0.0/24"],
  [["nodes", "a", "subnets", 1], "value", "8:9 { prefix: 10.2.0.0/24, metric: 7 }"],
  [["nodes", "a", "subnets", 1, "metric"], "value", "8:40 7 }"],
  [["nodes", "b"], "key", '9:3 "b": { address: 10.0.0.2 }'],
  // A list of one without brackets.
  [["nodes", "b", "address", 0], "value", "9:19 10.0.0.2 }"],
  // Behind an alias, the place is where the value was written.
  [["nodes", "d"], "value", "11:3 d: *c"],
  [["nodes", "d", "endpoint"], "value", "10:21 c.example.com }"],
  // What is not there is shown by the deepest part that is.
  [["nodes", "b", "endpoint"], "value", '9:3 "b": { address: 10.0.0.2 }'],
  [["nodes", "a", "subnets", 9], "value", "6:5 subnets:"],
  [["clients", "x"], "key", "2:1 network: { name: clouds, addresses: [10.0.0.0/24] }"],
  [[], "value", "2:1 network: { name: clouds, addresses: [10.0.0.0/24] }"],
] as const)("locate() finds %j as a %s", (path, part, place) => {
  expect(locate(PLACES, path, part)).toBe(place);
});

test("locate() counts lines that end in CR LF, and columns after a byte order mark", () => {
  const text = `\uFEFF${PLACES.replaceAll("\n", "\r\n")}`;
  expect(locate(text, ["nodes", "a", "endpoint"], "value")).toBe("5:15 a.example.com\r");
  expect(readDocument(text).value).toEqual(readDocument(PLACES).value);
});

test("readDocument() keeps names that JavaScript has a use for", () => {
  const { value, faults } = readDocument("__proto__: { a: 1 }\nconstructor: 2\n1: 3\nnull: 4\n");
  expect(faults).toEqual([]);
  expect(Object.entries(value as object)).toEqual([
    ["1", 3],
    ["__proto__", { a: 1 }],
    ["constructor", 2],
    ["null", 4],
  ]);
});

test("readDocument() takes one alias in each of 2,000 nodes", () => {
  const nodes = Array.from({ length: 2000 }, (_, at) => `  n${at}: *common`);
  const { faults } = readDocument(
    `common: &common { relay: false }\nnodes:\n${nodes.join("\n")}\n`,
  );
  expect(faults).toEqual([]);
});

const LAUGHS = Array.from({ length: 9 }, (_, at) => {
  const list = Array.from({ length: 10 }, () => (at === 0 ? "lol" : `*a${at - 1}`));
  return `a${at}: &a${at} [${list.join(", ")}]\n`;
}).join("");

const ELSEWHERE =
  "look for a missing colon, quote or bracket, or an uneven indent, here or just before";
const TWICE = "a name may stand once: merge the two, or rename one";
const ALIAS = "define it first with &; text that begins with * or & needs quotes";
const FILE = "name a mesh file, written in UTF-8";
const COPIES = "write out what is meant, or use fewer of them";

test.each([
  [
    "network: 'a\nnodes: {}\n",
    "3:1",
    "missing closing 'quote",
    "look for a missing colon, quote or bracket here or just before",
  ],
  [
    "network: { a: 1\nb: 2\n",
    "2:1",
    "flow map in block collection must be sufficiently indented and end with a }",
    ELSEWHERE,
  ],
  ["nodes: a: b\n", "1:8", "nested mappings are not allowed in compact mappings", ELSEWHERE],
  ["nodes:\n  a: 1\n b: 2\n", "3:1", "all mapping items must start at the same column", ELSEWHERE],
  ["nodes:\n\ta: {}\n", "2:1", "tabs are not allowed as indentation", "indent with blanks"],
  ["nodes:\n  a: {}\n  b: {}\n  a: {}\n", "4:3", '"a" stands here again, after line 2', TWICE],
  ['nodes: { a: {}, b: {}, "a": {} }\n', "1:24", '"a" stands here again, after line 1', TWICE],
  [
    "nodes:\n  a: &a { relay: true }\n  b: { <<: *a }\n",
    "3:8",
    "merge keys (<<) are not supported",
    "write the fields out here",
  ],
  ["nodes: { [a]: {} }\n", "1:10", "a name must be plain text", ELSEWHERE],
  [
    "nodes: {}\n---\nnodes: {}\n",
    "2:1",
    "a second document begins here",
    "keep one document: remove the line ---, or what follows it",
  ],
  [
    "nodes: !!binary aGVsbG8=\n",
    "1:8",
    "unresolved tag: tag:yaml.org,2002:binary",
    "remove the tag: the word that begins with !",
  ],
  ['nodes: "\\\u009B"\n', "1:9", "invalid escape sequence \\\uFFFD", ELSEWHERE],
  ["nodes: *a\u009B31m\n", "1:8", '"*a\\u{9b}31m" stands for nothing before it', ALIAS],
  [
    "nodes:\n<<<<<<< ours\n  a: {}\n=======\n  b: {}\n>>>>>>> theirs\n",
    "2:1",
    "a merge has left its conflict here",
    "keep what holds of the two sides, and remove the lines of <<<<<<<, ======= and >>>>>>>",
  ],
  ["nodes: {}\u0000\u0001\u0002\n", "1:1", "the file is not text", FILE],
  [Buffer.from("\uFEFFnodes: {}\n", "utf16le"), "1:1", "the file is not text", FILE],
  ["nodes: &a { b: *a }\n", "1:16", '"*a" stands for nothing before it', ALIAS],
  [LAUGHS, "1:1", "its aliases stand for too many copies", COPIES],
])("readDocument() refuses %j", async (text, place, message, fix) => {
  expect(await refusalOf(text)).toBe(`warren.yaml:${place}: error syntax: ${message}\n  ${fix}`);
});

test.each([
  ["[", "1:64"],
  ["{a: ", "1:253"],
  ["- ", "1:127"],
  ["? ", "1:127"],
  ["a: b: c\n", "62:7"],
])("readDocument() stops at what is nested 100,000 deep: %j", (text, place) => {
  const [first] = readDocument(text.repeat(100_000)).faults;
  expect(first?.message).toEqual(say`it is nested too deeply here`);
  expect(`${first?.place.line}:${first?.place.column}`).toBe(place);
});

test("commands refuse what is nested 100,000 deep", async () => {
  expect(await refusalOf("[".repeat(100_000))).toContain("it is nested too deeply here");
});

test("readDocument() refuses 100 aliases of a long list, 500 times", () => {
  const text = `a: &a [${"1,".repeat(5000)}]
b: &b [${"*a,".repeat(100)}]
c: [${"*b,".repeat(500)}]
`;
  const { faults } = readDocument(text);
  expect(faults).toMatchObject([{ message: say`its aliases stand for too many copies` }]);
});

test("readDocument() follows aliases in a chain of 1,000, and the last of two anchors", () => {
  const chain = Array.from({ length: 1000 }, (_, at) => `n${at + 1}: &n${at + 1} [*n${at}]\n`);
  expect(readDocument(`n0: &n0 1\n${chain.join("")}`).faults).toEqual([]);
  expect(readDocument("a: &x 1\nb: *x\nc: &x 2\nd: *x\n").value).toEqual({
    a: 1,
    b: 1,
    c: 2,
    d: 2,
  });
});

test("readDocument() lists the first faults of many, and stops reading at too many", () => {
  const many = readDocument('a: "\\q"\n'.repeat(1000)).faults;
  expect(many).toHaveLength(11);
  expect(many.at(-1)).toMatchObject({ message: say`and more like this`, place: { line: 10 } });
  const endless = readDocument("]\n".repeat(8_000_000)).faults.map(({ message }) =>
    printText(message),
  );
  expect(new Set(endless.slice(0, 10))).toEqual(
    new Set(['unexpected flow-seq-end token in YAML document: "]"']),
  );
  expect(endless).toHaveLength(11);
});
