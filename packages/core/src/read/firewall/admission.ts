/** A rule by which a packet passes where others' rules drop it, in the words of the program that keeps them. */
import type { FirewallNeed } from "./needs.ts";
import type { Table } from "./walk.ts";

/** A rule in front of what drops, by which the packet passes, for a program that puts it there itself. */
export interface Admission {
  readonly program: Table["program"];
  /** In nft's words: ip, ip6 or inet. */
  readonly family: string;
  readonly table: string;
  /** Docker's own is for its user's rules. */
  readonly chain: string;
  /** As the program wants it written; an interface stands in quotes for nft alone. */
  readonly match: readonly string[];
  /** By which its owner knows it, and this judge that it is not there for anybody else. */
  readonly comment: string;
}

/** `isRouted`: whether it is known there where the packet will go. */
export function admissionOf(
  place: Pick<Admission, "program" | "family" | "table" | "chain">,
  need: FirewallNeed,
  isRouted: boolean,
): Admission {
  const match = place.program === "nft" ? nftMatch(need, isRouted) : iptablesMatch(need, isRouted);
  const what = need.kind === "input" ? `port-${need.port}` : need.kind === "back" ? "back" : "in";
  return { ...place, match, comment: `${admissionComment(need.interface)}${what}` };
}

/** How the comments of all rules begin that are for an interface. */
export function admissionComment(own: string): string {
  return `warren ${own} `;
}

function nftMatch(need: FirewallNeed, isRouted: boolean): readonly string[] {
  const own = `"${need.interface}"`;
  if (need.kind === "input") return ["udp", "dport", String(need.port)];
  if (need.kind !== "back") return ["iifname", own];
  return [...(isRouted ? ["oifname", own] : []), "ct", "state", "established,related"];
}

function iptablesMatch(need: FirewallNeed, isRouted: boolean): readonly string[] {
  const own = need.interface;
  if (need.kind === "input") return ["-p", "udp", "--dport", String(need.port)];
  if (need.kind !== "back") return ["-i", own];
  const reply = ["-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED"];
  return [...(isRouted ? ["-o", own] : []), ...reply];
}
