/**
 * Reads a mesh out of a document's value: the only place where defaults are filled in. Never throws
 * for what a user wrote; holds no form of a field (tables.ts) and no rule across fields (rules.ts).
 */
import type { Diagnostics } from "../diagnostics.ts";
import type { Client, Mesh, Network, Node, Site } from "./mesh.ts";
import type { InterfaceName, Name } from "./names.ts";
import { meshShape } from "./tables.ts";
import type { Written } from "./tables.ts";

const INTERFACE = "warren0" as InterfaceName;
/** WireGuard's usual port. */
const LISTEN_PORT = 51820;
/** Ethernet's; clouds with less say so in their site or node. */
const UNDERLAY_MTU = 1500;
/** 25 s: below the 30 s after which common NATs forget a UDP mapping. */
const KEEPALIVE_SECONDS = 25;

/**
 * The mesh in a document's value (what a YAML or JSON reader made of it), or undefined when its
 * form is wrong: `diagnostics` then says where. Its names may still contradict each other: checkMesh.
 */
export function parseMesh(document: unknown, diagnostics: Diagnostics): Mesh | undefined {
  const written = meshShape.read(document, [], diagnostics);
  if (written === undefined || diagnostics.hasErrors) return undefined;
  const { sites = [], clients = [], groups = [], links = [], policy, tests = [] } = written;
  const network = fillNetwork(written.network);
  const underlays = new Map(sites.map(([name, { underlayMtu }]) => [name, underlayMtu]));
  return {
    network,
    nodes: written.nodes.map(([name, node]) => {
      const siteMtu = node.site === undefined ? undefined : underlays.get(node.site);
      return fillNode(name, node, { ...network, underlayMtu: siteMtu ?? network.underlayMtu });
    }),
    sites: sites.map(([name, site]) => fillSite(name, site)),
    clients: clients.map(([name, client]) => fillClient(name, client)),
    groups: groups.map(([name, members]) => ({ name, members })),
    links: links.map((link) => ({ path: "auto", ...link })),
    ...(policy === undefined ? {} : { policy: policy.map((rule) => ({ ports: [], ...rule })) }),
    tests,
  };
}

type WrittenEntry<K extends "nodes" | "sites" | "clients"> = NonNullable<Written[K]>[number][1];

function fillNetwork({ keepalive = KEEPALIVE_SECONDS, ...written }: Written["network"]): Network {
  return {
    interface: INTERFACE,
    listenPort: LISTEN_PORT,
    underlayMtu: UNDERLAY_MTU,
    keepaliveSeconds: keepalive,
    presharedKeys: true,
    firewall: "nftables",
    dns: `${written.name}.internal`,
    defaultCostPerGiB: 1,
    ...written,
  };
}

function fillNode(name: Name, written: WrittenEntry<"nodes">, network: Network): Node {
  const { address = [], keepalive = network.keepaliveSeconds, table, hooks, ...rest } = written;
  return {
    name,
    addresses: address,
    subnets: [],
    local: [],
    relay: false,
    tags: [],
    listenPort: network.listenPort,
    underlayMtu: network.underlayMtu,
    firewall: network.firewall,
    ...(network.mtu === undefined ? {} : { mtu: network.mtu }),
    ...rest,
    keepaliveSeconds: keepalive,
    ...(table === undefined || table === "auto" ? {} : { table }),
    hooks: { preUp: [], postUp: [], preDown: [], postDown: [], ...hooks },
  };
}

function fillSite(name: Name, written: WrittenEntry<"sites">): Site {
  const { network = [], underlayMtu: _, ...rest } = written;
  return { name, networks: network, addresses: [], gateways: [], reach: [], ...rest };
}

function fillClient(name: Name, written: WrittenEntry<"clients">): Client {
  const { address = [], ...rest } = written;
  return { name, addresses: address, access: ["nodes", "subnets"], dns: false, tags: [], ...rest };
}
