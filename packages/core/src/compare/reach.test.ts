/** Who reaches whom, against brute force over the document. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isIn, isPermitted } from "../../../../tools/policy-oracle.ts";
import { indexOfPolicy, policyDocuments } from "../../../../tools/random-policy.ts";
import type { PolicyDocument } from "../../../../tools/random-policy.ts";
import { runs } from "../../../../tools/runs.ts";
import { Reach } from "./reach.ts";

/** One of each part that the random policies divide. */
const ADDRESSES = [
  ["10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1", "fd00::2", "fd00::3"],
  ["192.168.0.7", "192.168.0.200", "192.168.1.7", "192.168.1.200", "192.168.2.7"],
  ["fd01::7", "fd01:0:0:1::80", "fd01:0:0:1::81", "fd01:0:0:2::7"],
].flat();
const PACKETS = [
  { protocol: "tcp", port: 22 },
  { protocol: "tcp", port: 80 },
  { protocol: "tcp", port: 81 },
  { protocol: "udp", port: 53 },
  { protocol: "udp", port: 54 },
  { protocol: "icmp", port: 0 },
  { protocol: "gre", port: 0 },
] as const;

type Sent = (typeof PACKETS)[number];

function addressesOf({ nodes }: PolicyDocument, name: string): readonly string[] {
  const { address = [], subnets = [] } = nodes[name] ?? {};
  const ranges = subnets.filter((range) => !range.endsWith("/0"));
  return ADDRESSES.filter(
    (each) => address.includes(each) || ranges.some((range) => isIn(each, range)),
  );
}

function mayStart(document: PolicyDocument, source: string, target: string, sent: Sent): boolean {
  const [sources, targets] = [addressesOf(document, source), addressesOf(document, target)];
  return sources.some((from) =>
    targets.some((to) => {
      // A packet has one family.
      if (from.includes(":") !== to.includes(":")) return false;
      return isPermitted(document, { from, to, ...sent });
    }),
  );
}

/** Whether a list such as `tcp/20-80, udp/*, icmp` holds it. */
function isListed(list: string, { protocol, port }: Sent): boolean {
  if (list === "*") return true;
  return list.split(", ").some((each) => {
    const [name, range] = each.split("/");
    if (name !== protocol) return false;
    const [first, last = first] = (range === "*" || range === undefined ? "0-65535" : range)
      .split("-")
      .map(Number);
    return port >= (first ?? 0) && port <= (last ?? 0);
  });
}

test("Reach knows what each node may start towards each other", () => {
  fc.assert(
    fc.property(policyDocuments(), (document) => {
      const { mesh, lock } = indexOfPolicy(document);
      const reach = new Reach(mesh, lock);
      const nodes = reach.claims.owners.filter(({ node }) => node !== undefined);
      const wrong = nodes.flatMap((source) =>
        nodes
          .filter((target) => target !== source)
          .flatMap((target) =>
            PACKETS.flatMap((sent) => {
              const list = reach.between(source, target);
              const said = list !== undefined && isListed(list, sent);
              const expected = mayStart(document, source.name, target.name, sent);
              return said === expected
                ? []
                : [{ source: source.name, target: target.name, sent, list }];
            }),
          ),
      );
      expect(wrong).toEqual([]);
    }),
    runs(20, 40),
  );
});
