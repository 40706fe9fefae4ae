/** What two foreign devices say of each other: that both list each other, can start, and agree on keys. */
import { hostPrefix, printPrefix } from "../ip/prefix.ts";
import * as messages from "../messages/lint-pairs.ts";
import { nodeAlone } from "../messages/lint.ts";
import type { PresharedKey } from "../model/keys.ts";
import { findEndpoint } from "./endpoint-checks.ts";
import type { LintNode, LintPeer } from "./identities.ts";
import { findMostCommon } from "../majority.ts";
import { addressesOf } from "./scene.ts";
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
  const byOther = nodes.map(({ peers }) => new Map(peers.map((peer) => [peer.other, peer])));
  return nodes.flatMap(({ position, peers }) =>
    peers.flatMap((one) => {
      const other = byOther[one.other ?? -1]?.get(position);
      return other === undefined || (one.other ?? -1) <= position ? [] : [{ one, other }];
    }),
  );
}

/** Who lists somebody who does not list him; where one device is in several such pairs, it is told once. */
function checkSides(scene: Scene): void {
  const { nodes, findings, blamed } = scene;
  const listed = nodes.map(({ peers }) => new Set(peers.map(({ other }) => other)));
  const oneSided = nodes.flatMap(({ peers, position }) =>
    peers.filter(({ other }) => other !== undefined && listed[other]?.has(position) !== true),
  );
  for (const peer of oneSided) blamed.add(peer);
  const isKnown = nodes.map(({ peers }) => peers.length > 0);
  for (const peer of oneSided) isKnown[peer.other ?? -1] = true;
  for (const { device, position } of nodes) {
    if (isKnown[position] === false && nodes.length > 1) findings.push(nodeAlone(device.place));
  }
  // What was not read explains that somebody is not listed, and so does a key that two have.
  const isExplained = ({ self, other = -1 }: LintPeer): boolean =>
    nodes[other]?.isFlawed === true ||
    nodes[self]?.publicKey === undefined ||
    [self, other].some((position) => nodes[position]?.isTwin === true);
  let left = oneSided.filter((peer) => !isExplained(peer));
  while (left.length > 0) {
    const group = largestGroup(left);
    tellOneSided(scene, group);
    left = left.filter((peer) => !group.includes(peer));
  }
}

/** The most of them that one device explains: as the one who lists, or as the one who does not. */
function largestGroup(peers: readonly LintPeer[]): readonly LintPeer[] {
  const groups = [
    ...Map.groupBy(peers, ({ self }) => self).values(),
    ...Map.groupBy(peers, ({ other }) => other).values(),
  ];
  return groups.reduce((largest, group) => (group.length > largest.length ? group : largest));
}

function tellOneSided({ nodes, findings }: Scene, group: readonly LintPeer[]): void {
  const [first] = group;
  const self = nodes[first?.self ?? -1];
  const other = nodes[first?.other ?? -1];
  if (first === undefined || self === undefined || other === undefined) return;
  const allowedIps = addressesOf(self).map((address) => printPrefix(hostPrefix(address)));
  const missing = { file: other.device.place.file, publicKey: self.publicKey ?? "", allowedIps };
  if (group.length === 1) {
    const spot = { place: first.peer.place, against: other.device.place };
    findings.push(messages.peerOneSided(spot, first.name, missing));
  } else if (group.every((each) => each.self === self.position)) {
    const spot = { place: self.device.place, against: other.device.place };
    const names = group.map(({ name }) => name);
    findings.push(messages.peerUnlisted(spot, names, missing));
  } else {
    const spot = { place: other.device.place, against: first.peer.place };
    const names = group.map((each) => nodes[each.self]?.name ?? "");
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
    const names = own.map(({ one, other }) => (one.self === node.position ? one.name : other.name));
    const [first] = own;
    const there = first?.one.self === node.position ? first.other : first?.one;
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
  const strangers = nodes.flatMap(({ peers }) =>
    peers.filter(({ other, peer }) => other === undefined && peer.presharedKey !== undefined),
  );
  const uses = new Map<PresharedKey, number>();
  for (const { peer } of nodes.flatMap(({ peers }) => peers)) {
    const key = peer.presharedKey?.value;
    if (key !== undefined) uses.set(key, (uses.get(key) ?? 0) + 1);
  }
  const users = Map.groupBy(strangers, ({ peer }) => peer.presharedKey?.value);
  for (const { one, other } of pairs) {
    const mine = one.peer.presharedKey;
    const theirs = other.peer.presharedKey;
    if (mine?.value === theirs?.value) {
      if (mine !== undefined) users.set(mine.value, [...(users.get(mine.value) ?? []), one]);
    } else if (mine === undefined || theirs === undefined) {
      const [having, lacking] = theirs === undefined ? [one, other] : [other, one];
      const place = having.peer.presharedKey?.place ?? having.peer.place;
      findings.push(
        messages.presharedKeyOneSided({ place, against: lacking.peer.place }, having.name),
      );
    } else {
      // The one that is used more often was copied from another pair.
      const isMine = (uses.get(mine.value) ?? 0) > (uses.get(theirs.value) ?? 0);
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
function checkMtus({ nodes, findings }: Scene, pairs: readonly Pair[]): void {
  // Below what IPv6 needs is told of the device alone.
  const told = new Set(
    findings.filter(({ code }) => code === "mtu-below-ipv6").map(({ file }) => file),
  );
  const mtuOf = (position: number) => {
    const mtu = nodes[position]?.device.mtu;
    return mtu === undefined || told.has(mtu.place.file) ? undefined : mtu;
  };
  let left = pairs.filter(({ one, other }) => {
    const [mine, theirs] = [mtuOf(one.self), mtuOf(other.self)];
    return mine !== undefined && theirs !== undefined && mine.value !== theirs.value;
  });
  while (left.length > 0) {
    const node = mostFrequent(nodes, left);
    if (node === undefined) return;
    const own = left.filter((pair) => isOf(pair, node));
    const others = own.map(({ one, other }) => (one.self === node.position ? one : other));
    const least = others.toSorted(
      (a, b) => (mtuOf(a.other ?? -1)?.value ?? 0) - (mtuOf(b.other ?? -1)?.value ?? 0),
    )[0];
    const [mine, theirs] = [node.device.mtu, mtuOf(least?.other ?? -1)];
    if (least === undefined || mine === undefined || theirs === undefined) return;
    const spot = { place: mine.place, against: theirs.place };
    findings.push(messages.mtuDiffers(spot, least.name, [mine.value, theirs.value]));
    left = left.filter((pair) => !own.includes(pair));
  }
}

/** The node in most of the pairs; of two alike, the one with the larger MTU. */
function mostFrequent(nodes: readonly LintNode[], pairs: readonly Pair[]): LintNode | undefined {
  const mtuOf = (position: number): number => nodes[position]?.device.mtu?.value ?? 0;
  const ends = pairs.flatMap(({ one, other }) => [one.self, other.self]);
  const sorted = ends.toSorted((one, other) => mtuOf(other) - mtuOf(one) || one - other);
  return nodes[findMostCommon(sorted) ?? -1];
}

function isOf({ one, other }: Pair, { position }: LintNode): boolean {
  return one.self === position || other.self === position;
}

function isDialling({ peer }: LintPeer): boolean {
  return peer.endpoint !== undefined;
}

function isKeptOpen({ peer }: LintPeer): boolean {
  return (peer.keepaliveSeconds?.value ?? 0) > 0;
}
