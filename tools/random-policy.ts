/** Random policies for properties, with the meshes, clients and exits that they are about. */
import * as core from "@warren/core";
import fc from "fast-check";
import { sampleKey } from "./sample.ts";

/** A document that has every address written down, and the clients' as the lock would have them. */
export interface PolicyDocument {
  readonly network: { readonly name: string; readonly addresses: readonly string[] } & Record<
    string,
    unknown
  >;
  readonly sites: Readonly<Record<string, { readonly gateways: readonly string[] }>>;
  readonly nodes: Readonly<Record<string, PolicyNode>>;
  readonly clients: Readonly<Record<string, PolicyClient>>;
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly policy?: readonly PolicyRule[];
}

export interface PolicyNode {
  readonly address: readonly string[];
  readonly endpoint: string;
  readonly subnets: readonly string[];
  readonly tags: readonly string[];
  readonly relay: boolean;
  readonly site?: string;
  readonly exit?: string;
}

export interface PolicyClient {
  readonly via: readonly string[];
  readonly access: readonly string[];
  readonly tags: readonly string[];
  readonly exit?: string;
}

export interface PolicyRule {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly ports: readonly string[];
}

const NODES = ["n0", "n1", "n2"];

/** Three nodes, up to two clients, nested groups, tags, sites, exits; always both families. */
export function policyDocuments(): fc.Arbitrary<PolicyDocument> {
  return fc
    .record({
      nodes: fc.tuple(...NODES.map((_, at) => nodes(at))),
      clients: fc.array(clients(), { maxLength: 2 }),
      groups: fc.array(fc.array(selectors([]), { minLength: 1, maxLength: 3 }), { maxLength: 2 }),
      gateways: fc.subarray(NODES),
      rules: fc.option(rawRules(), { nil: undefined, freq: 8 }),
      interface: fc.constantFrom("wg0", "a-b_c=d+e.f"),
    })
    .map(({ nodes: drawn, clients: guests, groups, gateways, rules, ...network }) => ({
      network: { name: "random", addresses: ["10.0.0.0/24", "fd00::/64"], ...network },
      sites: { s0: { gateways: gateways.filter((name) => drawn[Number(name[1])]?.site === "s0") } },
      nodes: Object.fromEntries(
        drawn.map((node, at) => [`n${at}`, leaving(node, drawn, at, gateways)]),
      ),
      clients: Object.fromEntries(guests.map((guest, at) => [`c${at}`, allowed(guest, drawn)])),
      // Where there are two, the first holds the second.
      groups: Object.fromEntries(
        groups.map((members, at) => [`g${at}`, groups[at + 1] ? [...members, "g1"] : members]),
      ),
      ...(rules === undefined
        ? {}
        : { policy: rules.map((rule) => known(rule, guests.length, groups.length)) }),
    }));
}

/** The mesh, its lock and index; the clients get fixed addresses, and c1 no key at every other node. */
export function indexOfPolicy(document: PolicyDocument): {
  readonly mesh: core.Mesh;
  readonly lock: core.Lock;
  readonly index: core.Index;
} {
  const diagnostics = new core.Diagnostics();
  const mesh = core.parseMesh(document, diagnostics);
  if (mesh !== undefined) core.checkMesh(mesh, diagnostics);
  if (mesh === undefined || diagnostics.hasErrors) {
    throw new Error(JSON.stringify(diagnostics.list, undefined, 1));
  }
  const nodes = mesh.nodes.map(({ name, addresses }) => {
    return [name, { addresses, publicKey: sampleKey(name) }] as const;
  });
  const entries = mesh.clients.flatMap(({ name, via }) =>
    via.map((node) => {
      const addresses = clientAddresses(name, node).flatMap((text) => {
        const address = core.parseAddress(text);
        return address instanceof core.Problem ? [] : [address];
      });
      const key = hasKey(name, node) ? { publicKey: sampleKey(`${name} ${node}`) } : {};
      return [core.entryId(name, node), { addresses, ...key }] as const;
    }),
  );
  const lock = { ...core.EMPTY_LOCK, nodes: new Map(nodes), entries: new Map(entries) };
  return { mesh, lock, index: core.index(mesh, lock) };
}

/** c0 by n1: 10.0.0.101. */
export function clientAddresses(client: string, via: string): readonly string[] {
  const last = `1${client.slice(1)}${via.slice(1)}`;
  return [`10.0.0.${last}`, `fd00::${last}`];
}

export function hasKey(client: string, via: string): boolean {
  return client === "c0" || via !== "n1";
}

function nodes(at: number): fc.Arbitrary<PolicyNode> {
  return fc.record(
    {
      address: fc.constant([`10.0.0.${at + 1}`, `fd00::${at + 1}`]),
      endpoint: fc.constant(`198.51.100.${at + 1}`),
      subnets: fc.subarray([`192.168.${at}.0/24`, `fd01:0:0:${at}::/64`, "0.0.0.0/0", "::/0"]),
      tags: fc.subarray(["x", "y"]),
      relay: fc.boolean(),
      site: fc.constantFrom("s0"),
      exit: fc.constantFrom(...NODES),
    },
    { requiredKeys: ["address", "endpoint", "subnets", "tags", "relay"] },
  );
}

function clients(): fc.Arbitrary<PolicyClient> {
  return fc.record(
    {
      via: fc.subarray(NODES, { minLength: 1 }),
      access: fc.subarray(["nodes", "subnets", "exit", "all-but-lan"], { minLength: 1 }),
      tags: fc.subarray(["x", "z"]),
      exit: fc.constantFrom(...NODES),
    },
    { requiredKeys: ["via", "access", "tags"] },
  );
}

function selectors(more: readonly string[]): fc.Arbitrary<string> {
  const prefixes = ["10.0.0.0/24", "10.0.0.2/31", "192.168.0.0/16", "192.168.1.0/25", "8.0.0.0/8"];
  const wide = ["fd00::/64", "fd01::/32", "fd01:0:0:1::80", "2001:db8::/32", "0.0.0.0/0", "::/0"];
  return fc.constantFrom(...NODES, "s0", "tag:x", ...prefixes, ...wide, ...more);
}

function rawRules(): fc.Arbitrary<readonly PolicyRule[]> {
  const ends = fc.array(selectors(["c0", "c1", "g0", "g1", "tag:y", "tag:z"]), {
    minLength: 1,
    maxLength: 3,
  });
  const ports = fc.subarray(["tcp/22", "tcp/20-80", "udp/*", "udp/53", "icmp"]);
  return fc.array(fc.record({ from: ends, to: ends, ports }), { maxLength: 4 });
}

/** An exit must be one, and neither itself nor a carrier leaves through another. */
function leaving(
  { exit, ...rest }: PolicyNode,
  all: readonly PolicyNode[],
  at: number,
  gateways: readonly string[],
): PolicyNode {
  // Words that a rule selects by must be somebody's.
  const node = at === 0 ? { ...rest, tags: ["x", "y", "z"] } : rest;
  const isCarrier = node.relay || gateways.includes(`n${at}`);
  const isKept = exit !== undefined && isExit(all, exit) && !hasWhole(node) && !isCarrier;
  return isKept ? { ...node, exit } : node;
}

/** What a client leaves through it enters by. */
function allowed({ exit, ...client }: PolicyClient, all: readonly PolicyNode[]): PolicyClient {
  const isLeaving = client.via.every((name) => isExit(all, name));
  const access = client.access.filter((word) => isLeaving || /^(nodes|subnets)$/.test(word));
  const rest = { ...client, access: access.length === 0 ? ["nodes"] : access };
  const isKept = exit !== undefined && client.via.includes(exit) && isExit(all, exit);
  return isKept ? { ...rest, exit } : rest;
}

function isExit(all: readonly PolicyNode[], name: string): boolean {
  const node = all[Number(name.slice(1))];
  return node !== undefined && hasWhole(node);
}

function hasWhole({ subnets }: PolicyNode): boolean {
  return subnets.some((range) => range.endsWith("/0"));
}

/** Names of clients and groups that were not drawn become a node's. */
function known(rule: PolicyRule, clientCount: number, groupCount: number): PolicyRule {
  const keep = (words: readonly string[]): readonly string[] =>
    words.map((word) => {
      const count = word.startsWith("c") ? clientCount : groupCount;
      return /^[cg]\d$/.test(word) && Number(word[1]) >= count ? "n1" : word;
    });
  return { ...rule, from: keep(rule.from), to: keep(rule.to) };
}
