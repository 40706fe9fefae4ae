/** Tests of the way of a packet in words: that it holds, that it fails, and what cannot be asked. */
import { expect, test } from "vitest";
import { MeshFolder } from "../cli-run.contract.ts";

const MESH = `network: { name: clouds, addresses: [10.0.0.0/24, "fd00::/64"] }
nodes:
  a: { endpoint: a.example, subnets: [192.168.10.0/24] }
  b: { endpoint: b.example }
  c: {}
  d: {}
`;

test("trace() tells each hop of a way that holds", async () => {
  const folder = new MeshFolder(MESH);
  expect(await folder.run("trace", "c", "192.168.10.7")).toEqual({
    status: 0,
    out: `✓ c 192.168.10.0/24 is the longest match for 192.168.10.7: peer a
✓ c dials a at a.example:51820, and keeps the way open every 25 s, since a cannot dial back
✓ a takes it: 10.0.0.3/32 holds the sender's 10.0.0.3; answers go the same way
✓ a forwards to 192.168.10.0/24 with its own address, so that no route back is needed
c reaches 192.168.10.7`,
    err: "",
  });
});

test("trace() tells why a way fails, and ends with 2", async () => {
  expect(await new MeshFolder(MESH).run("trace", "c", "d")).toEqual({
    status: 2,
    out: `✗ c has no tunnel to d, which has 10.0.0.4: neither can dial the other, give c or d an endpoint
c does not reach d`,
    err: "",
  });
});

test("trace() takes addresses of the family that was asked for", async () => {
  const folder = new MeshFolder(MESH);
  const [, , third] = (await folder.run("trace", "a", "fd00::2")).out.split("\n");
  expect(third).toBe(
    "✓ b takes it: fd00::1/128 holds the sender's fd00::1; answers go the same way",
  );
  expect((await folder.run("trace", "fd00::1", "b")).out).toContain("fd00::2/128 is the longest");
});

test("trace() prints its steps as JSON, also of a way that fails", async () => {
  const folder = new MeshFolder(MESH);
  const holds = await folder.run("trace", "a", "b", "--json");
  expect([holds.status, JSON.parse(holds.out)]).toEqual([
    0,
    {
      steps: [
        { node: "a", text: "10.0.0.2/32 is the longest match for 10.0.0.2: peer b", holds: true },
        { node: "a", text: "dials b at b.example:51820", holds: true },
        { node: "b", text: expect.stringMatching(/^takes it: /), holds: true },
      ],
      reaches: true,
    },
  ]);
  const fails = await folder.run("trace", "d", "c", "--json");
  expect([fails.status, JSON.parse(fails.out)]).toMatchObject([2, { reaches: false }]);
});

test("trace() takes a client by its name, at the node that it enters through", async () => {
  const folder = new MeshFolder(`${MESH}clients: { phone: { via: a }, tab: { via: [a, b] } }\n`);
  for (const client of ["phone", "tab"]) await folder.run("qr", client, "--keep-key");
  expect((await folder.run("trace", "phone", "b")).out).toContain("holds the sender's 10.0.0.5;");
  expect((await folder.run("trace", "tab.b", "a")).out).toContain("holds the sender's 10.0.0.7;");
  expect((await folder.run("trace", "tab.b", "fd00::1")).out).toContain("sender's fd00::7;");
  expect(await folder.run("trace", "tab", "a")).toMatchObject({ status: 64 });
});

const OWNED = "name a node, one of its addresses, or an address in a subnet behind one";

test.each([
  ["x", "a", 'there is no node or client "x"', "known are a, b, c, d"],
  ["a", "b c", 'there is no node or client "b c"', "known are a, b, c, d"],
  ["a", "10.0.0.77", "nobody in the mesh has 10.0.0.77", OWNED],
  ["8.8.8.8", "a", "nobody in the mesh has 8.8.8.8", OWNED],
  [
    "a",
    "10.0.0.01",
    'cannot parse address "10.0.0.01": it is not an IPv4 address',
    "write four numbers from 0 to 255 without leading zeros, such as 10.0.0.1",
  ],
  [
    "10.0.0.1",
    "fd00::2",
    "no packet goes from 10.0.0.1 to fd00::2",
    "give both as IPv4 or both as IPv6, or name a node",
  ],
])("trace() refuses to ask from %s to %s", async (source, target, message, fix) => {
  expect(await new MeshFolder(MESH).run("trace", source, target)).toEqual({
    status: 64,
    out: "",
    err: `warren: error usage: ${message}\n  ${fix}`,
  });
});
