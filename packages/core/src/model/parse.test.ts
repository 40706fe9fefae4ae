/** What a document may hold: every field, its defaults, and what is said of what is wrong. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Diagnostics, meshSchema, parseMesh } from "../mod.ts";
import { check, printDiagnostics } from "../../../../tools/sample.ts";

const EVERYTHING = {
  network: {
    name: "all",
    addresses: ["10.66.0.0/16", "fd00:66::/64"],
    interface: "wg0",
    listenPort: 4000,
    underlayMtu: 1460,
    mtu: 1300,
    keepalive: 20,
    presharedKeys: false,
    firewall: "iptables",
    dns: "mesh.example",
    defaultCostPerGiB: 0.5,
  },
  sites: {
    home: {
      network: "192.168.1.0/24",
      addresses: "10.66.1.0/24",
      gateways: ["a"],
      reach: ["192.168.0.0/16"],
      underlayMtu: 9000,
      cloud: "aws",
    },
  },
  links: [{ between: ["home", "b"], path: "gateway", costPerGiB: 0.8 }],
  nodes: {
    a: {
      address: ["10.66.1.1", "fd00:66::1"],
      endpoint: "a.example:443",
      site: "home",
      lan: "192.168.1.2",
      subnets: [
        "192.168.1.0/24",
        {
          prefix: "10.9.0.0/16",
          masquerade: false,
          interface: "eth1",
          metric: 5,
          probe: "10.9.0.1",
        },
      ],
      exit: "b",
      local: ["172.17.0.0/16"],
      relay: true,
      tags: ["db"],
      publicKey: "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=",
      listenPort: 4001,
      underlayMtu: 1500,
      mtu: 1280,
      keepalive: 0,
      fwmark: "0xca6c",
      table: 200,
      firewall: "off",
      ssh: "root@a.example:22",
      hooks: { preUp: "true", postUp: ["echo %i", "true"], preDown: [], postDown: "true" },
    },
    b: null,
  },
  clients: {
    phone: { via: ["a"], access: ["nodes", "all-but-lan"], dns: true, exit: "b", tags: ["ops"] },
  },
  groups: { ops: ["phone", "tag:db", "10.9.0.0/16"] },
  policy: [{ from: "ops", to: ["a", "home"], ports: ["tcp/22", "tcp/1000-2000", "udp/*", "icmp"] }],
  tests: [{ from: "phone", to: "a", port: "tcp/22", expect: "allow" }],
};

test("parseMesh() takes every field", () => {
  const diagnostics = new Diagnostics();
  const mesh = parseMesh(EVERYTHING, diagnostics);
  expect(printDiagnostics(diagnostics)).toBe("");
  expect(mesh?.nodes[0]).toMatchObject({
    name: "a",
    keepaliveSeconds: 0,
    fwmark: 0xca6c,
    table: 200,
  });
  expect(mesh?.nodes[0]?.hooks.postUp).toEqual(["echo %i", "true"]);
  expect(mesh?.nodes[0]?.subnets[1]).toMatchObject({ masquerade: false, interface: "eth1" });
  expect(mesh?.policy?.[0]?.ports[1]).toEqual({ protocol: "tcp", first: 1000, last: 2000 });
});

test("parseMesh() fills in what is not written", () => {
  const mesh = parseMesh(
    {
      network: { name: "n", addresses: "10.0.0.0/8", keepalive: 30 },
      sites: { s: { underlayMtu: 9000 } },
      nodes: { a: { site: "s" }, b: null },
    },
    new Diagnostics(),
  );
  expect(mesh?.network).toMatchObject({
    interface: "warren0",
    listenPort: 51820,
    underlayMtu: 1500,
    keepaliveSeconds: 30,
    presharedKeys: true,
    firewall: "nftables",
    dns: "n.internal",
    defaultCostPerGiB: 1,
  });
  expect(mesh?.nodes.map(({ name, underlayMtu }) => [name, underlayMtu])).toEqual([
    ["a", 9000],
    ["b", 1500],
  ]);
  expect(mesh?.nodes[1]).toMatchObject({ subnets: [], keepaliveSeconds: 30, firewall: "nftables" });
});

test("parseMesh() sorts by name, whatever the document's order", () => {
  const nodes = { b: {}, c: {}, a: {} };
  const network = { name: "n", addresses: ["10.0.0.0/8"] };
  const mesh = parseMesh({ network, nodes }, new Diagnostics());
  expect(mesh?.nodes.map(({ name }) => name)).toEqual(["a", "b", "c"]);
});

const KEY = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";
const NETWORK = "network: { name: n, addresses: [10.0.0.0/8] }";

test.each([
  ["[]", "wrong-type : the document must be a mapping of fields, not a list"],
  ["text", 'not "text"'],
  [NETWORK, 'missing-field : the document lacks the field "nodes"'],
  [`${NETWORK}\nnodes: {}`, "no-nodes nodes"],
  [`${NETWORK}\nnodes: { a: { endpiont: x.example } }`, "unknown-field nodes.a.endpiont"],
  [`${NETWORK}\nnodes: { a: [] }`, "wrong-type nodes.a: nodes.a must be a mapping of fields"],
  [`${NETWORK}\nnodes: { a: { listenPort: 0 } }`, "out-of-range nodes.a.listenPort"],
  [`${NETWORK}\nnodes: { a: { listenPort: 70000 } }`, "out-of-range nodes.a.listenPort"],
  [`${NETWORK}\nnodes: { a: { listenPort: 1.5 } }`, "out-of-range nodes.a.listenPort"],
  [`${NETWORK}\nnodes: { a: { listenPort: http } }`, "wrong-type nodes.a.listenPort"],
  [`${NETWORK}\nnodes: { a: { listenPort: .nan } }`, "out-of-range nodes.a.listenPort"],
  [`${NETWORK}\nnodes: { a: { relay: 1 } }`, "wrong-type nodes.a.relay"],
  [`${NETWORK}\nnodes: { a: { endpoint: "a:70000" } }`, "bad-value nodes.a.endpoint"],
  [`${NETWORK}\nnodes: { a: { subnets: [10.1.0.1/16] } }`, "bad-value nodes.a.subnets[0]"],
  [
    `${NETWORK}\nnodes: { a: { subnets: [{ masquerade: true }] } }`,
    "missing-field nodes.a.subnets[0]",
  ],
  [`${NETWORK}\nnodes: { a: { firewall: nftable } }`, "not-a-choice nodes.a.firewall"],
  [`${NETWORK}\nnodes: { a: { publicKey: short } }`, "bad-value nodes.a.publicKey"],
  [
    `${NETWORK}\nnodes: { a: { hooks: { postUp: "echo # no" } } }`,
    "bad-value nodes.a.hooks.postUp",
  ],
  [`${NETWORK}\nnodes: { a: { hooks: { postUp: "a\\nb" } } }`, "bad-value nodes.a.hooks.postUp"],
  [`${NETWORK}\nnodes: { a: { ssh: "-oProxyCommand=x" } }`, "bad-value nodes.a.ssh"],
  [`${NETWORK}\nnodes: { a: { fwmark: 0x1ffffffff } }`, "bad-value nodes.a.fwmark"],
  [`${NETWORK}\nnodes: { a: { table: main } }`, "bad-value nodes.a.table"],
  [`${NETWORK}\nnodes: { "../evil": {} }`, 'bad-value nodes."../evil"'],
  [`${NETWORK}\nnodes: { "a\\nb": {} }`, 'bad-value nodes."a\\u{a}b"'],
  [`${NETWORK}\nnodes: { A: {} }`, "bad-value nodes.A"],
  [`${NETWORK}\nnodes: { __proto__: {} }`, "bad-value nodes.__proto__"],
  [`${NETWORK}\nnodes: { a: { constructor: {} } }`, "unknown-field nodes.a.constructor"],
  [
    "network: { name: n, addresses: [10.0.0.0/8], interface: much-too-long-for-linux }\nnodes: {a: }",
    "bad-value network.interface",
  ],
  [
    `${NETWORK}\nnodes: { a: { site: nowhere } }`,
    'unknown-name nodes.a.site: nodes.a.site: there is no site "nowhere"',
  ],
  [`${NETWORK}\nnodes: { a: { lan: 192.168.1.1 } }`, "lan-without-site nodes.a.lan"],
  [`${NETWORK}\nsites: { a: {} }\nnodes: { a: {} }`, "name-taken sites.a"],
  [
    `${NETWORK}\nnodes: { a: {subnets: [192.168.1.0/24]}, b: {subnets: [192.168.1.0/24]} }`,
    'subnet-taken nodes.b.subnets[0]: nodes.b.subnets[0]: 192.168.1.0/24 is already routed to "a"',
  ],
  [
    `${NETWORK}\nnodes: { a: {subnets: [192.168.1.0/24, 192.168.1.0/24]} }`,
    "subnet-taken nodes.a.subnets[1]",
  ],
  [
    `${NETWORK}\nnodes: { a: {subnets: [192.168.0.0/16]}, b: {subnets: [192.168.1.0/24]} }`,
    'overlaps 192.168.0.0/16, which is already routed to "a"',
  ],
  [`${NETWORK}\nnodes: { a: {subnets: [10.1.0.0/16]} }`, "ranges-overlap nodes.a.subnets[0]"],
  [`${NETWORK}\nnodes: { a: {local: [10.1.0.0/16]} }`, "ranges-overlap nodes.a.local[0]"],
  [
    `${NETWORK}\nnodes: { a: {local: [172.17.0.0/16]}, b: {subnets: [172.17.1.0/24]} }`,
    "ranges-overlap nodes.a.local[0]",
  ],
  [
    "network: { name: n, addresses: [10.0.0.0/8, 10.1.0.0/16] }\nnodes: {a: }",
    "ranges-overlap network.addresses[1]",
  ],
  [
    `${NETWORK}\nsites: { s: { addresses: 11.0.0.0/8 } }\nnodes: {a: }`,
    "block-outside sites.s.addresses[0]",
  ],
  [
    `${NETWORK}\nsites: { s: { network: 192.168.0.0/16 } }\nnodes: { a: {subnets: [192.168.1.0/24]} }`,
    "ranges-overlap nodes.a.subnets[0]",
  ],
  [`${NETWORK}\nsites: { s: { gateways: a } }\nnodes: { a: }`, "wrong-site sites.s.gateways[0]"],
  [
    `${NETWORK}\nnodes: { a: { publicKey: ${KEY} }, b: { publicKey: ${KEY} } }`,
    "public-key-taken nodes.b.publicKey",
  ],
  ["network: { name: n, addresses: [] }\nnodes: {a: }", "no-range network.addresses"],
  [
    "network: { name: n, addresses: [0.0.0.0/0] }\nnodes: {a: }",
    "range-unusable network.addresses[0]",
  ],
  ["network: { name: n, addresses: [224.0.0.0/8] }\nnodes: {a: }", "range-unusable"],
  ["network: { name: n, addresses: [10.0.0.0] }\nnodes: {a: }", "its length is missing"],
  [
    "network: { name: n, addresses: [10.0.0.0/8], interface: lo }\nnodes: {a: }",
    "bad-value network.interface",
  ],
  [`${NETWORK}\nnodes: { a: { endpoint: 0.0.0.0 } }`, "endpoint-unusable nodes.a.endpoint"],
  [`${NETWORK}\nnodes: { a: { endpoint: "https://a.example" } }`, "it has a scheme"],
  [
    `${NETWORK}\nnodes: { a: { endpoint: a.example }, b: { endpoint: "a.example:51820" } }`,
    'endpoint-taken nodes.b.endpoint: nodes.b.endpoint: a.example:51820 is already where "a" is dialled',
  ],
  [
    `${NETWORK}\nsites: { s: }\nnodes: { a: { site: s, lan: 192.168.1.1 }, b: { site: s, lan: 192.168.1.1 } }`,
    "lan-taken nodes.b.lan",
  ],
  [
    `${NETWORK}\nsites: { s: { network: 192.168.1.0/24 } }\nnodes: { a: { site: s, lan: 192.168.2.1, endpoint: a.example } }`,
    "lan-outside nodes.a.lan",
  ],
  [
    "network: { name: n, addresses: [10.0.0.0/8], interface: wg+, firewall: iptables }\nnodes: { a: }",
    "interface-is-pattern network.interface",
  ],
  [`${NETWORK}\nnodes: { a: , b: { exit: a } }`, "not-an-exit nodes.b.exit"],
  [
    `${NETWORK}\nnodes: { a: { subnets: 0.0.0.0/0 }, b: { exit: a, subnets: 0.0.0.0/0 } }`,
    "exit-in-a-row nodes.b.exit",
  ],
  [
    `${NETWORK}\nnodes: { a: { site: s }, b: { site: s, subnets: 192.168.1.0/24 } }\nsites: { s: { network: 192.168.1.0/24, gateways: a } }`,
    'network-past-carrier nodes.b.subnets[0]: nodes.b.subnets[0]: "a" carries',
  ],
  [
    `${NETWORK}\nnodes: { a: { subnets: 0.0.0.0/0 }, b: { exit: a, relay: true } }`,
    "exit-of-carrier nodes.b.exit",
  ],
  [
    `${NETWORK}\nnodes: { a: { subnets: [0.0.0.0/0, 0.0.0.0/0] } }`,
    'subnet-taken nodes.a.subnets[1]: nodes.a.subnets[1]: 0.0.0.0/0 is already routed to "a"',
  ],
  [
    'network: { name: n, addresses: [10.0.0.0/8, "fd00::/64"] }\nnodes: { a: { subnets: 0.0.0.0/0 }, b: { exit: a } }',
    'warning exit-of-one-family nodes.b.exit: nodes.b.exit: "a" is an exit for IPv4 alone: what is sent by IPv6 goes around the tunnel',
  ],
  [`${NETWORK}\nnodes: { a: { exit: a } }`, "exit-of-itself nodes.a.exit"],
  [`${NETWORK}\nnodes: { a: }\nlinks: [{ between: [a, a] }]`, "link-to-itself links[0].between"],
  [
    `${NETWORK}\nnodes: { a: , b: }\nlinks: [{ between: [a, b] }, { between: [b, a] }]`,
    "link-twice links[1]: links[1]: links[0] is between the same two",
  ],
  [
    `${NETWORK}\nnodes: { a: , b: { site: s } }\nsites: { s: {} }\nlinks: [{ between: [a, b], path: gateway }]`,
    'gateway-missing links[0].path: links[0].path: path: gateway needs gateways, and site "s" has none',
  ],
  [
    `${NETWORK}\nnodes: { a: { site: s } }\nsites: { s: { reach: 172.16.0.0/12 } }`,
    "gateway-missing sites.s.reach",
  ],
  [
    `${NETWORK}\nnodes: { a: { site: s } }\nsites: { s: { gateways: a, reach: 0.0.0.0/0 } }`,
    "reach-whole sites.s.reach[0]",
  ],
  [
    `${NETWORK}\nnodes: { a: { site: s }, b: { site: s } }\nsites: { s: { gateways: [b, a] } }`,
    'warning stands-by sites.s.gateways: sites.s.gateways: "b" is active; "a" cannot take over',
  ],
  [
    `${NETWORK}\nnodes: { a: { site: s, subnets: 192.168.1.0/24 }, b: { site: s, subnets: 192.168.1.0/24 } }\nsites: { s: { } }`,
    'warning stands-by nodes.a.subnets[0]: nodes.a.subnets[0]: "a" is active; "b" cannot take over',
  ],
  [
    `${NETWORK}\nnodes: { a: { subnets: { prefix: 192.168.1.0/24, metric: 2 } }, b: { relay: true, subnets: { prefix: 192.168.1.0/24, metric: 3 } } }`,
    "stand-by-carries nodes.b.subnets[0]",
  ],
  [
    `${NETWORK}\nnodes: { a: { subnets: { prefix: 192.168.1.0/24, metric: 2 } }, b: { subnets: 192.168.1.0/24 } }`,
    'subnet-taken nodes.a.subnets[0]: nodes.a.subnets[0]: 192.168.1.0/24 is already routed to "b"',
  ],
  [`${NETWORK}\nnodes: { hosts: { endpoint: a.example } }`, "name-reserved nodes.hosts"],
  [
    `${NETWORK}\nnodes: { a: { endpoint: a.example } }\nclients: { hosts: { via: a } }`,
    "name-reserved clients.hosts",
  ],
  [`${NETWORK}\nnodes: {a: }\npolicy: [{ from: b, to: a }]`, "unknown-name policy[0].from[0]"],
  [`${NETWORK}\nnodes: {a: }\ngroups: { g: "tag:x" }`, "unknown-name groups.g[0]"],
  [
    `${NETWORK}\nnodes: {a: }\ngroups: { g: [a, h], h: i, i: [a, h] }`,
    "group-in-itself groups.h: groups.h: the group contains itself: h → i → h",
  ],
])("parseMesh() and checkMesh() say what is wrong with %j", (text, expected) => {
  expect(check(text)).toContain(expected);
});

test.each([
  `${NETWORK}\nnodes: { a: {local: [169.254.25.10/32], endpoint: a.example} }`,
  `${NETWORK}\nnodes: { a: {endpoint: "a.example:1"}, b: {endpoint: "a.example:2"}, c: {endpoint: 192.168.1.1}, d: {endpoint: 192.168.1.1} }`,
  `${NETWORK}\nnodes: { a: {local: [172.17.0.0/16]}, b: {local: [172.17.0.0/16], endpoint: b.example} }`,
  `${NETWORK}\nnodes: { a: {local: [10.250.0.0/16], endpoint: a.example} }`.replace(
    "10.0.0.0/8",
    "10.0.0.0/16",
  ),
  `${NETWORK}\nnodes: { a: {local: [172.17.0.0/16], subnets: [172.17.0.0/16], endpoint: a.example} }`,
  `${NETWORK}\nsites: { s: { network: 192.168.0.0/16 } }\nnodes: { a: {site: s, subnets: [192.168.0.0/16], endpoint: a.example} }`,
  `${NETWORK}\nsites: { s: { network: 192.168.0.0/16 }, t: { network: 192.168.0.0/16 } }\nnodes: { a: {endpoint: a.example} }`,
])("checkMesh() takes what overlaps by intent: %j", (text) => {
  expect(check(text)).toBe("");
});

test.each([
  [
    "nodes: { a: { endpoint: a.example } }\nsites: { s: { cloud: aws } }",
    "sites.s.cloud",
    "clouds",
  ],
  [
    "nodes: { a: { endpoint: a.example, subnets: [{ prefix: 192.168.1.0/24, probe: 192.168.1.1 }] } }",
    "nodes.a.subnets[0].probe",
    "probes",
  ],
])("checkPending() says once what has no effect yet: %j", (text, path, what) => {
  const said = `warning no-effect ${path}: ${path}: this version does nothing with ${what}`;
  expect(check(`${NETWORK}\n${text}`)).toBe(said);
});

test("meshSchema() is the one that is published", () => {
  const file = new URL("../../../../docs/warren.schema.json", import.meta.url);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(JSON.parse(JSON.stringify(meshSchema())));
});
