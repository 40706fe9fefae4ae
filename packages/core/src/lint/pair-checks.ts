/** What two foreign devices say of each other: that both list each other, can start, and agree on keys. */
import { hostPrefix, printPrefix } from "../ip/prefix.ts";
import * as messages from "../messages/lint-pairs.ts";
import { nodeAlone } from "../messages/lint.ts";
import { findEndpoint } from "./endpoint-checks.ts";
import type { LintNode, LintPeer } from "./identities.ts";
import { findMostCommon } from "../majority.ts";
import { remember } from "../remember.ts";
import type { Scene } from "./scene.ts";

/** Two entries for each other; the one of the node that comes first is `one`. */
export interface Pair {
  readonly one: LintPeer;
  readonly other: LintPeer;
}

export function checkPairs(scene: Scene, pairs: readonly Pair[]): void {
  checkSides(scene);
  const sound = pairs.filter(({ one, other }) => !one.isFlawed && !other.isFlawed);
  checkStarts(scene, sound);
  checkPresharedKeys(scene, sound);
  checkMtus(scene, pairs);
}

/** All that list each other. */
export function pairsOf({ nodes }: Pick<Scene, "nodes">): readonly Pair[] {
  const entries = new Map(
    nodes.map((node) => [node, new Map(node.peers.map((peer) => [peer.other, peer]))]),
  );
  return nodes.flatMap((node) =>
    node.peers.flatMap((one) => {
      const other = one.other && entries.get(one.other)?.get(node);
      return other === undefined || other.self.position <= node.position ? [] : [{ one, other }];
    }),
  );
}

/** Who lists somebody who does not list him; where one device is in several such pairs, it is told once. */
function checkSides(scene: Scene): void {
  const { nodes, findings, blamed } = scene;
  const all = nodes.flatMap(({ peers }) => peers);
  const listed = new Map(
    nodes.map((node) => [node, new Set(node.peers.map(({ other }) => other))]),
  );
  const oneSided = all.filter(({ self, other }) => {
    return other !== undefined && listed.get(other)?.has(self) !== true;
  });
  for (const peer of oneSided) blamed.add(peer);
  const known = new Set([...all.map(({ self }) => self), ...oneSided.map(({ other }) => other)]);
  for (const node of nodes) {
    if (!known.has(node) && nodes.length > 1) findings.push(nodeAlone(node.device.place));
  }
  let left = oneSided.filter((peer) => !isExplained(peer));
  while (left.length > 0) {
    const group = largestGroup(left);
    tellOneSided(scene, group);
    left = left.filter((peer) => !group.includes(peer));
  }
}

/** What was not read explains that somebody is not listed, and so does a key that two have. */
function isExplained({ self, other }: LintPeer): boolean {
  if (other?.isFlawed === true || self.publicKey === undefined) return true;
  return self.isTwin || other?.isTwin === true;
}

/** The most of them that one device explains: as the one who lists, or as the one who does not. */
function largestGroup(peers: readonly LintPeer[]): readonly LintPeer[] {
  const groups = [
    ...Map.groupBy(peers, ({ self }) => self).values(),
    ...Map.groupBy(peers, ({ other }) => other).values(),
  ];
  return groups.reduce((largest, group) => (group.length > largest.length ? group : largest));
}

function tellOneSided({ findings }: Scene, group: readonly LintPeer[]): void {
  const [first] = group;
  const other = first?.other;
  if (first === undefined || other === undefined) return;
  const { self } = first;
  const allowedIps = self.addresses.map((address) => printPrefix(hostPrefix(address)));
  const missing = { file: other.device.place.file, publicKey: self.publicKey ?? "", allowedIps };
  if (group.length === 1) {
    const spot = { place: first.peer.place, against: other.device.place };
    findings.push(messages.peerOneSided(spot, first.name, missing));
  } else if (group.every((each) => each.self === self)) {
    const spot = { place: self.device.place, against: other.device.place };
    const names = group.map(({ name }) => name);
    findings.push(messages.peerUnlisted(spot, names, missing));
  } else {
    const spot = { place: other.device.place, against: first.peer.place };
    const names = group.map((each) => each.self.name);
    findings.push(messages.peersUnlisted(spot, names));
  }
}

function checkStarts(scene: Scene, pairs: readonly Pair[]): void {
  const stuck = pairs.filter(({ one, other }) => !isDialling(one) && !isDialling(other));
  const left = tellIsolated(scene, pairs, stuck);
  for (const { one, other } of left) {
    const [known] = [one, other].flatMap((peer) => {
      const endpoint = findEndpoint(scene, peer);
      return endpoint === undefined ? [] : [{ peer, endpoint }];
    });
    const isThere = known?.peer === other;
    const [place, against] = isThere ? [other, one] : [one, other];
    const spot = { place: place.peer.place, against: against.peer.place };
    const names = [against.name, place.name] as const;
    scene.findings.push(messages.cannotStart(spot, names, known?.endpoint));
  }
  for (const { one, other } of pairs) {
    if (isDialling(one) && !isDialling(other)) checkKeepalive(scene, one, other);
    if (isDialling(other) && !isDialling(one)) checkKeepalive(scene, other, one);
  }
}

/** A device of whose tunnels none can start is told once; the pairs of others are left. */
function tellIsolated(
  { nodes, findings }: Scene,
  pairs: readonly Pair[],
  stuck: readonly Pair[],
): readonly Pair[] {
  const told = new Set<Pair>();
  const isStuckPair = new Set(stuck);
  for (const node of nodes) {
    const own = stuck.filter((pair) => isOf(pair, node) && !told.has(pair));
    if (own.length < 2) continue;
    const others = node.peers.filter(({ other }) => other === undefined);
    const isStuck = pairs.every((pair) => !isOf(pair, node) || isStuckPair.has(pair));
    if (!isStuck || others.some(({ peer }) => peer.endpoint !== undefined)) continue;
    const names = own.map((pair) => sideOf(pair, node).here.name);
    const [first] = own;
    const there = first && sideOf(first, node).there;
    const spot = { place: node.device.place, against: there?.peer.place };
    findings.push(messages.nodeIsolated(spot, names));
    for (const pair of own) told.add(pair);
  }
  return stuck.filter((pair) => !told.has(pair));
}

/** The one that dials keeps the way open when the other cannot dial back. */
function checkKeepalive({ findings }: Scene, dialling: LintPeer, other: LintPeer): void {
  if (isKeptOpen(dialling)) return;
  const place = dialling.peer.endpoint?.place ?? dialling.peer.place;
  const misplaced = isKeptOpen(other) ? other.peer.keepaliveSeconds : undefined;
  findings.push(
    misplaced === undefined
      ? messages.keepaliveMissing({ place, against: other.peer.place }, dialling.name)
      : messages.keepaliveMisplaced({ place, against: misplaced.place }, dialling.name),
  );
}

function checkPresharedKeys({ nodes, findings }: Scene, pairs: readonly Pair[]): void {
  const all = nodes.flatMap(({ peers }) => peers);
  const uses = Map.groupBy(all, ({ peer }) => peer.presharedKey?.value);
  const strangers = all.filter(({ other, peer }) => other === undefined && peer.presharedKey);
  const users = Map.groupBy(strangers, ({ peer }) => peer.presharedKey?.value);
  for (const { one, other } of pairs) {
    const mine = one.peer.presharedKey;
    const theirs = other.peer.presharedKey;
    if (mine?.value === theirs?.value) {
      if (mine !== undefined) remember(users, mine.value, () => []).push(one);
    } else if (mine === undefined || theirs === undefined) {
      const [having, lacking] = theirs === undefined ? [one, other] : [other, one];
      const place = having.peer.presharedKey?.place ?? having.peer.place;
      findings.push(
        messages.presharedKeyOneSided({ place, against: lacking.peer.place }, having.name),
      );
    } else {
      // The one that is used more often was copied from another pair.
      const [more = 0, less = 0] = [mine, theirs].map(({ value }) => uses.get(value)?.length);
      const isMine = more > less;
      const [wrong, right, name] = isMine ? [mine, theirs, one.name] : [theirs, mine, other.name];
      const spot = { place: wrong.place, against: right.place };
      findings.push(messages.presharedKeyDiffers(spot, name));
    }
  }
  for (const sharing of users.values()) {
    const [first, second] = sharing.map(({ peer }) => peer.presharedKey?.place);
    if (second === undefined) continue;
    findings.push(messages.presharedKeyReused({ place: second, against: first }, sharing.length));
  }
}

/** Where one device's MTU is another than those of several at the other ends, it is told once, there. */
function checkMtus({ findings }: Scene, pairs: readonly Pair[]): void {
  // Below what IPv6 needs is told of the device alone.
  const told = new Set(
    findings.filter(({ code }) => code === "mtu-below-ipv6").map(({ file }) => file),
  );
  const mtuOf = (node: LintNode | undefined) => {
    const mtu = node?.device.mtu;
    return mtu === undefined || told.has(mtu.place.file) ? undefined : mtu;
  };
  let left = pairs.filter(({ one, other }) => {
    const [mine, theirs] = [mtuOf(one.self), mtuOf(other.self)];
    return mine !== undefined && theirs !== undefined && mine.value !== theirs.value;
  });
  while (left.length > 0) {
    const node = mostFrequent(left);
    const own = left.filter((pair) => node !== undefined && isOf(pair, node));
    const others = own.flatMap((pair) => (node === undefined ? [] : sideOf(pair, node).here));
    const least = others.toSorted(
      (a, b) => (mtuOf(a.other)?.value ?? 0) - (mtuOf(b.other)?.value ?? 0),
    )[0];
    const [mine, theirs] = [node?.device.mtu, mtuOf(least?.other)];
    if (least === undefined || mine === undefined || theirs === undefined) return;
    const spot = { place: mine.place, against: theirs.place };
    findings.push(messages.mtuDiffers(spot, least.name, [mine.value, theirs.value]));
    left = left.filter((pair) => !own.includes(pair));
  }
}

/** The node in most of the pairs; of two alike, the one with the larger MTU. */
function mostFrequent(pairs: readonly Pair[]): LintNode | undefined {
  const ends = pairs.flatMap(({ one, other }) => [one.self, other.self]);
  const sorted = ends.toSorted(({ device: one, position }, { device: other, ...rest }) => {
    return (other.mtu?.value ?? 0) - (one.mtu?.value ?? 0) || position - rest.position;
  });
  return findMostCommon(sorted);
}

/** The entries of a node for the other of a pair, and of that one for the node. */
function sideOf(
  { one, other }: Pair,
  node: LintNode,
): { readonly here: LintPeer; readonly there: LintPeer } {
  return one.self === node ? { here: one, there: other } : { here: other, there: one };
}

function isOf({ one, other }: Pair, node: LintNode): boolean {
  return one.self === node || other.self === node;
}

function isDialling({ peer }: LintPeer): boolean {
  return peer.endpoint !== undefined;
}

function isKeptOpen({ peer }: LintPeer): boolean {
  return (peer.keepaliveSeconds?.value ?? 0) > 0;
}
