/** What is behind foreign devices: that it is behind one of them, does not go round, and is passed on. */
import type { Family } from "../ip/address.ts";
import { printAddress } from "../ip/address.ts";
import { hasAddress, hostPrefix, isOverlapping, printPrefix, isHost } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import * as messages from "../messages/lint-pairs.ts";
import * as alone from "../messages/lint.ts";
import type { ForeignDevice } from "../read/foreign.ts";
import { readClaims } from "./round-checks.ts";
import type { LintNode } from "./identities.ts";
import { addressesOf, hasOthers, isRouted, lineWith, onLinkRanges } from "./scene.ts";
import type { Entry, Scene } from "./scene.ts";
import type { Passage } from "./way-checks.ts";

export function checkRanges(scene: Scene): void {
  const claims = readClaims(scene);
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
    const isWrong = scene.blamed.has(entry.peer) || scene.rounds.has(entry);
    return node === undefined || !hasFamily || isWrong ? [] : [{ node, family, entry }];
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
function isEnd({ universe, tables, blamed, rounds }: Scene, entry: Entry): boolean {
  const { value, peer } = entry;
  if (blamed.has(peer) || rounds.has(entry)) return false;
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
      const isMesh = links.some((range) => isOverlapping(range, value));
      const next = nodes[peer.other ?? -1];
      if (isHost(value) || value.length === 0 || !isMesh || next === undefined || blamed.has(peer))
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
  const sound = nodes.filter(({ device, isFlawed }) => !isFlawed && isRouted(device));
  const wide = readLinks(sound);
  for (const node of sound) {
    for (const { value, place } of node.device.addresses) {
      const { address, length } = value;
      const link = wide.find(
        (each) =>
          each.node !== node && hasAddress(each.range, address) && each.range.length < length,
      );
      if (link === undefined) continue;
      const { range, node: other } = link;
      if (!takesPart(scene, node, range)) continue;
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

/** Whether a node sends to others in a range, and not only to what is behind them. */
function takesPart(scene: Scene, node: LintNode, range: Prefix): boolean {
  const entries = scene.tables[node.position]?.entries ?? [];
  return entries.some(({ value }) => hasOthers(scene, node, [value, range]));
}

/** Each range that is on a link, with the first whose it is, in the order of the nodes. */
function readLinks(nodes: readonly LintNode[]): readonly Link[] {
  const links = new Map<string, Link>();
  for (const node of nodes) {
    for (const range of onLinkRanges(node)) {
      const shown = printPrefix(range);
      if (!links.has(shown)) links.set(shown, { range, node });
    }
  }
  return [...links.values()];
}

interface Link {
  readonly range: Prefix;
  readonly node: LintNode;
}

function nameOf({ value, peer }: Entry): { readonly prefix: string; readonly peer: string } {
  return { prefix: printPrefix(value), peer: peer.name };
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
