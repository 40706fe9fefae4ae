/** Every field of warren.yaml, with its form and what it is for: parser and JSON Schema are this table. */
import { say } from "../phrase.ts";
import { parseAddress } from "../ip/address.ts";
import { parseEndpoint } from "../ip/endpoint.ts";
import { parsePublicKey } from "./keys.ts";
import type { Subnet } from "./mesh.ts";
import { parseHook, parseInterfaceName, parseName, parseTag } from "./names.ts";
import { choice, fields, flag, list, mapped, number, optional, pair } from "./shape.ts";
import { plainOrMapping, record, required, text } from "./shape.ts";
import type { JsonSchema } from "./shape.ts";
import { parseDomain, parseFwmark, parseLine, parsePortRange } from "./words.ts";
import { parseRange, parseSelector, parseSshTarget, parseTable } from "./words.ts";

/** What is a number to people is one to their editors, too. */
const NUMERIC: JsonSchema = { type: ["string", "integer"] };

const name = text(parseName, { pattern: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" });
const address = text(parseAddress);
const prefix = text(parseRange);
const interfaceName = text(parseInterfaceName, { pattern: "^[a-zA-Z0-9_=+.-]{1,15}$" });
const publicKey = text(parsePublicKey, { pattern: "^[A-Za-z0-9+/]{43}=$" });
const tags = list(text(parseTag));
const selectors = list(text(parseSelector));
const portRange = text(parsePortRange);
const hooks = list(text(parseHook));
const port = number({ min: 1, max: 65535 });
/** 576 is the least that every IPv4 host must take (RFC 791); 65535 the most that a packet can have. */
const mtu = number({ min: 576, max: 65535, unit: say`bytes` });
/** WireGuard's field has 16 bits. */
const keepalive = number({ min: 0, max: 65535, unit: say`seconds (0: never)` });
const firewall = choice("nftables", "iptables", "off");
const cost = number({ min: 0, max: 1_000_000, isWhole: false });

const network = fields({
  name: required(name, "The mesh's name; also its DNS zone, NAME.internal."),
  addresses: required(list(prefix), "The mesh's ranges. A node has one address of each family."),
  interface: optional(interfaceName, "The WireGuard interface on every node (warren0)."),
  listenPort: optional(port, "The UDP port that nodes listen on (51820)."),
  underlayMtu: optional(mtu, "MTU of the network below the tunnels (1500)."),
  mtu: optional(mtu, "MTU of the tunnels (computed: the least over the hops)."),
  keepalive: optional(keepalive, "Seconds between keepalives, where one is needed (25)."),
  presharedKeys: optional(flag(), "A preshared key of its own for every pair (true)."),
  firewall: optional(firewall, "What loads rules on the hosts (nftables)."),
  dns: optional(text(parseDomain), "The zone of the names in out/hosts (NAME.internal)."),
  defaultCostPerGiB: optional(cost, "The price of a link that names none (1)."),
});

const subnetFields = fields({
  prefix: required(prefix, "The range behind the node."),
  masquerade: optional(flag(), "Packets from the tunnel get the node's own address there (true)."),
  interface: optional(text(parseInterfaceOrAuto), "The interface towards the range (auto)."),
  metric: optional(number({ min: 0, max: 65535 }), "Of several owners the lowest is active."),
  probe: optional(address, "An address there that tells whether the range is reachable."),
});

const subnet = plainOrMapping(
  mapped(prefix, (prefix): Subnet => ({ prefix, masquerade: true })),
  mapped(subnetFields, ({ interface: towards, ...rest }): Subnet => ({
    masquerade: true,
    ...rest,
    ...(towards === undefined || towards === "auto" ? {} : { interface: towards }),
  })),
);

const node = fields({
  address: optional(list(address), "Its address in the mesh (the lowest free one, for life)."),
  endpoint: optional(
    text(parseEndpoint),
    "host or host:port where it can be dialled from outside.",
  ),
  site: optional(name, "The site it is in."),
  lan: optional(address, "Its underlay address, which nodes of the same site dial."),
  subnets: optional(list(subnet), "Private networks behind it that the mesh reaches through it."),
  exit: optional(name, "The node whose 0.0.0.0/0 or ::/0 it uses."),
  local: optional(list(prefix), "Ranges used on the host itself (docker, pods): never tunnelled."),
  relay: optional(flag(), "Carries others' traffic (false)."),
  tags: optional(tags, "Words that policy selects by."),
  publicKey: optional(publicKey, "When its private key is kept elsewhere."),
  listenPort: optional(port, "The UDP port it listens on."),
  underlayMtu: optional(mtu, "MTU of the network below its tunnels."),
  mtu: optional(mtu, "MTU of its tunnel interface."),
  keepalive: optional(keepalive, "Seconds between its keepalives, where one is needed."),
  fwmark: optional(
    text(parseFwmark, NUMERIC),
    "Mark of its encrypted packets, for policy routing.",
  ),
  table: optional(
    text(parseTable, NUMERIC),
    "Routing table of its tunnel routes: auto, off or a number.",
  ),
  firewall: optional(firewall, "What loads rules on this host."),
  ssh: optional(text(parseSshTarget), "user@host:port, where it is not the endpoint's host."),
  hooks: optional(
    fields({
      preUp: optional(hooks, "Commands before the interface is up; %i is its name."),
      postUp: optional(hooks, "Commands once it is up."),
      preDown: optional(hooks, "Commands before it goes down."),
      postDown: optional(hooks, "Commands once it is down."),
    }),
    "Commands that wg-quick runs.",
  ),
});

const client = fields({
  via: required(list(name), "The node it enters through, or several: one file each."),
  access: optional(list(choice("nodes", "subnets", "exit", "all-but-lan")), "What it reaches."),
  exit: optional(name, "The node whose exit it uses."),
  dns: optional(flag(), "Ask the node that it enters through for names (false)."),
  address: optional(list(address), "Its address in the mesh, where it has one way in."),
  tags: optional(tags, "Words that policy selects by."),
  publicKey: optional(publicKey, "When its private key is kept elsewhere."),
});

const site = fields({
  network: optional(list(prefix), "The private network that its nodes share."),
  addresses: optional(list(prefix), "Its own block of mesh addresses."),
  gateways: optional(list(name), "Nodes that carry its traffic to other sites, in order."),
  reach: optional(list(prefix), "Ranges its nodes send to their gateway, minus what is nearer."),
  underlayMtu: optional(mtu, "MTU of its private network."),
  cloud: optional(text(parseLine), "What its machines are made of."),
});

const link = fields({
  between: required(pair(name), "Two sites or nodes."),
  path: optional(choice("auto", "direct", "gateway", "deny"), "How traffic goes (auto)."),
  costPerGiB: optional(cost, "What a GiB costs between them."),
});

const rule = fields({
  from: required(selectors, "Names, groups, tag:WORD or prefixes that may start."),
  to: required(selectors, "Names, groups, tag:WORD or prefixes that may be reached."),
  ports: optional(list(portRange), "tcp/22, tcp/1000-2000, udp/*, icmp; absent: all."),
});

const policyTest = fields({
  from: required(text(parseSelector), "Who starts."),
  to: required(text(parseSelector), "Who is to be reached."),
  port: optional(portRange, "With what; absent: any."),
  expect: required(choice("allow", "deny"), "What the policy must say."),
});

export const meshShape = fields({
  network: required(network, "The mesh as a whole."),
  nodes: required(record(parseName, node), "Hosts, by name."),
  sites: optional(record(parseName, site), "Places whose nodes share a private network, by name."),
  links: optional(list(link), "What is special between two sites or nodes."),
  clients: optional(record(parseName, client), "Devices without an agent: phones, laptops."),
  groups: optional(record(parseName, selectors), "Names for several, for use in policy."),
  policy: optional(list(rule), "Absent: all may talk to all. Present: only what is listed."),
  tests: optional(list(policyTest), "What the policy must say; checked with every check."),
});

/** What stands in a document, field by field, before defaults. */
export type Written = typeof meshShape extends { read(...args: never[]): (infer T) | undefined }
  ? NonNullable<T>
  : never;

/** JSON Schema (2020-12) of warren.yaml, for editors. */
export function meshSchema(): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "warren.yaml",
    description: "A WireGuard mesh, as Warren compiles it.",
    ...meshShape.schema,
  };
}

function parseInterfaceOrAuto(text: string): ReturnType<typeof parseInterfaceName> | "auto" {
  return text === "auto" ? text : parseInterfaceName(text);
}
