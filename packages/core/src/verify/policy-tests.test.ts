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
  a: { endpoint: a.example, address: [10.0.0.1, "fd00::1"], subnets: [192.168.1.0/24, 0.0.0.0/0], tags: x }
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
])("verify() is content with a test that holds: %s", (fields) => {
  expect(tried(fields)).toBe("");
});

test.each([
  ["from: a, to: c, port: tcp/23, expect: allow", "(10.0.0.1) to", "(10.0.0.3) on tcp/23"],
  ["from: a, to: c, port: tcp/22-23, expect: allow", "(10.0.0.1) to", "(10.0.0.3) on tcp/22-23"],
  ["from: a, to: c, port: tcp/22-23, expect: deny", "(10.0.0.1) to", "(10.0.0.3) on tcp/22-23"],
  [
    "from: a, to: c, port: tcp/22-1000, expect: allow",
    "(10.0.0.1) to",
    "(10.0.0.3) on tcp/22-1000",
  ],
  ["from: a, to: c, port: tcp/*, expect: deny", "(10.0.0.1) to", "(10.0.0.3) on tcp/*"],
  ["from: all, to: both, port: tcp/22, expect: allow", "all (10.0.0.1) to", "both (10.0.0.2) on"],
  ["from: b, to: a, port: icmp, expect: allow", "(fd00::2) to", "(fd00::1)"],
  ["from: b, to: a, port: icmp, expect: deny", "(10.0.0.2) to", "(10.0.0.1)"],
  ["from: c, to: 192.168.0.0/16, expect: allow", "(10.0.0.3) to", "(192.168.1.0)"],
  ["from: c, to: 192.168.0.0/16, expect: deny", "(10.0.0.3) to", "(192.168.1.128)"],
  ["from: c, to: 203.0.113.9, expect: deny", "(10.0.0.3) to", "(203.0.113.9)"],
])("verify() names a flow for a test that fails: %s", (fields, from, to) => {
  expect(tried(fields)).toContain("error test-fails tests[0]: the policy ");
  expect(tried(fields)).toContain(from);
  expect(tried(fields)).toContain(to);
});

test("verify() says what the policy says, and what the test expects", () => {
  const both = `
    ${tried("from: a, to: c, port: tcp/23, expect: allow")}
    ${tried("from: a, to: c, port: tcp/22, expect: deny")}
  `;
  expect(both).toMatchInlineSnapshot(`
    "
        error test-fails tests[0]: the policy does not allow a (10.0.0.1) to c (10.0.0.3) on tcp/23, as the test expects
        error test-fails tests[0]: the policy allows a (10.0.0.1) to c (10.0.0.3) on tcp/22, which the test denies
      "
  `);
});

test("verify() says of a test that there is nothing to be tried: nobody sends to himself", () => {
  expect(tried("from: c, to: c, expect: allow")).toContain("error test-of-nobody tests[0]");
  expect(tried('from: 10.0.0.1, to: "fd00::3", expect: deny')).toContain("test-of-nobody");
});

test("verify() knows in tests whom a link or access keeps apart, with a key or without", () => {
  const mesh = (to: string, expected: string): string =>
    check(`
      network: { name: n, addresses: [10.0.0.0/24] }
      nodes: { a: { endpoint: a.example }, b: { endpoint: b.example, subnets: 192.168.1.0/24 } }
      clients: { p: { via: b, access: nodes } }
      links: [{ between: [a, b], path: deny }]
      tests: [{ from: p, to: ${to}, expect: ${expected} }]
    `);
  expect(mesh("b", "allow")).toBe("");
  expect(mesh("192.168.1.0/24", "deny")).toBe("");
  expect(mesh("192.168.1.0/24", "allow")).toContain("test-fails");
  expect(mesh("a", "allow")).toContain("test-fails");
});

test("verify() warns of a prefix in a policy that is nobody's", () => {
  const policy = "policy: [{ from: a, to: [c, 192.168.77.0/24] }]\n";
  expect(tried("from: a, to: c, expect: allow", policy.replace("192.168.77", "203.0.113"))).toBe(
    "",
  );
  expect(check(MESH.replace(", 0.0.0.0/0", "") + policy)).toBe(
    "warning selector-of-nobody policy[0].to[1]: policy[0].to[1]: nobody in the mesh has anything of 192.168.77.0/24",
  );
});

test("verify() lets everybody talk where there is no policy, and nobody where it is empty", () => {
  expect(tried("from: a, to: 192.0.2.1, expect: allow", "")).toBe("");
  expect(tried("from: a, to: c, port: udp/53, expect: deny", "")).toContain("test-fails");
  expect(tried("from: all, to: all, expect: deny", "policy: []\n")).toBe("");
});
