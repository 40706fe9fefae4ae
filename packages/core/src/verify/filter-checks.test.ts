/** What the proof finds in filters: one defect planted for each check. */
import { expect, test } from "vitest";
import { compile, Diagnostics, parsePrefix, Problem, verify } from "../mod.ts";
import type { Device, Filter, Permit, Prefix } from "../mod.ts";
import { indexOfPolicy } from "../../../../tools/random-policy.ts";
import type { PolicyDocument } from "../../../../tools/random-policy.ts";
import { check, printDiagnostics } from "../../../../tools/sample.ts";

const node = { subnets: [], tags: [], relay: false };
const DOCUMENT: PolicyDocument = {
  network: { name: "n", addresses: ["10.0.0.0/24", "fd00::/64"] },
  sites: { s0: { gateways: ["n1"] } },
  nodes: {
    n0: {
      ...node,
      address: ["10.0.0.1", "fd00::1"],
      endpoint: "198.51.100.1",
      subnets: ["192.168.0.0/24", "0.0.0.0/0"],
      tags: ["x"],
    },
    n1: { ...node, address: ["10.0.0.2", "fd00::2"], endpoint: "198.51.100.2", site: "s0" },
    n2: { ...node, address: ["10.0.0.3", "fd00::3"], endpoint: "198.51.100.3", exit: "n0" },
  },
  clients: {
    c0: { via: ["n0"], access: ["subnets"], tags: [] },
    c1: { via: ["n0"], access: ["all-but-lan"], tags: ["x"] },
  },
  groups: { g0: ["n1", "tag:x"] },
  policy: [
    { from: ["g0"], to: ["n0", "192.168.0.128/25"], ports: ["tcp/22", "udp/53"] },
    { from: ["n1"], to: ["n2"], ports: [] },
    { from: ["s0"], to: ["8.0.0.0/8"], ports: [] },
    { from: ["n1"], to: ["fd00::3"], ports: [] },
  ],
};

/** What the proof says of filters when that of n0 is not as compiled. */
function broken(change: (filter: Filter) => Filter, document = DOCUMENT): string {
  return brokenDevice((device) => ({ ...device, filter: change(device.filter) }), document);
}

function brokenDevice(change: (device: Device) => Device, document = DOCUMENT): string {
  const { mesh, lock, index } = indexOfPolicy(document);
  const diagnostics = new Diagnostics();
  const [first, ...rest] = compile(index);
  if (first === undefined) throw new Error("no device");
  verify(mesh, lock, [change(first), ...rest], diagnostics);
  const said = printDiagnostics(diagnostics).split("\n");
  return said.filter((line) => line.includes(" filter-differs ")).join("\n");
}

function withPermit(at: number, change: (permit: Permit) => Permit): (filter: Filter) => Filter {
  return ({ permits = [], ...filter }) => ({
    ...filter,
    permits: permits.map((permit, place) => (place === at ? change(permit) : permit)),
  });
}

test("verify() finds nothing wrong with the filters that were compiled", () => {
  expect(broken((filter) => filter)).toBe("");
  const { policy: _, ...open } = DOCUMENT;
  expect(broken((filter) => filter, open)).toBe("");
});

test.each<[string, (filter: Filter) => Filter, string]>([
  ["that it carries", (filter) => ({ ...filter, carries: true }), "other traffic to carry"],
  ["a client too few", (filter) => ({ ...filter, clients: filter.clients.slice(1) }), "clients"],
  [
    "a stranger at its exit",
    (filter) => ({ ...filter, exitUsers: [prefix("10.0.0.2/32"), ...filter.exitUsers] }),
    "other users of its exit",
  ],
  ["a client let loose", (filter) => ({ ...filter, confined: [] }), "other clients to confine"],
  [
    "a client with wider bounds",
    ({ confined, ...filter }) => ({
      ...filter,
      confined: confined.map(({ from }) => ({ from, to: [prefix("192.168.0.0/16")] })),
    }),
    'other bounds for the client "c0"',
  ],
  ["no policy", ({ permits: _, ...filter }) => filter, "another use of the policy"],
  [
    "a source too many",
    withPermit(0, (permit) => ({ ...permit, from: [prefix("10.0.0.0/24")] })),
    "rule 1 of the policy",
  ],
  [
    "a source twice",
    withPermit(0, (permit) => ({ ...permit, from: [...permit.from, ...permit.from] })),
    "rule 1 of the policy",
  ],
  [
    "a target too few",
    withPermit(0, (permit) => ({ ...permit, to: permit.to.slice(1) })),
    "rule 1 of the policy",
  ],
  [
    "a target too wide",
    withPermit(0, (permit) => ({
      ...permit,
      to: [prefix("10.0.0.1/32"), prefix("192.168.0.0/24")],
    })),
    "rule 1 of the policy",
  ],
  [
    "a port too many",
    withPermit(0, (permit) => ({ ...permit, ports: [] })),
    "rule 1 of the policy",
  ],
  [
    "no permit for a rule",
    ({ permits = [], ...filter }) => ({ ...filter, permits: permits.slice(0, 1) }),
    "rule 3 of the policy",
  ],
  [
    "a permit for no rule",
    ({ permits = [], ...filter }) => ({
      ...filter,
      permits: [...permits, ...permits.slice(0, 1).map((permit) => ({ ...permit, rule: 9 }))],
    }),
    "has more permits than the mesh says",
  ],
])("verify() finds in a filter %s", (_what, change, said) => {
  expect(broken(change)).toContain("error filter-differs nodes.n0: the filter of n0 has ");
  expect(broken(change)).toContain(said);
});

test("verify() finds a permit for a rule that is another node's business", () => {
  const from = [prefix("10.0.0.2/32"), prefix("fd00::2/128")];
  const permit: Permit = { rule: 3, from, to: [], ports: [] };
  const text = broken(({ permits = [], ...filter }) => ({
    ...filter,
    permits: [...permits, permit],
  }));
  expect(text).toContain("other permits for rule 4 of the policy");
});

test("verify() finds a device with another firewall than its node's", () => {
  expect(brokenDevice((device) => ({ ...device, firewall: "off" }))).toContain("another firewall");
});

test("verify() warns of rules that nobody loads", () => {
  const mesh = (fields: string): string => `
    network: { name: n, addresses: [10.0.0.0/24], firewall: off }
    nodes: { a: { endpoint: a.example${fields} }, b: {} }
  `;
  expect(check(mesh(""))).toBe("");
  expect(check(mesh(", subnets: [192.168.1.0/24]"))).toMatchInlineSnapshot(
    `"warning rules-by-hand nodes.a.firewall: a has firewall: off, so that nothing filters or masquerades there"`,
  );
  expect(check(`${mesh("")}  policy: []`)).toContain("warning rules-by-hand nodes.b.firewall");
  const own = (hook: string): string => mesh(`, subnets: [192.168.1.0/24], hooks: { ${hook} }`);
  expect(check(own("postUp: iptables -t nat -A POSTROUTING -j MASQUERADE"))).toBe("");
  expect(check(own("preUp: /usr/sbin/nft -f /etc/own.nft"))).toBe("");
  expect(check(own("postUp: logger nftables"))).toContain("rules-by-hand");
  expect(check(own("postDown: iptables -F"))).toContain("rules-by-hand");
});

function prefix(text: string): Prefix {
  const found = parsePrefix(text);
  if (found instanceof Problem) throw new Error(String(found));
  return found;
}
