/** What is behind foreign devices: that it is behind one of them, does not go round, and is passed on. */
import type { Family } from "../ip/address.ts";
import { printAddress } from "../ip/address.ts";
import { hasAddress, hostPrefix, isOverlapping, printPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import * as messages from "../messages/lint-pairs.ts";
import * as alone from "../messages/lint.ts";
import type { ForeignDevice } from "../read/foreign.ts";
import { isRouted } from "./device-checks.ts";
import type { LintNode } from "./identities.ts";
import { addressesOf, lineWith, onLinkRanges } from "./scene.ts";
import type { Entry, Scene } from "./scene.ts";
import type { Passage } from "./way-checks.ts";

export function checkRanges(scene: Scene): void {
  const claims = readClaims(scene);
  checkRounds(scene, claims);
  checkOverlaps(scene, claims);
  checkMeshRanges(scene);
  checkLeaks(scene);
}

/** Who passes on what others send, or has a range behind it, must forward. */
export function checkForwarding(scene: Scene, passages: readonly Passage[]): void {
  const told = new Set<string>();
  const behind = readClaims(scene, true).flatMap((entry): Passage[] => {
    const node = scene.nodes[entry.peer.other ?? -1];
    const sender = scene.nodes[entry.peer.self];
    const { family } = entry.value;
    const hasFamily = [node, sender].every(
      (each) => each !== undefined && addressesOf(each).some((own) => own.family === family),
    );
    return node === undefined || !hasFamily ? [] : [{ node, family, entry }];
  });
  for (const { node, family, entry } of [...passages, ...behind]) {
    const key = `${node.position} ${family}`;
    if (told.has(key) || isForwarding(node.device, family)) continue;
    told.add(key);
    const from = scene.nodes[entry.peer.self]?.name ?? "";
    const spot = { place: node.device.place, against: entry.place };
    const what = { from, prefix: printPrefix(entry.value) };
    scene.findings.push(alone.forwardingMissing(spot, family, what));
  }
}

/** A hook that writes the setting, whatever writes it. */
function isForwarding({ hooks }: ForeignDevice, family: Family): boolean {
  const setting =
    family === 4 ? /ip_forward|ipv4[./]conf[./].*forwarding/ : /ipv6[./]conf[./].*forwarding/;
  return [...hooks.preUp, ...hooks.postUp].some(({ value }) => setting.test(value));
}

/** Ranges that a device says are behind another: no single hosts, and nothing of the mesh itself. */
function readClaims({ nodes, tables }: Scene, withAll = false): readonly Entry[] {
  return tables.flatMap(({ entries }) =>
    entries.filter(({ value, peer: { self, other } }) => {
      if (other === undefined || value.length === hostPrefix(value).length) return false;
      if (value.length === 0) return withAll;
      const ends = [nodes[self], nodes[other]].filter((node) => node !== undefined);
      const isMesh = ends.flatMap(onLinkRanges).some((range) => isOverlapping(range, value));
      return (
        !isMesh && !nodes.some((node) => addressesOf(node).some((own) => hasAddress(value, own)))
      );
    }),
  );
}

/**
 * Packets go round where each of a circle says that one and the same prefix is behind the next. (Who
 * sends a wider one back has the narrower one on a link of its own.)
 */
function checkRounds(scene: Scene, claims: readonly Entry[]): void {
  for (const entries of groupByPrefix(claims)) {
    const nexts = new Map(entries.map((entry) => [entry.peer.self, entry]));
    const seen = new Set<number>();
    for (const start of nexts.values()) {
      const way: Entry[] = [];
      let entry: Entry | undefined = start;
      while (entry !== undefined && !seen.has(entry.peer.self)) {
        seen.add(entry.peer.self);
        way.push(entry);
        entry = nexts.get(entry.peer.other ?? -1);
      }
      const begin = entry === undefined ? -1 : way.indexOf(entry);
      if (begin >= 0) tellRound(scene, way.slice(begin), entries);
    }
  }
}

/** The one to whom most others send is the one that has it. */
function tellRound(
  { nodes, findings, blamed }: Scene,
  round: readonly Entry[],
  all: readonly Entry[],
): void {
  const votes = round.map((entry) => {
    return { entry, votes: all.filter(({ peer }) => peer.other === entry.peer.self).length };
  });
  const [best, second] = votes.toSorted((one, other) => other.votes - one.votes);
  if (best === undefined || second === undefined) return;
  const { entry } = best;
  const prefix = printPrefix(entry.value);
  const against = all.find(({ peer }) => peer.other === entry.peer.self)?.place;
  for (const each of round) blamed.add(each.peer);
  const spot = { place: entry.place, against };
  if (best.votes === second.votes) {
    const names = round.map(({ peer }) => nodes[peer.self]?.name ?? "");
    findings.push(messages.pathLoops(spot, prefix, names));
    return;
  }
  const fix = alone.replaceAllowedIps(prefix, lineWith(entry.peer, entry, []));
  findings.push(alone.ownPrefixOnPeer(spot, prefix, { prefix, peer: entry.peer.name }, fix));
}

/**
 * Two ranges that end at two devices, of which somebody has both for peers: one of the two gets nothing.
 * A device that sends the range on, or a part of it, is on the way and not its end.
 */
function checkOverlaps(scene: Scene, claims: readonly Entry[]): void {
  const ends = claims.filter((entry) => isEnd(scene, entry));
  const groups = [...groupByEnd(ends)];
  const told = new Set<string>();
  for (const { first: one, count } of groups) {
    for (const { first: other, count: more } of groups) {
      const [a = -1, b = -1] = [one.peer.other, other.peer.other];
      const key = `${Math.min(a, b)} ${Math.max(a, b)}`;
      if (a === b || told.has(key) || count > more) continue;
      if (!isOverlapping(one.value, other.value) || !hasBoth(scene, one, other)) continue;
      told.add(key);
      const spot = { place: one.place, against: other.place };
      scene.findings.push(messages.rangesOverlap(spot, nameOf(one), nameOf(other)));
    }
  }
}

/** Whether nobody but the peer itself has what is sent to it. */
function isEnd({ universe, tables, blamed }: Scene, { value, peer }: Entry): boolean {
  if (blamed.has(peer)) return false;
  const { from, to } = universe.atomsOf(value);
  const row = tables[peer.other ?? -1]?.row ?? [];
  return !row
    .slice(from, to)
    .some((entry) => entry !== undefined && entry.value.length >= value.length);
}

/** Whether one of those who send to the first lists the second, other than as the way there. */
function hasBoth({ nodes, tables }: Scene, one: Entry, other: Entry): boolean {
  const isClash = tables[one.peer.self]?.clashes.some((entries) =>
    entries.some(({ peer }) => peer === one.peer),
  );
  const peers = [one, other].map(({ peer }) => nodes[peer.self]?.peers ?? []);
  const isPeerOfBoth = peers.some((list) =>
    [one, other].every((entry) => list.some((peer) => peer.other === entry.peer.other)),
  );
  return isPeerOfBoth && isClash !== true;
}

/** A range of the mesh on one of several peers whose addresses are in it, and that passes nothing on. */
function checkMeshRanges(scene: Scene): void {
  const { nodes, tables, findings, blamed } = scene;
  for (const node of nodes) {
    const links = onLinkRanges(node);
    for (const entry of tables[node.position]?.entries ?? []) {
      const { value, peer } = entry;
      const isHost = value.length === hostPrefix(value).length;
      const isMesh = links.some((range) => isOverlapping(range, value));
      const next = nodes[peer.other ?? -1];
      if (isHost || value.length === 0 || !isMesh || next === undefined || blamed.has(peer))
        continue;
      if (isHub(scene, node, next, value)) continue;
      const own = addressesOf(next).filter((each) => hasAddress(value, each));
      const fix = alone.replaceAllowedIps(
        printPrefix(value),
        lineWith(peer, entry, own.map(hostPrefix)),
      );
      const other = nodes.find((each) => isDirect(node, next, each, value));
      const spot = { place: entry.place, against: other?.device.addresses[0]?.place };
      findings.push(messages.rangeOverlapsMesh(spot, nameOf(entry), fix));
    }
  }
}

/** Whether a range may be for what is behind `next`: it has peers that the node does not list itself. */
function isHub({ nodes }: Scene, node: LintNode, next: LintNode, range: Prefix): boolean {
  const others = next.peers.filter(({ other }) => other !== node.position);
  const hasMore = others.some(({ other }) => {
    return other === undefined || !node.peers.some((peer) => peer.other === other);
  });
  return hasMore || !nodes.some((each) => isDirect(node, next, each, range));
}

function isDirect(node: LintNode, next: LintNode, each: LintNode, range: Prefix): boolean {
  return (
    each !== next &&
    node.peers.some(({ other }) => other === each.position) &&
    addressesOf(each).some((address) => hasAddress(range, address))
  );
}

/** Unknown addresses of the mesh must end in the interface: where others' masks see to that, all should. */
function checkLeaks(scene: Scene): void {
  const { nodes, universe, tables, findings } = scene;
  const sound = nodes.filter(({ device, isDoubtful }) => !isDoubtful && isRouted(device));
  for (const node of sound) {
    for (const { value, place } of node.device.addresses) {
      const other = sound.find((each) => each !== node && widest(each, value) !== undefined);
      const range = other === undefined ? undefined : widest(other, value);
      if (other === undefined || range === undefined) continue;
      const { from, to } = universe.atomsOf(range);
      const row = tables[node.position]?.row.slice(from, to) ?? [];
      const links = onLinkRanges(node).map((link) => universe.atomsOf(link));
      const isCaught = row.every((entry, at) => {
        return (
          entry !== undefined || links.some((link) => link.from <= from + at && from + at < link.to)
        );
      });
      if (isCaught) continue;
      const against = other.device.addresses.find((each) => hasAddress(range, each.value.address));
      const line = `${printAddress(value.address)}/${range.length}`;
      const spot = { place, against: against?.place };
      findings.push(alone.rangeLeaks(spot, printPrefix(range), line));
    }
  }
}

/** The link of a node that holds another's address and is wider than that one's own. */
function widest(
  node: LintNode,
  { address, length }: ForeignDevice["addresses"][number]["value"],
): Prefix | undefined {
  return onLinkRanges(node).find((range) => hasAddress(range, address) && range.length < length);
}

function nameOf({ value, peer }: Entry): { readonly prefix: string; readonly peer: string } {
  return { prefix: printPrefix(value), peer: peer.name };
}

function groupByPrefix(entries: readonly Entry[]): Iterable<readonly Entry[]> {
  return Map.groupBy(entries, ({ value }) => printPrefix(value)).values();
}

/** The first entry for each prefix on each peer, and how many there are. */
function* groupByEnd(
  entries: readonly Entry[],
): Generator<{ readonly first: Entry; readonly count: number }> {
  const groups = Map.groupBy(entries, ({ value, peer }) => `${peer.other} ${printPrefix(value)}`);
  for (const [first, ...rest] of groups.values()) {
    if (first !== undefined) yield { first, count: 1 + rest.length };
  }
}
