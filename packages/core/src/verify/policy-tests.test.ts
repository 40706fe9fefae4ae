/** What the tests of a mesh file say of its policy. */
import { expect, test } from "vitest";
import { check } from "../../../../tools/sample.ts";

/** What is said of one test of a mesh, whose policy is always the same. */
function tried(fields: string, policy = POLICY): string {
  return check(`${MESH}${policy}tests: [{ ${fields} }]\n`);
}

const MESH = `
network: { name: n, addresses: [10.0.0.0/24, "fd00::/64"] }
sites: { s: {} }
nodes:
  a: { endpoint: a.example, address: [10.0.0.1, "fd00::1"], subnets: [192.168.1.0/24], tags: x }
  b: { endpoint: b.example, address: [10.0.0.2, "fd00::2"], site: s, tags: x }
  c: { endpoint: c.example, address: [10.0.0.3, "fd00::3"], site: s }
groups: { both: ["tag:x"], all: [both, s] }
`;
const POLICY = `
policy:
  - { from: both, to: c, ports: [tcp/22, tcp/1000-2000, tcp/2001] }
  - { from: c, to: [192.168.1.128/25, 203.0.113.0/24] }
  - { from: 10.0.0.0/24, to: a, ports: icmp }
`;

test.each([
  "from: a, to: c, port: tcp/22, expect: allow",
  "from: both, to: c, port: tcp/1500-2001, expect: allow",
  "from: a, to: c, expect: allow",
  "from: a, to: c, port: udp/22, expect: deny",
  "from: c, to: both, port: tcp/22, expect: deny",
  "from: a, to: b, expect: deny",
  "from: 10.0.0.0/28, to: 10.0.0.1, port: icmp, expect: allow",
  'from: s, to: "fd00::1", expect: deny',
  "from: c, to: 192.168.1.200, expect: allow",
  "from: c, to: 192.168.1.7, expect: deny",
  "from: c, to: 203.0.113.128/25, expect: allow",
  "from: s, to: 203.0.114.0/24, expect: deny",
  // Nobody sends to himself, nor from one family to the other.
  "from: c, to: c, expect: allow",
  'from: 10.0.0.1, to: "fd00::3", expect: allow',
])("verify() is content with a test that holds: %s", (fields) => {
  expect(tried(fields)).toBe("");
});

test.each([
  ["from: a, to: c, port: tcp/23, expect: allow", "10.0.0.1 to 10.0.0.3 on tcp/23"],
  ["from: a, to: c, port: tcp/22-23, expect: allow", "10.0.0.1 to 10.0.0.3 on tcp/22-23"],
  ["from: a, to: c, port: tcp/22-23, expect: deny", "10.0.0.1 to 10.0.0.3 on tcp/22-23"],
  ["from: a, to: c, port: tcp/22-1000, expect: allow", "10.0.0.1 to 10.0.0.3 on tcp/22-1000"],
  ["from: a, to: c, port: tcp/*, expect: deny", "10.0.0.1 to 10.0.0.3 on tcp/*"],
  ["from: all, to: both, port: tcp/22, expect: allow", "10.0.0.2 to 10.0.0.1 on"],
  ["from: b, to: a, port: icmp, expect: allow", "fd00::2 to fd00::1"],
  ["from: b, to: a, port: icmp, expect: deny", "10.0.0.2 to 10.0.0.1"],
  ["from: c, to: 192.168.0.0/16, expect: allow", "10.0.0.3 to 192.168.1.0"],
  ["from: c, to: 192.168.0.0/16, expect: deny", "10.0.0.3 to 192.168.1.128"],
  ["from: c, to: 203.0.113.9, expect: deny", "10.0.0.3 to 203.0.113.9"],
])("verify() names a flow for a test that fails: %s", (fields, flow) => {
  expect(tried(fields)).toContain("error test-fails tests[0]: the policy ");
  expect(tried(fields)).toContain(flow);
});

test("verify() says what the policy says, and what the test expects", () => {
  const both = `
    ${tried("from: a, to: c, port: tcp/23, expect: allow")}
    ${tried("from: a, to: c, port: tcp/22, expect: deny")}
  `;
  expect(both).toMatchInlineSnapshot(`
    "
        error test-fails tests[0]: the policy does not allow 10.0.0.1 to 10.0.0.3 on tcp/23, as the test expects
        error test-fails tests[0]: the policy allows 10.0.0.1 to 10.0.0.3 on tcp/22, which the test denies
      "
  `);
});

test("verify() lets everybody talk where there is no policy, and nobody where it is empty", () => {
  expect(tried("from: a, to: 192.0.2.1, expect: allow", "")).toBe("");
  expect(tried("from: a, to: c, port: udp/53, expect: deny", "")).toContain("test-fails");
  expect(tried("from: all, to: all, expect: deny", "policy: []\n")).toBe("");
});
