/** Pictures for the tests of drawings: random ones of all sizes, and one whose every text is hostile. */
import fc from "fast-check";
import { readTopology } from "../../../../tools/oracle/plans.contract.ts";
import { meshDocuments } from "../../../../tools/random-mesh.ts";
import { topologyDocuments } from "../../../../tools/random-topology.ts";
import { indexOfDocument } from "../../../../tools/sample.ts";
import type { Picture } from "./picture.ts";
import { pictureOf } from "./survey.ts";

/** Small and dense, up to 24 nodes without a plan, or sites, clients and names of all lengths. */
export function pictures(): fc.Arbitrary<Picture> {
  return fc.oneof(dense(), loose(), regional());
}

export const HOSTILE = `</title><script>alert("1")</script>&amp;'\\N\\"; ]]> \u0000\uFFFE`;

/** No document can say such names: who else makes pictures may. */
export function hostilePicture(): Picture {
  const [one, other] = [`${HOSTILE}1`, `${HOSTILE}2`];
  return {
    name: HOSTILE,
    counts: { tunnels: 1, carried: 0, apart: 0 },
    places: [
      { name: `${HOSTILE} site`, kind: "site", networks: [HOSTILE], nodes: [one] },
      { name: other, kind: "node", networks: [], nodes: [other] },
    ],
    nodes: [
      {
        name: one,
        kind: "gateway",
        site: `${HOSTILE} site`,
        addresses: [HOSTILE],
        endpoint: HOSTILE,
        lan: HOSTILE,
        subnets: [{ prefix: HOSTILE, standsBy: false }],
      },
      { name: other, kind: "node", addresses: [], subnets: [{ prefix: HOSTILE, standsBy: true }] },
    ],
    clients: [{ name: `${HOSTILE} client`, via: one, addresses: [HOSTILE] }],
    links: [{ between: [one, other], kind: "public", carries: 0, costPerGiB: 1 }],
    bundles: [],
    denials: [[`${HOSTILE} site`, other]],
  };
}

function dense(): fc.Arbitrary<Picture> {
  return topologyDocuments(12)
    .map((document) => readTopology(document)?.index)
    .filter((index) => index !== undefined)
    .map(pictureOf);
}

function loose(): fc.Arbitrary<Picture> {
  return meshDocuments(24).map((document) => pictureOf(indexOfDocument(document).index));
}

function regional(): fc.Arbitrary<Picture> {
  const site = fc.record({
    size: fc.nat(14),
    hasGateway: fc.boolean(),
    length: fc.constantFrom(4, 12, 40, 63),
    clients: fc.constantFrom(0, 0, 1, 3, 9),
    subnets: fc.constantFrom(0, 0, 1, 6),
  });
  const shape = fc.record({ sites: fc.array(site, { maxLength: 8 }), relays: fc.nat(2) });
  return shape.map(({ sites, relays }) => {
    const nodes: Record<string, unknown> = { only: { endpoint: "203.0.113.250" } };
    const clients: Record<string, unknown> = {};
    for (let at = 0; at < relays; at += 1) {
      nodes[`relay-${at}`] = { relay: true, endpoint: `203.0.113.${at + 1}` };
    }
    for (const [at, { size, length, clients: guests, subnets }] of sites.entries()) {
      for (let node = 0; node < size; node += 1) {
        const name = nameOf(at, node, length);
        nodes[name] = {
          site: `site-${at}`,
          lan: `172.16.${at}.${node + 1}`,
          ...(node % 3 === 0 ? { endpoint: `198.51.${at}.${node + 1}` } : {}),
          ...(node === 1 ? { subnets: rangesOf(at, subnets) } : {}),
        };
        for (let guest = 0; guest < (node === 0 ? guests : 0); guest += 1) {
          clients[`c${at}-${guest}-w`.padEnd(length, "w")] = { via: name };
        }
      }
    }
    const documents = sites.map(({ size, hasGateway, length }, at) => {
      const gateways = hasGateway && size > 0 ? { gateways: [nameOf(at, 0, length)] } : {};
      return [`site-${at}`, { network: `172.16.${at}.0/24`, ...gateways }] as const;
    });
    const links = sites.length < 2 ? [] : [{ between: ["site-0", "site-1"], path: "deny" }];
    const network = { name: "random", addresses: ["10.66.0.0/16"] };
    const document = { network, sites: Object.fromEntries(documents), nodes, clients, links };
    return pictureOf(indexOfDocument(document).index);
  });
}

function nameOf(site: number, node: number, length: number): string {
  return `n${site}-${node}-`.padEnd(length - 1, "mw-i").concat("x");
}

function rangesOf(site: number, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `10.${site}.${at}.0/24`);
}
