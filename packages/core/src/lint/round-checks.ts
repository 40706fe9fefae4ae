/** What is behind foreign devices, by the word of others, and whether it is sent round between them. */
import { hostAddressOf } from "../ip/endpoint.ts";
import { hasAddress, printPrefix, isHost } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import * as messages from "../messages/lint-pairs.ts";
import * as alone from "../messages/lint.ts";
import type { ForeignPeer } from "../read/foreign.ts";
import type { LintNode } from "./identities.ts";
import { hasMesh, lineWith } from "./scene.ts";
import type { Entry, Scene } from "./scene.ts";

/**
 * Packets go round where each of a circle says that one and the same prefix is behind the next. (Who
 * sends a wider one back has the narrower one on a link of its own.)
 */
export function checkRounds(scene: Scene): void {
  for (const entries of groupByPrefix(readClaims(scene))) {
    const nexts = new Map<LintNode | undefined, Entry>();
    for (const entry of entries) nexts.set(entry.peer.self, entry);
    const seen = new Set<LintNode>();
    for (const start of nexts.values()) {
      const way: Entry[] = [];
      let entry: Entry | undefined = start;
      while (entry !== undefined && !seen.has(entry.peer.self)) {
        seen.add(entry.peer.self);
        way.push(entry);
        entry = nexts.get(entry.peer.other);
      }
      const begin = entry === undefined ? -1 : way.indexOf(entry);
      if (begin >= 0) tellRound(scene, way.slice(begin), entries);
    }
  }
}

/** The one to whom most others send, or in whose network peers of its own are, is the one that has it. */
function tellRound(
  { findings, rounds }: Scene,
  round: readonly Entry[],
  all: readonly Entry[],
): void {
  const votes = round.map((entry) => {
    const senders = all.filter(({ peer }) => peer.other === entry.peer.self);
    const near = entry.peer.self.peers.filter(({ peer }) => isDialledIn(peer, entry.value));
    return { entry, votes: senders.length + near.length };
  });
  const [best, second] = votes.toSorted((one, other) => other.votes - one.votes);
  if (best === undefined || second === undefined) return;
  const { entry } = best;
  const prefix = printPrefix(entry.value);
  const against = all.find(({ peer }) => peer.other === entry.peer.self)?.place;
  for (const each of round) rounds.add(each);
  const spot = { place: entry.place, against };
  if (best.votes === second.votes) {
    const names = round.map(({ peer }) => peer.self.name);
    findings.push(messages.pathLoops(spot, prefix, names, undefined));
    return;
  }
  const fix = alone.replaceAllowedIps(prefix, lineWith(entry.peer, entry, []));
  findings.push(alone.ownPrefixOnPeer(spot, prefix, { prefix, peer: entry.peer.name }, fix));
}

function isDialledIn({ endpoint }: ForeignPeer, prefix: Prefix): boolean {
  const host = hostAddressOf(endpoint?.value);
  return host !== undefined && hasAddress(prefix, host);
}

/** Ranges that a device says are behind another: no single hosts, and nothing of the mesh itself. */
export function readClaims(scene: Scene, withAll = false): readonly Entry[] {
  return scene.tables.flatMap(({ entries }) =>
    entries.filter(({ value, peer: { other } }) => {
      if (other === undefined || isHost(value)) return false;
      return value.length === 0 ? withAll : !hasMesh(scene, value);
    }),
  );
}

function groupByPrefix(entries: readonly Entry[]): Iterable<readonly Entry[]> {
  return Map.groupBy(entries, ({ value }) => printPrefix(value)).values();
}
