/** Who is given which address, and who is refused one. */
import { expect, test } from "vitest";
import { parse } from "yaml";
import { allocate, Diagnostics, parseMesh, printAddress } from "../mod.ts";
import { check, printDiagnostics, sampleOf } from "../../../../tools/sample.ts";
import type { Sample } from "../../../../tools/sample.ts";

function given({ lock }: Sample): Record<string, string> {
  const nodes = [...lock.nodes].map(([name, { addresses }]) => [
    name,
    addresses.map(printAddress).join(" "),
  ]);
  const entries = [...lock.entries].map(([id, { addresses }]) => [
    id,
    addresses.map(printAddress).join(" "),
  ]);
  return Object.fromEntries([...nodes, ...entries]);
}

test("allocate() gives the lowest free addresses in order of name, after the fixed ones", () => {
  const sample = sampleOf(`
    network: { name: a, addresses: [10.66.0.0/24, "fd00::/64"] }
    nodes:
      z: { endpoint: z.example }
      b: {}
      a: {}
      fixed: { address: [10.66.0.1, "fd00::2"] }
  `);
  expect(given(sample)).toEqual({
    a: "10.66.0.2 fd00::1",
    b: "10.66.0.3 fd00::3",
    fixed: "10.66.0.1 fd00::2",
    z: "10.66.0.4 fd00::4",
  });
});

test("allocate() keeps what was recorded, and gives a freed address to a newcomer", () => {
  const first = sampleOf(`
    network: { name: a, addresses: [10.66.0.0/24] }
    nodes: { b: { endpoint: b.example }, c: {}, d: {} }
  `);
  const second = sampleOf(
    `
    network: { name: a, addresses: [10.66.0.0/24] }
    nodes: { a: {}, b: { endpoint: b.example }, d: {}, e: {} }
    `,
    first.lock,
  );
  expect(given(second)).toEqual({
    a: "10.66.0.2",
    b: "10.66.0.1",
    d: "10.66.0.3",
    e: "10.66.0.4",
  });
});

test("allocate() refuses an address that is recorded for another node", () => {
  const first = sampleOf(`
    network: { name: a, addresses: [10.66.0.0/24] }
    nodes: { b: { endpoint: b.example } }
  `);
  const second = (): unknown =>
    sampleOf(
      `
      network: { name: a, addresses: [10.66.0.0/24] }
      nodes: { a: { address: 10.66.0.1 }, b: { endpoint: b.example } }
      `,
      first.lock,
    );
  expect(second).toThrow('10.66.0.1 is already the address of "b"');
});

test("allocate() gives nodes of a site addresses of its block, and others none of it", () => {
  const sample = sampleOf(`
    network: { name: a, addresses: [10.66.0.0/24] }
    sites: { s: { addresses: 10.66.0.0/28 } }
    nodes: { a: { site: s, endpoint: a.example }, b: {}, c: { site: s } }
  `);
  expect(given(sample)).toEqual({ a: "10.66.0.1", b: "10.66.0.16", c: "10.66.0.2" });
});

test("allocate() uses every address of a /31, and of a /126", () => {
  const sample = sampleOf(`
    network: { name: a, addresses: [10.66.0.0/31, "fd00::/126"] }
    nodes: { a: { endpoint: a.example }, b: {} }
  `);
  expect(given(sample)).toEqual({ a: "10.66.0.0 fd00::1", b: "10.66.0.1 fd00::2" });
});

test("allocate() goes on in the next range of the family", () => {
  const sample = sampleOf(`
    network: { name: a, addresses: [10.66.0.0/32, 10.67.0.0/24] }
    nodes: { a: { endpoint: a.example }, b: {} }
  `);
  expect(given(sample)).toEqual({ a: "10.66.0.0", b: "10.67.0.1" });
});

test("allocate() gives each way in of a client an address of its own, after all nodes", () => {
  const sample = sampleOf(`
    network: { name: n, addresses: [10.66.0.0/24, "fd00::/64"] }
    sites: { s: { addresses: 10.66.0.0/28 } }
    nodes: { x: { endpoint: x.example }, y: { endpoint: y.example, site: s } }
    clients: { phone: { via: [y, x] }, a: { via: x }, b: { via: x, address: 10.66.0.16 } }
  `);
  expect(given(sample)).toEqual({
    x: "10.66.0.17 fd00::1",
    y: "10.66.0.1 fd00::2",
    "a x": "10.66.0.18 fd00::3",
    "b x": "10.66.0.16 fd00::4",
    "phone x": "10.66.0.19 fd00::5",
    "phone y": "10.66.0.2 fd00::6",
  });
});

test("allocate() renumbers nobody for a client that comes, goes or moves", () => {
  const mesh = (nodes: string, clients: string): string => `
    network: { name: n, addresses: [10.66.0.0/24] }
    nodes: { x: { endpoint: x.example }, y: { endpoint: y.example } ${nodes} }
    clients: { ${clients} }`;
  const first = sampleOf(mesh("", "phone: { via: x }"));
  const second = sampleOf(mesh(", b: {}", "a: { via: y }, phone: { via: [x, y] }"), first.lock);
  expect(given(second)).toEqual({
    ...given(first),
    b: "10.66.0.4",
    "a y": "10.66.0.5",
    "phone y": "10.66.0.6",
  });
  const third = sampleOf(mesh(", b: {}", "a: { via: y }"), second.lock);
  expect(given(third)).toEqual({
    x: "10.66.0.1",
    y: "10.66.0.2",
    b: "10.66.0.4",
    "a y": "10.66.0.5",
  });
});

test("allocate() refuses a client what it refuses a node", () => {
  const refused = (client: string): string =>
    check(`
      network: { name: n, addresses: [10.66.0.0/29] }
      sites: { s: { addresses: 10.66.0.0/31 } }
      nodes: { x: { endpoint: x.example, address: 10.66.0.2 } }
      clients: ${client}`);
  expect(refused("{ p: { via: x, address: 10.66.0.2 } }")).toContain(
    'address-taken clients.p.address[0]: clients.p.address[0]: 10.66.0.2 is already the address of "x"',
  );
  expect(refused("{ p: { via: x, address: 10.67.0.2 } }")).toContain("address-outside clients.p");
  expect(refused("{ p: { via: x, address: 10.66.0.1 } }")).toContain("address-in-foreign-block");
  const five = [1, 2, 3, 4, 5].map((at) => `p${at}: { via: x }`);
  expect(refused(`{ ${five.join(", ")} }`)).toContain("range-full clients.p5");
});

test.each([
  ["a: { address: 10.67.0.1 }", "address-outside nodes.a.address[0]"],
  ["a: { address: 10.66.0.0 }", "address-reserved nodes.a.address[0]"],
  ["a: { address: 10.66.0.3 }", "address-reserved nodes.a.address[0]"],
  ["a: { address: [10.66.0.1, 10.66.0.2] }", "family-twice nodes.a.address[1]"],
  ["{ a: { address: 10.66.0.1 }, b: { address: 10.66.0.1 } }", "address-taken nodes.b.address[0]"],
  ["{ a: {}, b: {}, c: {} }", "range-full nodes.c"],
])("allocate() refuses %s", (nodes, expected) => {
  const text = `
    network: { name: a, addresses: [10.66.0.0/30] }
    nodes: ${nodes.startsWith("{") ? nodes : `{ ${nodes} }`}`;
  expect(check(text)).toContain(`error ${expected}`);
});

test("allocate() keeps a site's block for its own nodes", () => {
  const text = `
    network: { name: a, addresses: [10.66.0.0/24] }
    sites: { s: { addresses: 10.66.0.0/28 } }
    nodes: { a: { address: 10.66.0.5 } }`;
  expect(check(text)).toContain("address-in-foreign-block");
});

test("allocate() warns when a change of the ranges renumbers a node", () => {
  const first = sampleOf(`
    network: { name: a, addresses: [10.66.0.0/24] }
    nodes: { b: { endpoint: b.example }, c: { address: 10.66.0.9 } }
  `);
  const moved = parse(`
    network: { name: a, addresses: [10.67.0.0/24] }
    nodes: { b: { endpoint: b.example }, c: { address: 10.67.0.9 } }
  `);
  const diagnostics = new Diagnostics();
  const mesh = parseMesh(moved, diagnostics);
  if (mesh !== undefined) allocate(mesh, first.lock, diagnostics);
  expect(printDiagnostics(diagnostics)).toBe(
    "warning renumbered nodes.b: nodes.b: had the address 10.66.0.1, and is given 10.67.0.1",
  );
});
