/** Tests of what check refuses, where and why, and of what it lets through. */
import { expect, test } from "vitest";
import { findingsOf, MeshFolder, NETWORK } from "../cli-run.contract.ts";

const PORT = "write a decimal number from 1 to 65535, such as 51820";
const OWNER = "each range has one owner: remove it from one of the two nodes";
const HOOK =
  "write one command a line, without # (older wg-quick cuts there) and without control characters; put more into a script and call it";

test.each([
  [
    "a: { address: 10.0.0.1, endpoint: a.example }\nb: { address: 10.0.0.1 }",
    [
      '4:17 address-taken: nodes.b.address[0]: 10.0.0.1 is already the address of "a" → choose another, or leave it out to be given a free one',
    ],
  ],
  [
    "a: { address: 10.0.1.1, endpoint: a.example }\nb: {}",
    [
      "3:17 address-outside: nodes.a.address[0]: 10.0.1.1 is outside the mesh's ranges 10.0.0.0/24 → choose one inside them, or widen network.addresses",
    ],
  ],
  [
    "a: { address: [10.0.0.0], endpoint: a.example }\nb: { address: 10.0.0.255 }",
    [
      "3:18 address-reserved: nodes.a.address[0]: 10.0.0.0 is the network or broadcast address of 10.0.0.0/24 → choose another address of the range",
      "4:17 address-reserved: nodes.b.address[0]: 10.0.0.255 is the network or broadcast address of 10.0.0.0/24 → choose another address of the range",
    ],
  ],
  [
    "a: { address: [10.0.0.1, 10.0.0.3], endpoint: a.example }\nb: {}",
    [
      "3:28 family-twice: nodes.a.address[1] has two IPv4 addresses → there is one address of each family",
    ],
  ],
  [
    "a: { address: 10.0.0.01, endpoint: a.example }",
    [
      '3:17 bad-value: nodes.a.address: cannot parse address "10.0.0.01": it is not an IPv4 address → write four numbers from 0 to 255 without leading zeros, such as 10.0.0.1',
    ],
  ],
  [
    "network: { name: clouds, addresses: [10.0.0.0/30] }\nnodes: { a: { endpoint: a.example }, b: {}, c: {} }\n",
    [
      '2:45 range-full: no free address is left in 10.0.0.0/30 for "c" → widen the range, or write an address of its own',
    ],
  ],
  [
    "network: { name: clouds, addresses: [10.0.0.1/24] }\nnodes: { a: {} }\n",
    [
      '1:38 bad-value: network.addresses[0]: cannot parse prefix "10.0.0.1/24": host bits are set → write 10.0.0.0/24 for the network or 10.0.0.1/32 for the host',
    ],
  ],
])("check() refuses addresses: %j", async (text, findings) => {
  expect(await findingsOf(text)).toEqual(expect.arrayContaining(findings));
});

test.each([
  [
    "a: { listenPort: 0 }",
    ["3:20 out-of-range: nodes.a.listenPort: 0 is out of range → write a number from 1 to 65535"],
  ],
  [
    "a: { listenPort: 65536 }",
    [
      "3:20 out-of-range: nodes.a.listenPort: 65536 is out of range → write a number from 1 to 65535",
    ],
  ],
  [
    "a: { listenPort: 1.5 }",
    ["3:20 out-of-range: nodes.a.listenPort: 1.5 is out of range → write a number from 1 to 65535"],
  ],
  [
    "a: { listenPort: http }",
    ['3:20 wrong-type: nodes.a.listenPort must be a number, not "http" → write a number here'],
  ],
  [
    'a: { endpoint: "a.example:0" }',
    [
      `3:18 bad-value: nodes.a.endpoint: cannot parse endpoint "a.example:0": port "0" is not a number from 1 to 65535 → ${PORT}`,
    ],
  ],
  [
    'a: { endpoint: "a.example:70000" }',
    [
      `3:18 bad-value: nodes.a.endpoint: cannot parse endpoint "a.example:70000": port "70000" is not a number from 1 to 65535 → ${PORT}`,
    ],
  ],
  [
    'a: { endpoint: "a.example:http" }',
    [
      `3:18 bad-value: nodes.a.endpoint: cannot parse endpoint "a.example:http": port "http" is not a number from 1 to 65535 → ${PORT}`,
    ],
  ],
  [
    'a: { endpoint: "a.example:" }',
    [
      '3:18 bad-value: nodes.a.endpoint: cannot parse endpoint "a.example:": the port is missing → write a port after the last colon, or leave out the colon',
    ],
  ],
])("check() refuses ports and endpoints: %j", async (text, findings) => {
  expect(await findingsOf(text)).toEqual(expect.arrayContaining(findings));
});

test.each([
  [
    "a: { endpoint: a.example, subnets: [192.168.1.0/24] }\nb: { subnets: [192.168.1.0/24] }",
    [
      '4:18 subnet-taken: nodes.b.subnets[0]: 192.168.1.0/24 is already routed to "a" → remove it from one of the two; or let both offer it, with a metric each (here and in nodes.a.subnets[0]), or inside one site',
    ],
  ],
  [
    "a: { endpoint: a.example, subnets: [192.168.1.0/24, 192.168.1.0/24] }\nb: {}",
    [`3:55 subnet-taken: nodes.a.subnets[1]: 192.168.1.0/24 is already routed to "a" → ${OWNER}`],
  ],
  [
    "a: { endpoint: a.example, subnets: [192.168.0.0/16] }\nb: { subnets: [192.168.1.0/24] }",
    [
      `4:18 subnet-taken: nodes.b.subnets[0]: 192.168.1.0/24 overlaps 192.168.0.0/16, which is already routed to "a" → ${OWNER}`,
    ],
  ],
  [
    "a: { endpoint: a.example, subnets: [10.0.0.0/25] }\nb: {}",
    [
      '3:39 ranges-overlap: nodes.a.subnets[0]: 10.0.0.0/25 (behind "a") overlaps 10.0.0.0/24 (a range of the mesh) → addresses must be unique across the mesh: renumber one, or leave it out here',
    ],
  ],
  [
    "a: { endpoint: a.example, subnets: [203.0.113.0/24] }\nb: { endpoint: 203.0.113.7 }\nc: {}",
    [
      '4:18 endpoint-captured: the endpoint 203.0.113.7 of "b" lies inside 203.0.113.0/24, which goes into the tunnel: it would swallow itself → use an endpoint outside every range of the mesh; or name the range as the network of the site that both are in',
    ],
  ],
  [
    "a: { endpoint: 10.0.0.77 }\nb: {}",
    [
      '3:18 endpoint-captured: the endpoint 10.0.0.77 of "a" lies inside 10.0.0.0/24, which goes into the tunnel: it would swallow itself → use an endpoint outside every range of the mesh; or name the range as the network of the site that both are in',
    ],
  ],
])("check() refuses ranges: %j", async (text, findings) => {
  expect(await findingsOf(text)).toEqual(expect.arrayContaining(findings));
});

test.each([
  [
    "a: {}\nb: {}",
    [
      "3:3 node-isolated: a can reach nobody: neither it nor any other node can be dialled → give it, or another node, an endpoint",
      "4:3 node-isolated: b can reach nobody: neither it nor any other node can be dialled → give it, or another node, an endpoint",
    ],
  ],
  [
    "a: { publicKey: abc }",
    [
      '3:19 bad-value: nodes.a.publicKey: cannot parse public key "abc" → a WireGuard key is 44 characters of base64 ending in =, as wg genkey and wg pubkey print it',
    ],
  ],
  [
    "a: { endpoint: a.example, publicKey: dnd1VOYuysSz5QLT3+1YzlT3NgEwTu+dcbYwSOB1JnY= }\nb: { publicKey: dnd1VOYuysSz5QLT3+1YzlT3NgEwTu+dcbYwSOB1JnY= }",
    [
      '4:19 public-key-taken: nodes.b.publicKey: the public key is that of "a" too → make a key of its own for each: wg genkey',
    ],
  ],
  [
    'a: { hooks: { postUp: "echo # no" } }',
    [`3:25 bad-value: nodes.a.hooks.postUp: cannot use "echo # no" as a hook → ${HOOK}`],
  ],
  [
    'a: { hooks: { preDown: ["a\\nb", ""] } }',
    [
      `3:27 bad-value: nodes.a.hooks.preDown[0]: cannot use "a\\u{a}b" as a hook → ${HOOK}`,
      `3:35 bad-value: nodes.a.hooks.preDown[1]: cannot use "" as a hook → ${HOOK}`,
    ],
  ],
  [
    "network: { name: clouds, addresses: [10.0.0.0/24] }\nsites: { nanjing: {} }\nnodes:\n  a: { endpoint: a.example, site: nanjng }\n",
    ['4:35 unknown-name: nodes.a.site: there is no site "nanjng" → did you mean nanjing?'],
  ],
  [
    "a: { endpoint: a.example, lan: 10.1.0.1 }",
    [
      "3:34 lan-without-site: nodes.a.lan has no site to be dialled in → add site: NAME: nodes of one site dial each other's lan address",
    ],
  ],
  [
    "a: { endpoint: a.example, exit: b }\nb: {}",
    [
      '3:35 not-an-exit: nodes.a.exit: "b" offers neither 0.0.0.0/0 nor ::/0 → add 0.0.0.0/0 to nodes.b.subnets',
    ],
  ],
])("check() refuses nodes, keys and hooks: %j", async (text, findings) => {
  expect(await findingsOf(text)).toEqual(expect.arrayContaining(findings));
});

test("check() takes what JavaScript has a use for as names like any other", async () => {
  const folder = new MeshFolder(
    `${NETWORK}nodes:\n  constructor: { endpoint: c.example }\n  valueof: {}\n`,
  );
  expect(await folder.run("render")).toMatchObject({ status: 0, err: "" });
  expect(Object.keys(folder.lock().nodes)).toEqual(["constructor", "valueof"]);
  expect(await folder.run("check")).toEqual({
    status: 0,
    out: "proven: 2 nodes, 1 tunnel, 2 paths of 2 hold both ways",
    err: "",
  });
});

test("check() takes a mesh that is written in CR LF, with a byte order mark", async () => {
  const text = `\uFEFF${NETWORK}nodes:\n  a: { endpoint: a.example }\n`.replaceAll("\n", "\r\n");
  expect(await new MeshFolder(text).run("check")).toMatchObject({ status: 0, err: "" });
});

const NOBODY_DIALS = `${NETWORK}nodes:
  a: { endpoint: a.example }
  b: {}
  c: {}
`;

test("check() warns of two nodes that nobody can dial, names both, and is strict when asked", async () => {
  const folder = new MeshFolder(NOBODY_DIALS);
  const fix =
    "give one side an endpoint (a forwarded UDP port is enough), or put both into one site with lan addresses";
  const told = (severity: string): string =>
    `warren.yaml:4:3: ${severity} nobody-dials: b cannot reach "c": neither side can be dialled\n  ${fix}`;
  expect(await folder.run("check")).toEqual({
    status: 0,
    out: "proven: 3 nodes, 2 tunnels, 4 paths of 6 hold both ways",
    err: told("warning"),
  });
  expect(await folder.run("check", "--strict")).toEqual({ status: 2, out: "", err: told("error") });
  const before = folder.listing();
  expect(await folder.run("render", "--strict")).toEqual({
    status: 2,
    out: "",
    err: told("error"),
  });
  expect(folder.listing()).toEqual(before);
  expect(await folder.run("render")).toMatchObject({ status: 0, err: told("warning") });
});

test("check() prints findings as JSON, an empty list when there are none", async () => {
  const folder = new MeshFolder(NOBODY_DIALS);
  const { status, out, err } = await folder.run("check", "--json");
  expect({ status, err }).toEqual({ status: 0, err: "" });
  expect(JSON.parse(out)).toEqual([
    {
      severity: "warning",
      code: "nobody-dials",
      message: 'b cannot reach "c": neither side can be dialled',
      fix: expect.stringContaining("give one side an endpoint"),
      file: "warren.yaml",
      line: 4,
      column: 3,
    },
  ]);
  folder.write("warren.yaml", `${NETWORK}nodes: { a: {} }\n`);
  expect(await folder.run("check", "--json")).toEqual({ status: 0, out: "[]", err: "" });
});
