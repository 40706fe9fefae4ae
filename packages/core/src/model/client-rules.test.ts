/** What clients may not ask for. */
import { expect, test } from "vitest";
import { check } from "../../../../tools/sample.ts";

const NODES = `
  network: { name: n, addresses: [10.0.0.0/24] }
  nodes:
    a: { endpoint: a.example }
    b: { endpoint: b.example }
    nat: {}
    out: { endpoint: 203.0.113.3, subnets: [0.0.0.0/0] }
    named: { endpoint: c.example, subnets: ["::/0"] }
  clients: `;

test.each([
  ["{ via: [] }", "no-via clients.p.via"],
  ["{ via: [a, a] }", "via-twice clients.p.via[1]"],
  ["{ via: [a, nat] }", "via-not-dialled clients.p.via[1]"],
  ["{ via: x }", "unknown-name clients.p.via[0]"],
  ["{ via: [a, b], address: 10.0.0.9 }", "address-for-several clients.p.address"],
  ["{ via: [out, a], access: [nodes, exit] }", "via-no-exit clients.p.via[1]"],
  ["{ via: a, access: all-but-lan }", "via-no-exit clients.p.via[0]"],
  ["{ via: a, exit: out }", "exit-not-via clients.p.exit"],
  ["{ via: [a, out], exit: a }", "via-no-exit clients.p.exit"],
  ["{ via: a, access: subnets, dns: true }", "names-unreached clients.p.dns"],
])("checkClients() refuses a client %s", (client, expected) => {
  const said = check(`${NODES}{ p: ${client} }`).split("\n");
  const [own, ...rest] = said.filter((line) => !line.includes("not-compiled"));
  expect(own).toContain(`error ${expected}: `);
  expect(rest).toEqual([]);
});

test.each([
  "{ via: a }",
  "{ via: [a, b] }",
  "{ via: a, address: 10.0.0.9, dns: true }",
  "{ via: [a, out], exit: out }",
  "{ via: out, access: [exit], dns: true }",
  "{ via: out, access: all-but-lan }",
])("checkClients() accepts a client %s", (client) => {
  expect(check(`${NODES}{ p: ${client} }`)).toBe("");
});

test("checkClients() warns of an endpoint that cannot be left out, since it is a name", () => {
  expect(check(`${NODES}{ p: { via: [out, named], access: all-but-lan } }`)).toBe(
    'warning endpoint-not-left-out clients.p.access: clients.p.access: all-but-lan cannot leave out the address of "named", since its endpoint is the name c.example: on a computer the tunnel would swallow itself',
  );
  expect(check(`${NODES}{ p: { via: named, access: [exit, all-but-lan] } }`)).toBe("");
});

test("checkClients() warns of a list that no QR code holds, unless it is not listed", () => {
  const subnets = Array.from({ length: 150 }, (_, at) => `192.168.${at}.128/25`);
  const mesh = (access: string): string => `
    network: { name: n, addresses: [10.0.0.0/24] }
    nodes: { a: { endpoint: a.example, subnets: [${subnets.join(", ")}] } }
    clients: { p: { via: a, access: [${access}] } }`;
  expect(check(mesh("nodes, subnets"))).toMatch(
    /^warning access-too-long clients\.p\.access: .* has 2\d{3} bytes; .* more than 2400 /,
  );
  expect(check(mesh("nodes"))).toBe("");
  expect(check(mesh("nodes, subnets").replaceAll(".128/25", ".0/24"))).toBe("");
});
