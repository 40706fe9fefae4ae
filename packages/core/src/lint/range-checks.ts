/** What is behind foreign devices: that it is behind one of them, does not go round, and is passed on. */
import type { Family } from "../ip/address.ts";
import { printInterfaceAddress } from "../ip/interface-address.ts";
import { hasAddress, hostPrefix, isOverlapping, printPrefix, isHost } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import * as messages from "../messages/lint-pairs.ts";
import * as alone from "../messages/lint.ts";
import type { ForeignDevice } from "../read/foreign.ts";
import { remember } from "../remember.ts";
import { paint } from "../verify/universe.ts";
import { readClaims } from "./round-checks.ts";
import type { LintNode } from "./identities.ts";
import { entriesIn, hasOthers, isRouted, lineWith } from "./scene.ts";
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
    const { other: node, self: sender } = entry.peer;
    const { family } = entry.value;
    const hasFamily = [node, sender].every((each) =>
      each?.addresses.some((own) => own.family === family),
    );
    const isWrong = scene.blamed.has(entry.peer) || scene.rounds.has(entry);
    return node === undefined || !hasFamily || isWrong ? [] : [{ node, family, entry }];
  });
  for (const { node, family, entry } of [...passages, ...behind]) {
    const key = `${node.position} ${family}`;
    if (told.has(key) || isForwarding(node.device, family)) continue;
    told.add(key);
    const spot = { place: node.device.place, against: entry.place };
    const what = { from: entry.peer.self.name, prefix: printPrefix(entry.value) };
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
  // The first entry for each prefix on each peer, and how many there are.
  const groups = [...Map.groupBy(ends, endOf).values()].flatMap(([first, ...rest]) => {
    return first === undefined ? [] : [{ first, count: 1 + rest.length }];
  });
  const told = new Set<string>();
  for (const { first: one, count } of groups) {
    for (const { first: other, count: more } of groups) {
      const [a = -1, b = -1] = [one, other].map(({ peer }) => peer.other?.position);
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
function isEnd(scene: Scene, entry: Entry): boolean {
  const { value, peer } = entry;
  if (scene.blamed.has(peer) || scene.rounds.has(entry)) return false;
  return !entriesIn(scene, peer.other, value).some((own) => {
    return own !== undefined && own.value.length >= value.length;
  });
}

/** Whether one of those who send to the first lists the second, other than as the way there. */
function hasBoth({ tables }: Scene, one: Entry, other: Entry): boolean {
  const isClash = tables[one.peer.self.position]?.clashes.some((entries) =>
    entries.some(({ peer }) => peer === one.peer),
  );
  const isPeerOfBoth = [one, other].some(({ peer: { self } }) =>
    [one, other].every((entry) => self.peers.some((peer) => peer.other === entry.peer.other)),
  );
  return isPeerOfBoth && isClash !== true;
}

/** A range of the mesh on one of several peers whose addresses are in it, and that passes nothing on. */
function checkMeshRanges(scene: Scene): void {
  const { nodes, tables, findings, blamed } = scene;
  for (const node of nodes) {
    for (const entry of tables[node.position]?.entries ?? []) {
      const { value, peer } = entry;
      const next = peer.other;
      const isMesh = node.links.some((range) => isOverlapping(range, value));
      if (isHost(value) || value.length === 0 || !isMesh || next === undefined || blamed.has(peer))
        continue;
      if (isHub(scene, node, next, value)) continue;
      const own = next.addresses.filter((each) => hasAddress(value, each));
      const line = lineWith(peer, entry, own.map(hostPrefix));
      const fix = alone.replaceAllowedIps(printPrefix(value), line);
      const other = nodes.find((each) => isDirect(node, next, each, value));
      const spot = { place: entry.place, against: other?.device.addresses[0]?.place };
      findings.push(messages.rangeOverlapsMesh(spot, nameOf(entry), fix));
    }
  }
}

/** Whether a range may be for what is behind `next`: it has peers that the node does not list itself. */
function isHub({ nodes }: Scene, node: LintNode, next: LintNode, range: Prefix): boolean {
  const hasMore = next.peers.some(({ other }) => {
    return other !== node && (other === undefined || !isListed(node, other));
  });
  return hasMore || !nodes.some((each) => isDirect(node, next, each, range));
}

function isDirect(node: LintNode, next: LintNode, each: LintNode, range: Prefix): boolean {
  const isInside = each.addresses.some((address) => hasAddress(range, address));
  return each !== next && isInside && isListed(node, each);
}

function isListed(node: LintNode, other: LintNode): boolean {
  return node.peers.some((peer) => peer.other === other);
}

/** Unknown addresses of the mesh must end in the interface: where others' masks see to that, all should. */
function checkLeaks(scene: Scene): void {
  const { nodes, universe, findings } = scene;
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
      const { from } = universe.atomsOf(range);
      const onLink = paint(universe, node.links);
      const isCaught = entriesIn(scene, node, range).every((entry, at) => {
        return entry !== undefined || onLink[from + at] === 1;
      });
      if (isCaught) continue;
      const against = other.device.addresses.find((each) => hasAddress(range, each.value.address));
      const line = printInterfaceAddress({ address, length: range.length });
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
    for (const range of node.links) remember(links, printPrefix(range), () => ({ range, node }));
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

function endOf({ value, peer }: Entry): string {
  return `${peer.other?.position} ${printPrefix(value)}`;
}
