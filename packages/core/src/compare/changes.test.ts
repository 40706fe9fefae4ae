/** Tests of what a change does: who may reach whom, who comes and goes, said in few lines. */
import { expect, test } from "vitest";
import { sampleOf, sampleKey } from "../../../../tools/sample.ts";
import { describeChanges } from "../messages/changes.ts";
import { EMPTY_LOCK } from "../model/lock.ts";
import type { Lock } from "../model/lock.ts";
import { printText } from "../phrase.ts";
import { compareMeshes } from "./changes.ts";

const NETWORK = "network: { name: m, addresses: [10.0.0.0/24] }\n";

/** Of two meshes, the second of which has the lock of the first to start from. */
function changesOf(before: string, after: string, lock: Lock = EMPTY_LOCK): string {
  const old = sampleOf(NETWORK + before, lock);
  const now = sampleOf(NETWORK + after, old.lock);
  const marks = { added: "+", removed: "-", changed: "~" };
  return describeChanges(compareMeshes(old, now))
    .map(({ kind, text }) => `${marks[kind]} ${printText(text)}`)
    .join("\n");
}

function nodes(...lines: readonly string[]): string {
  return `nodes:\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

const [A, B, C, D] = ["a", "b", "c", "d"].map((name) => `${name}: { endpoint: ${name}.example }`);
const THREE = nodes(A ?? "", B ?? "", C ?? "");
const FOUR = `${THREE}  ${D}\n`;

test("compareMeshes() finds nothing where nothing changes for anybody", () => {
  expect(changesOf(THREE, THREE)).toBe("");
  expect(changesOf(THREE, THREE.replace("b.example", "b2.example"))).toBe("");
});

test("compareMeshes() tells of nodes that come and go, and of their neighbours in one line", () => {
  expect(changesOf(THREE, FOUR)).toMatchInlineSnapshot(`
    "+ node d comes, with 10.0.0.4
    + d reaches a, b, c, both ways"
  `);
  expect(changesOf(FOUR, THREE)).toMatchInlineSnapshot(`
    "- node d goes, and frees 10.0.0.4
    - d no longer reaches a, b, c, both ways"
  `);
  const more = Array.from({ length: 9 }, (_, at) => `n${at}: { endpoint: n${at}.example }`);
  expect(changesOf(THREE, nodes(A ?? "", B ?? "", C ?? "", ...more))).toMatchInlineSnapshot(`
    "+ node n0 comes, with 10.0.0.4
    + node n1 comes, with 10.0.0.5
    + node n2 comes, with 10.0.0.6
    + node n3 comes, with 10.0.0.7
    + node n4 comes, with 10.0.0.8
    + node n5 comes, with 10.0.0.9
    + node n6 comes, with 10.0.0.10
    + node n7 comes, with 10.0.0.11
    + node n8 comes, with 10.0.0.12
    + a, b, c reach n0, n1, n2, n3 and 5 more, both ways
    + n0, n1, n2, n3 and 5 more reach each other"
  `);
});

test("compareMeshes() knows a renamed node by its endpoint, and does not tell of its neighbours", () => {
  expect(changesOf(THREE, THREE.replace("  b:", "  bb:"))).toMatchInlineSnapshot(`
    "~ b is now called bb
    ~ new keys: bb"
  `);
});

test("compareMeshes() takes two that became one for no rename", () => {
  const before = nodes("a: { endpoint: x.example }", "b: { endpoint: y.example }", C ?? "");
  const lock = { ...EMPTY_LOCK, nodes: sampleOf(NETWORK + before).lock.nodes };
  const key = lock.nodes.get("a" as never)?.publicKey ?? "";
  const after = nodes(`d: { endpoint: y.example, publicKey: ${key} }`, C ?? "");
  expect(changesOf(before, after, lock)).toMatchInlineSnapshot(`
    "+ node d comes, with 10.0.0.1
    - node a goes, and frees 10.0.0.1
    - node b goes, and frees 10.0.0.2
    + c, d reach each other
    - a, b, c no longer reach each other"
  `);
});

test("compareMeshes() tells of many ranges and exits in a screen", () => {
  const many = (fields: (at: number) => string): string =>
    nodes(
      "x: { endpoint: x.example, subnets: [0.0.0.0/0] }",
      ...Array.from({ length: 30 }, (_, at) => `n${at}: { endpoint: n${at}.example${fields(at)} }`),
    );
  const after = many((at) => `, exit: x, subnets: [192.168.${at}.0/24]`);
  const lines = changesOf(
    many(() => ""),
    after,
  ).split("\n");
  expect(lines.length).toBeLessThan(30);
  expect(lines.filter((line) => line.includes(" more "))).toMatchInlineSnapshot(`
    [
      "~ and 18 more changes of what is reached through whom",
      "~ and 18 more reach the internet in another way",
    ]
  `);
});

test("compareMeshes() tells what a policy lets start, one way and by port", () => {
  const open = `${THREE}groups: { ops: [a, b] }\n`;
  const policy = (rules: string): string => `${open}policy: [${rules}]\n`;
  const web = "{ from: ops, to: c, ports: [tcp/80, icmp, tcp/81] }";
  expect(changesOf(open, policy(web))).toMatchInlineSnapshot(`
    "- a, b no longer reach each other
    - c no longer reaches a, b
    ~ a, b reach c (icmp, tcp/80-81 instead of anything)"
  `);
  expect(changesOf(policy(web), open)).toMatchInlineSnapshot(`
    "+ a, b reach each other
    + c reaches a, b
    ~ a, b reach c (anything instead of icmp, tcp/80-81)"
  `);
  expect(changesOf(policy(web), policy("{ from: ops, to: c }"))).toMatchInlineSnapshot(
    `"~ a, b reach c (anything instead of icmp, tcp/80-81)"`,
  );
  expect(changesOf(policy(web), policy("{ from: c, to: ops, ports: [tcp/80] }")))
    .toMatchInlineSnapshot(`
    "+ c reaches a, b (tcp/80)
    - a, b no longer reach c"
  `);
});

test("compareMeshes() tells of sites, links, ranges, exits and addresses", () => {
  const site = `sites: { s: { network: 172.16.0.0/24 } }\n`;
  const moved = nodes(
    "a: { endpoint: a.example, subnets: [192.168.1.0/24, 0.0.0.0/0] }",
    "b: { endpoint: b.example, exit: a, address: 10.0.0.99 }",
    "c: { endpoint: c.example }",
    "s1: { site: s, lan: 172.16.0.1 }",
    "s2: { site: s, lan: 172.16.0.2 }",
  );
  expect(changesOf(THREE, site + moved)).toMatchInlineSnapshot(`
    "+ node s1 comes, with 10.0.0.2
    + node s2 comes, with 10.0.0.4
    + site s comes
    ~ b has 10.0.0.99 instead of 10.0.0.2
    + 192.168.1.0/24 is reached through a
    + s1, s2 reach a, b, c, both ways
    + s1, s2 reach each other
    + b reaches the internet through a"
  `);
  expect(changesOf(site + moved, THREE)).toMatchInlineSnapshot(`
    "- node s1 goes, and frees 10.0.0.3
    - node s2 goes, and frees 10.0.0.4
    - site s goes
    - 192.168.1.0/24 is no longer reached through a
    - s1, s2 no longer reach a, b, c, both ways
    - s1, s2 no longer reach each other
    - b no longer reaches the internet through a"
  `);
  const deny = "links: [{ between: [a, c], path: deny }]\n";
  expect(changesOf(THREE, THREE + deny)).toMatchInlineSnapshot(
    `"- a, c no longer reach each other"`,
  );
});

test("compareMeshes() knows that a relay does not pass on what a link denies", () => {
  const relayed = THREE.replace("endpoint: b.example", "endpoint: b.example, relay: true");
  const deny = "links: [{ between: [a, c], path: deny }]\n";
  expect(changesOf(relayed, relayed + deny)).toBe("- a, c no longer reach each other");
});

test("compareMeshes() puts the ports of many rules together", () => {
  const rules = Array.from({ length: 40 }, (_, at) => `{ from: a, to: c, ports: [tcp/${at + 1}] }`);
  const policy = (list: readonly string[]): string => `${THREE}policy: [${list.join(", ")}]\n`;
  const few = ["{ from: a, to: b }", "{ from: b, to: c }"];
  expect(changesOf(policy(few), policy([...few, ...rules]))).toBe("+ a reaches c (tcp/1-40)");
});

test("compareMeshes() tells of clients, by what they may reach and how they leave", () => {
  const mesh = nodes(
    "a: { endpoint: a.example, subnets: [192.168.1.0/24, 0.0.0.0/0] }",
    B ?? "",
    C ?? "",
  );
  const phone = (access: string): string =>
    `${mesh}clients: { phone: { via: a, access: [${access}] } }\n`;
  expect(changesOf(mesh, phone("nodes"))).toMatchInlineSnapshot(`
    "+ client phone comes, with 10.0.0.4
    + phone reaches a, b, c, both ways"
  `);
  expect(changesOf(phone("subnets"), phone("exit"))).toMatchInlineSnapshot(`
    "+ phone reaches b, c, both ways
    + phone reaches the internet through a"
  `);
});

test("compareMeshes() tells of keys", () => {
  const { mesh, lock } = sampleOf(NETWORK + THREE);
  const rotated = new Map(
    [...lock.nodes].map(([name, node]) => {
      return [name, name === "b" ? { ...node, publicKey: sampleKey("other") } : node] as const;
    }),
  );
  const epochs = new Map([["a c" as never, 1]]);
  const after = { mesh, lock: { ...lock, nodes: rotated, presharedKeyEpochs: epochs } };
  expect(
    describeChanges(compareMeshes({ mesh, lock }, after)).map(({ text }) => printText(text)),
  ).toEqual(["new keys: b", "new preshared keys: a – c"]);
  const secret = (networkSecret: string): Lock => ({ ...lock, networkSecret });
  const other = compareMeshes({ mesh, lock: secret("x") }, { mesh, lock: secret("y") });
  expect(other.presharedKeys).toBe("all");
});
