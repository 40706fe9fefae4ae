/** Random mesh documents for properties: valid in form, as wild as people's files in everything else. */
import fc from "fast-check";

export interface MeshDocument {
  readonly network: Readonly<Record<string, unknown>>;
  readonly sites?: Readonly<Record<string, unknown>>;
  readonly nodes: Readonly<Record<string, NodeDocument>>;
}

export type NodeDocument = Readonly<Record<string, unknown>>;

/** A mesh of up to `most` nodes; every field that compiles, both families, sites, NATs, subnets. */
export function meshDocuments(most: number): fc.Arbitrary<MeshDocument> {
  return fc
    .record({
      network: networks(),
      names: fc.uniqueArray(words(), {
        minLength: 1,
        maxLength: most,
      }),
      siteCount: fc.nat(2),
    })
    .chain(({ network, names, siteCount }) => {
      const sites = Array.from({ length: siteCount }, (_, at) => `site-${at}`);
      const nodes = names
        .filter((name) => !sites.includes(name))
        .map((name, at) => nodeDocuments(at, sites).map((node) => [name, node] as const));
      return fc.tuple(...nodes).map((entries) => ({
        network,
        sites: Object.fromEntries(
          sites.map((name, at) => [name, { network: `172.${16 + at}.0.0/16` }]),
        ),
        nodes: Object.fromEntries(entries),
      }));
    });
}

function networks(): fc.Arbitrary<Record<string, unknown>> {
  const ranges = fc.constantFrom(
    ["10.66.0.0/16"],
    ["fd00:66::/64"],
    ["10.66.0.0/16", "fd00:66::/64"],
    ["10.66.0.0/24", "10.67.0.0/24", "fd00:66::/48"],
  );
  return fc.record(
    {
      name: fc.constant("random"),
      addresses: ranges,
      interface: fc.constantFrom("warren0", "wg0", "a-b_c=d+e.f"),
      listenPort: ports(),
      underlayMtu: fc.integer({ min: 1360, max: 9000 }),
      keepalive: fc.nat(65535),
      presharedKeys: fc.boolean(),
    },
    { requiredKeys: ["name", "addresses"] },
  );
}

/** `at` keeps what must be unique apart: subnets, LAN addresses. */
function nodeDocuments(at: number, sites: readonly string[]): fc.Arbitrary<NodeDocument> {
  const site = fc
    .constantFrom(...sites.keys(), -1)
    .map((chosen) =>
      chosen === -1 ? {} : { site: sites[chosen], lan: `172.${16 + chosen}.0.${at + 1}` },
    );
  const rest = fc.record(
    {
      endpoint: endpoints(at),
      subnets: fc.subarray([
        `192.168.${at}.0/24`,
        `fd00:99:0:${at.toString(16)}::/64`,
        { prefix: `10.200.${at}.128/25`, masquerade: false },
        { prefix: `10.201.${at}.0/31`, interface: "eth1" },
      ]),
      listenPort: ports(),
      keepalive: fc.nat(65535),
      underlayMtu: fc.integer({ min: 1360, max: 9000 }),
      mtu: fc.integer({ min: 1280, max: 9000 }),
      fwmark: fc.nat(0xffff_ffff),
      table: fc.oneof(fc.constantFrom("auto", "off"), fc.integer({ min: 1, max: 0xffff_ffff })),
      hooks: fc.record(
        { preUp: fc.constant("true"), postDown: fc.constant(["true %i", "echo a = b"]) },
        { requiredKeys: [] },
      ),
      tags: fc.subarray(["web", "db"]),
      local: fc.subarray(["172.31.0.0/16", "fd00:aa::/64"]),
    },
    { requiredKeys: [] },
  );
  return fc.tuple(site, rest).map(([place, fields]) => ({ ...fields, ...place }));
}

/** `at` is in each, so that no two nodes are dialled at one. */
function endpoints(at: number): fc.Arbitrary<string> {
  const low = fc.nat(0xff);
  const v4 = low.map((byte) => `198.51.${at}.${byte}`);
  const v6 = low.map((byte) => `2001:db8:${at.toString(16)}::${byte.toString(16)}`);
  const name = words().map((word) => `${word}-${at}.example`);
  return fc.oneof(
    v4,
    v6,
    name,
    fc.tuple(v4, ports()).map(([host, port]) => `${host}:${port}`),
    fc.tuple(v6, ports()).map(([host, port]) => `[${host}]:${port}`),
    fc.tuple(name, ports()).map(([host, port]) => `${host}:${port}`),
  );
}

function ports(): fc.Arbitrary<number> {
  return fc.integer({ min: 1, max: 65535 });
}

/** Names whose order has nothing to do with the order in which they were drawn. */
function words(): fc.Arbitrary<string> {
  return fc
    .nat(0xff_ffff)
    .map((number) => `${"mesh-dig".charAt(number % 4)}${number.toString(36)}`);
}
