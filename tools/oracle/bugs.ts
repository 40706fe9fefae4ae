/** Bugs that a compiler of meshes can have, as changes to the text of ours: what the judge must catch. */

export interface Bug {
  readonly name: string;
  /** Below packages/core/src. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly find: string;
  readonly replace: string;
}

export const bugs: readonly Bug[] = [
  {
    name: "a node's second address is in nobody's list",
    file: "plan/member.ts",
    find: "const prefixes = [...given.addresses.map(hostPrefix),",
    replace: "const prefixes = [...given.addresses.slice(0, 1).map(hostPrefix),",
  },
  {
    name: "paths that are alike are told apart from where they start",
    file: "plan/paths.ts",
    find: "best.relax(edges.of(from.id), far, row, vertex.id);",
    replace:
      "best.relax({ ...edges.of(from.id), tie: from.name < vertex.name ? 0 : 1e15 }, far, row, vertex.id);",
  },
  {
    name: "neighbouring prefixes are merged into one that is too wide",
    file: "plan/allowed-ips.ts",
    find: "return { set, list: cover(set) };",
    replace:
      "return { set, list: cover(set).map((each) => each.length === 24 ? { ...each, bits: each.bits & ~511n, length: 23 } : each) };",
  },
  {
    name: "gateways that stand by carry, too",
    file: "plan/member.ts",
    find: "return isCarrying(node, site);",
    replace: "return node.relay || site?.gateways.includes(node.name) === true;",
  },
  {
    name: "what is carried has a way there and none back",
    file: "plan/allowed-ips.ts",
    find: "return isBarred ? undefined : this.#paths.next(self, other);",
    replace:
      "const next = this.#paths.next(self, other); return isBarred || (next !== other && self.node.name > other.node.name) ? undefined : next;",
  },
  {
    name: "prices are ignored",
    file: "plan/paths.ts",
    find: "edges.set(other.id, { cost, hops: 1, tie: tieOf(one.name, other.name) });",
    replace: "edges.set(other.id, { cost: 0, hops: 1, tie: tieOf(one.name, other.name) });",
  },
  {
    name: "prices are rounded to whole ones",
    file: "plan/edges.ts",
    find: "return Math.round((link?.costPerGiB ?? (isNear ? 0 : defaultCostPerGiB)) * COST_UNIT);",
    replace: "return Math.round(link?.costPerGiB ?? (isNear ? 0 : defaultCostPerGiB)) * COST_UNIT;",
  },
  {
    name: "of ways that cost the same the longer one is taken",
    file: "plan/weights.ts",
    find: "if (one.hops !== other.hops) return one.hops < other.hops;",
    replace: "if (one.hops !== other.hops) return one.hops > other.hops;",
  },
  {
    name: "what is denied goes through a third",
    file: "plan/allowed-ips.ts",
    find: "return isBarred ? undefined : this.#paths.next(self, other);",
    replace: "return this.#paths.next(self, other);",
  },
  {
    name: "what is denied gets to a carrier, and to who uses an exit",
    file: "plan/filter.ts",
    find: "const isListed = isCarrier(self) || self.node.exit !== undefined;",
    replace: "const isListed = false;",
  },
  {
    name: "of two links that are as specific the denial is ignored",
    file: "plan/edges.ts",
    find: 'if ((half.link.path === "deny") !== (otherHalf.link.path === "deny")) {',
    replace: "if (half === otherHalf) {",
  },
  {
    name: "everybody is sent out through an exit",
    file: "plan/allowed-ips.ts",
    find: "const isExit = self.node.exit === peer.node.name && peer.exits.length > 0;",
    replace: "const isExit = peer.exits.length > 0;",
  },
  {
    name: "a site's block is sent to a peer who reaches a part of it",
    file: "plan/allowed-ips.ts",
    find: "if (peer === undefined || others.length > 0) continue;",
    replace: "if (peer === undefined) continue;",
  },
  {
    name: "what goes another way is not taken out of a reach",
    file: "plan/allowed-ips.ts",
    find: "const nearer = [...site.networks, ...this.#network.addresses, ...elsewhere];",
    replace:
      "const nearer = [...site.networks, ...this.#network.addresses, ...elsewhere.slice(0, 0)];",
  },
  {
    name: "a node's own ranges are left in its lists",
    file: "plan/member.ts",
    find: "own: [...prefixes, ...bounded, ...node.local, ...lan, ...siteNetworks],",
    replace: "own: [...prefixes, ...bounded, ...lan, ...siteNetworks],",
  },
  {
    name: "of several owners the one with the highest metric is active",
    file: "model/subnets.ts",
    find: "(one, other) => metricOf(one) - metricOf(other) ||",
    replace: "(one, other) => metricOf(other) - metricOf(one) ||",
  },
  {
    name: "strangers dial a node at its LAN address",
    file: "plan/dial.ts",
    find: ": other.publicEndpoint;",
    replace: ": (other.publicEndpoint ?? other.lanEndpoint);",
  },
  {
    name: "rules are taken the wrong way around",
    file: "plan/policy.ts",
    find: "return { from: select(from), to: select(to), ports };",
    replace: "return { from: select(to), to: select(from), ports };",
  },
  {
    name: "ports of rules are ignored",
    file: "plan/policy.ts",
    find: "return { from: select(from), to: select(to), ports };",
    replace: "return { from: select(from), to: select(to), ports: ports.slice(0, 0) };",
  },
  {
    name: "a tunnel that only others need is not made",
    file: "plan/traffic.ts",
    find: " || this.#passed.has(key);",
    replace: ";",
  },
  {
    name: "clients with less are not confined",
    file: "plan/filter.ts",
    find: ".filter(isConfined)",
    replace: ".filter((entry) => isConfined(entry) && false)",
  },
];
