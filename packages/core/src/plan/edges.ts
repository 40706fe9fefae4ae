/** Between which two nodes a tunnel can be, and what it costs: the links of the mesh and who can dial. */
import type { Link, Network } from "../model/mesh.ts";
import { endpointFor, isNeighbour } from "./dial.ts";
import type { Member } from "./member.ts";

/** A price has at most six digits behind the point. */
const COST_UNIT = 1_000_000;

/** What is special between two nodes, if anything. */
export type LinkBetween = (one: Member, other: Member) => Link | undefined;

/**
 * The most specific link of two nodes: one that names both, then one that names a node and a site,
 * then one of two sites. Of two that are as specific, deny wins, else the first of the document.
 */
export function readLinks(links: readonly Link[]): LinkBetween {
  if (links.length === 0) return () => undefined;
  const known = new Map<string, { readonly link: Link; readonly at: number }>();
  for (const [at, link] of links.entries()) {
    const [one, other] = link.between;
    known.set(`${one} ${other}`, { link, at });
    known.set(`${other} ${one}`, { link, at });
  }
  return (one, other) => {
    const [a, b] = [one.node, other.node];
    const exact = known.get(`${a.name} ${b.name}`);
    if (exact !== undefined) return exact.link;
    const half = known.get(`${a.name} ${b.site ?? ""}`);
    const otherHalf = known.get(`${a.site ?? ""} ${b.name}`);
    if (half !== undefined && otherHalf !== undefined) {
      if ((half.link.path === "deny") !== (otherHalf.link.path === "deny")) {
        return half.link.path === "deny" ? half.link : otherHalf.link;
      }
      return half.at < otherHalf.at ? half.link : otherHalf.link;
    }
    return (half ?? otherHalf ?? known.get(`${a.site ?? ""} ${b.site ?? ""}`))?.link;
  };
}

/** What a tunnel between the two costs; undefined when there can be none. The same both ways. */
export function edgeCost(
  { defaultCostPerGiB }: Network,
  linkBetween: LinkBetween,
  one: Member,
  other: Member,
): number | undefined {
  const link = linkBetween(one, other);
  const isNear = isNeighbour(one, other);
  if (!isAdmitted(link?.path ?? (isNear ? "direct" : "auto"), one, other)) return undefined;
  return Math.round((link?.costPerGiB ?? (isNear ? 0 : defaultCostPerGiB)) * COST_UNIT);
}

function isAdmitted(path: Link["path"], one: Member, other: Member): boolean {
  const isDialled = endpointFor(one, other) !== undefined;
  const isDialledBack = endpointFor(other, one) !== undefined;
  if (path === "deny" || (!isDialled && !isDialledBack)) return false;
  if (path === "gateway") return isOwnGateway(one) && isOwnGateway(other);
  // Inside a site there is nothing to be saved by a detour.
  if (path === "direct" || isNeighbour(one, other)) return true;
  return (isDialled || isOwnGateway(other)) && (isDialledBack || isOwnGateway(one));
}

/** Whether nobody else speaks for it towards other sites. */
function isOwnGateway({ node, site }: Member): boolean {
  const gateway = site?.gateways[0];
  return gateway === undefined || gateway === node.name;
}

/**
 * A number for the edge between two places, from their names alone, so that no other node's coming or
 * going changes it: 40 bits of two rounds of FNV-1a, low enough that 8,000 of them add up exactly.
 */
export function tieOf(one: string, other: string): number {
  const text = one < other ? `${one} ${other}` : `${other} ${one}`;
  let high = 0x811c9dc5;
  let low = 0x01000193;
  for (let at = 0; at < text.length; at += 1) {
    high = Math.imul(high ^ text.charCodeAt(at), 0x01000193);
    low = Math.imul(low ^ (high >>> 11) ^ text.charCodeAt(at), 0x85ebca6b);
  }
  return (high >>> 0) * 256 + (low >>> 24);
}
