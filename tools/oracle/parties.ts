/** Who is in a mesh and what each has, read from document and lock alone. */
import type { Address, Client, Lock, Mesh, Node, Prefix } from "@warren/core";
import type { Surroundings } from "./host.ts";
import type { Span } from "./spans.ts";
import { spanOf } from "./spans.ts";
import { printDoor } from "./world.ts";

/** A node, or a client at one of the nodes it enters through. */
export interface Party {
  /** Of its device. */
  readonly name: string;
  readonly publicKey: string;
  readonly addresses: readonly Address[];
  /** The node, or the one that the client enters through. */
  readonly home: Node;
  readonly client?: Client;
  /** Bounded ranges that are reached through it. */
  readonly subnets: readonly Span[];
  readonly surroundings: Surroundings;
}

export function readParties(mesh: Mesh, lock: Lock): readonly Party[] {
  const active = readActive(mesh);
  const nodes = mesh.nodes.map((home): Party => {
    const given = lock.nodes.get(home.name);
    return {
      name: home.name,
      publicKey: given?.publicKey ?? "",
      addresses: given?.addresses ?? [],
      home,
      subnets: active.get(home) ?? [],
      surroundings: readSurroundings(mesh, home),
    };
  });
  const entries = mesh.clients.flatMap((client) =>
    client.via.flatMap((via): Party[] => {
      const given = [...lock.entries].find(([id]) => id === `${client.name} ${via}`)?.[1];
      const home = mesh.nodes.find(({ name }) => name === via);
      if (given?.publicKey === undefined || home === undefined) return [];
      const name = client.via.length > 1 ? `${client.name}.${via}` : client.name;
      const { addresses, publicKey } = given;
      const surroundings = { addresses: [], near: [], doors: [], isPhone: true };
      return [{ name, publicKey, addresses, home, client, subnets: [], surroundings }];
    }),
  );
  return [...nodes, ...entries];
}

export function siteNetworks(mesh: Mesh, { site }: Node): readonly Prefix[] {
  return mesh.sites.find(({ name }) => name === site)?.networks ?? [];
}

function readSurroundings(mesh: Mesh, node: Node): Surroundings {
  const { endpoint, lan, listenPort, site, local } = node;
  const door = endpoint && { printed: printDoor({ port: listenPort, ...endpoint }) };
  const inner = lan &&
    site !== undefined && { printed: printDoor({ host: lan, port: listenPort }), from: site };
  return {
    addresses: lan === undefined ? [] : [lan],
    near: [...siteNetworks(mesh, node), ...local].map(spanOf),
    doors: [door, inner].filter((each) => each !== undefined && each !== false),
    isPhone: false,
  };
}

/** Of all who offer one range the first by metric, place among the gateways, and name. */
function readActive({ nodes, sites }: Mesh): ReadonlyMap<Node, readonly Span[]> {
  const rank = (node: Node): number => {
    const place = sites.find(({ name }) => name === node.site)?.gateways.indexOf(node.name) ?? -1;
    return place === -1 ? 1e6 : place;
  };
  const offers = nodes
    .flatMap((node) => node.subnets.map((subnet) => ({ node, ...subnet })))
    .filter(({ prefix }) => prefix.length > 0)
    .toSorted(
      (one, other) =>
        (one.metric ?? 0) - (other.metric ?? 0) ||
        rank(one.node) - rank(other.node) ||
        (one.node.name < other.node.name ? -1 : 1),
    );
  const isFirst = ({ prefix }: { prefix: Prefix }, at: number): boolean =>
    offers.findIndex(
      (each) =>
        each.prefix.family === prefix.family &&
        each.prefix.bits === prefix.bits &&
        each.prefix.length === prefix.length,
    ) === at;
  const owners = Map.groupBy(offers.filter(isFirst), ({ node }) => node);
  return new Map([...owners].map(([node, own]) => [node, own.map(({ prefix }) => spanOf(prefix))]));
}
