/** What one foreign device contradicts by itself, once it is known who its peers are. */
import { isSameAddress, printAddress } from "../ip/address.ts";
import { IPV6_LEAST_MTU } from "../ip/mtu.ts";
import { hasAddress, hostPrefix, prefixOf, printPrefix, isHost } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { Address } from "../ip/address.ts";
import * as messages from "../messages/lint.ts";
import type { LintNode } from "./identities.ts";
import { entriesIn, lineWith } from "./scene.ts";
import type { Entry, Scene } from "./scene.ts";

export function checkDevices(scene: Scene): void {
  checkSecrecy(scene);
  for (const node of scene.nodes) {
    checkMtu(scene, node);
    checkClashes(scene, node);
    checkOwnAddresses(scene, node);
  }
}

/** Once a file, of which several devices may be read. */
function checkSecrecy({ nodes, findings }: Scene): void {
  const told = new Set<string>();
  for (const { device } of nodes) {
    const { place, privateKey, peers, isWorldReadable } = device;
    const hasSecret =
      privateKey !== undefined || peers.some(({ presharedKey }) => presharedKey !== undefined);
    if (!isWorldReadable || !hasSecret || told.has(place.file)) continue;
    told.add(place.file);
    findings.push(messages.worldReadable({ file: place.file, line: 1, column: 1 }));
  }
}

function checkMtu({ findings }: Scene, { device: { mtu }, addresses }: LintNode): void {
  if (mtu === undefined || mtu.value >= IPV6_LEAST_MTU) return;
  if (!addresses.some(({ family }) => family === 6)) return;
  findings.push(messages.mtuBelowIpv6(mtu.place, mtu.value));
}

/** One prefix on several peers: told where it is least at home, or where WireGuard moves it to. */
function checkClashes(scene: Scene, { position }: LintNode): void {
  for (const entries of scene.tables[position]?.clashes ?? []) {
    const strangers = entries.filter((entry) => !isAtHome(scene, entry));
    const wrong = strangers.at(-1) ?? entries.at(-1);
    const other = entries.find((entry) => entry !== wrong && !strangers.includes(entry));
    const against = other ?? entries.find((entry) => entry !== wrong);
    if (wrong === undefined || against === undefined) continue;
    const prefix = printPrefix(wrong.value);
    const names = entries.map(({ peer }) => peer.name);
    const instead = narrowed(wrong);
    const fix = instead.length === 0 ? undefined : messages.writeAllowedIps(instead);
    const spot = { place: wrong.place, against: against.place };
    scene.findings.push(messages.prefixOnTwoPeers(spot, prefix, names, fix));
    for (const { peer } of entries) scene.blamed.add(peer);
  }
}

/** Whether the prefix is one that the peer itself, or nobody else, sends nowhere: its own. */
function isAtHome(scene: Scene, { value, peer: { other } }: Entry): boolean {
  if (other === undefined || other.addresses.some((own) => hasAddress(value, own))) return true;
  return !entriesIn(scene, other, value).some((entry) => entry !== undefined);
}

/** The line without the prefix, with the peer's own addresses in it. */
function narrowed({ value, peer, ...entry }: Entry): readonly string[] {
  const own = peer.other?.addresses.filter((each) => hasAddress(value, each)) ?? [];
  return lineWith(peer, { value, ...entry }, own.map(hostPrefix));
}

/**
 * The device's own address in AllowedIPs. A range that holds a peer's or another's as well is the usual
 * way to say "the mesh", and right.
 */
function checkOwnAddresses(scene: Scene, node: LintNode): void {
  for (const entry of scene.tables[node.position]?.entries ?? []) {
    const own = node.addresses.find((address) => hasAddress(entry.value, address));
    if (own === undefined || entry.value.length === 0 || entry.peer.isFlawed) continue;
    const peer = entry.peer.other;
    if (!isHost(entry.value) && (peer === undefined || isShared(scene, node, entry.value)))
      continue;
    // Two with one address: that was told.
    if (peer?.addresses.some((each) => isSameAddress(each, own)) === true) continue;
    const better = peer === undefined ? [] : moved(entry.value, peer.addresses);
    const prefix = printPrefix(entry.value);
    const line = lineWith(entry.peer, entry, better);
    const fix = messages.replaceAllowedIps(prefix, line);
    const place = node.device.addresses.find(({ value }) => value.address === own)?.place;
    const spot = { place: entry.place, against: place };
    const what = { prefix, peer: entry.peer.name };
    scene.findings.push(messages.ownPrefixOnPeer(spot, printAddress(own), what, fix));
    scene.blamed.add(entry.peer);
  }
}

function isShared({ nodes }: Scene, own: LintNode, range: Prefix): boolean {
  return nodes.some(
    (node) => node !== own && node.addresses.some((address) => hasAddress(range, address)),
  );
}

/** The range of the same length that the peer's own addresses are in. */
function moved({ family, length }: Prefix, addresses: readonly Address[]): readonly Prefix[] {
  return addresses.filter((each) => each.family === family).map((each) => prefixOf(each, length));
}
