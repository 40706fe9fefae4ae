/** Reads off the index what a drawing shows: its nodes, their tunnels, and what these carry. */
import { printAddress } from "../ip/address.ts";
import { printEndpoint } from "../ip/endpoint.ts";
import { printPrefix } from "../ip/prefix.ts";
import { entrancesOf } from "../model/entrances.ts";
import { isNeighbour } from "../plan/dial.ts";
import { readLinks } from "../plan/edges.ts";
import type { LinkBetween } from "../plan/edges.ts";
import { activeRanges, isCarrier } from "../plan/member.ts";
import type { Member } from "../plan/member.ts";
import type { Index } from "../plan/members.ts";
import { bundlesOf } from "./bundles.ts";
import { placesOf } from "./places.ts";
import type {
  Counts,
  LinkKind,
  Picture,
  PicturedClient,
  PicturedLink,
  PicturedNode,
} from "./picture.ts";

/** O(N²): every pair is asked for its way. */
export function pictureOf(index: Index): Picture {
  const { members, mesh } = index;
  const linkBetween = readLinks(mesh.links);
  const { carries, counts } = countWays(index);
  const links: PicturedLink[] = [];
  for (const [at, one] of members.entries()) {
    for (const other of members.slice(at + 1)) {
      if (!isTunnel(index, one, other)) continue;
      const load = carries.get(one)?.get(other) ?? 0;
      links.push(linkOf(linkBetween, one, other, load));
    }
  }
  const nodes = members.map(nodeOf);
  const places = placesOf(mesh, nodes);
  return {
    name: mesh.network.name,
    counts: { tunnels: links.length, ...counts },
    places,
    nodes,
    clients: clientsOf(index),
    links,
    bundles: bundlesOf(places, links),
    denials: mesh.links.filter(({ path }) => path === "deny").map(({ between }) => between),
  };
}

function isTunnel({ paths, traffic }: Index, one: Member, other: Member): boolean {
  return paths.next(one, other) === other && traffic.isUsed(one, other);
}

/** By the two ends in their order, how many pairs a tunnel carries. */
type Loads = ReadonlyMap<Member, ReadonlyMap<Member, number>>;

function countWays({ members, paths, traffic }: Index): {
  readonly carries: Loads;
  readonly counts: Omit<Counts, "tunnels">;
} {
  const carries = new Map(members.map((member) => [member, new Map<Member, number>()]));
  const order = new Map(members.map((member, at) => [member, at]));
  let carried = 0;
  let apart = 0;
  for (const [at, one] of members.entries()) {
    for (const other of members.slice(at + 1)) {
      const next = traffic.isAllowed(one, other) ? paths.next(one, other) : undefined;
      if (next === undefined) apart += 1;
      if (next === undefined || next === other) continue;
      carried += 1;
      let from = one;
      for (const to of paths.way(one, other)) {
        const isForth = (order.get(from) ?? 0) < (order.get(to) ?? 0);
        const loads = carries.get(isForth ? from : to);
        const end = isForth ? to : from;
        loads?.set(end, (loads.get(end) ?? 0) + 1);
        from = to;
      }
    }
  }
  return { carries, counts: { carried, apart } };
}

function linkOf(
  linkBetween: LinkBetween,
  one: Member,
  other: Member,
  carries: number,
): PicturedLink {
  const cost = linkBetween(one, other)?.costPerGiB;
  const isLan = isNeighbour(one, other) && (one.lanEndpoint ?? other.lanEndpoint) !== undefined;
  const kind: LinkKind = isLan ? "lan" : carries > 0 ? "carrier" : "public";
  return {
    between: [one.node.name, other.node.name] as const,
    kind,
    carries,
    ...(cost === undefined ? {} : { costPerGiB: cost }),
  };
}

function nodeOf(member: Member): PicturedNode {
  const { node, addresses, publicEndpoint, exits } = member;
  const active = new Set([...activeRanges(member), ...exits]);
  return {
    name: node.name,
    kind: node.relay ? "relay" : isCarrier(member) ? "gateway" : "node",
    ...(node.site === undefined ? {} : { site: node.site }),
    addresses: addresses.map(({ address }) => printAddress(address)),
    ...(publicEndpoint === undefined ? {} : { endpoint: printEndpoint(publicEndpoint) }),
    ...(node.lan === undefined ? {} : { lan: printAddress(node.lan) }),
    subnets: node.subnets.map(({ prefix }) => {
      return { prefix: printPrefix(prefix), standsBy: !active.has(prefix) };
    }),
  };
}

function clientsOf({ mesh, entries }: Index): readonly PicturedClient[] {
  const known = new Map(entries.map((entry) => [entry.id, entry]));
  return entrancesOf(mesh).map(({ id, name, via }) => {
    const addresses = known.get(id)?.addresses ?? [];
    return { name, via, addresses: addresses.map(({ address }) => printAddress(address)) };
  });
}
