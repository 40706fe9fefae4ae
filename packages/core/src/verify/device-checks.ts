/** What one device shows alone: whether it contradicts itself. */
import { say } from "../phrase.ts";
import type { Phrase } from "../phrase.ts";
import * as proof from "../messages/proof.ts";
import * as ranges from "../messages/ranges.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { isSameAddress, printAddress } from "../ip/address.ts";
import { hostAddressOf } from "../ip/endpoint.ts";
import { IPV6_LEAST_MTU } from "../ip/mtu.ts";
import { match } from "../ip/prefix-map.ts";
import { hasAddress, hostPrefix, isSamePrefix, isWithin, printPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { Node } from "../model/mesh.ts";
import { isFiltering } from "../plan/device.ts";
import type { Device } from "../plan/device.ts";
import type { Claims, Owner } from "./claims.ts";
import { meshRanges, NOWHERE, routedRanges, sentBy } from "./forwarding.ts";
import type { Tunnels } from "./forwarding.ts";
import type { AtomRange, Universe } from "./universe.ts";

export interface DeviceScene {
  readonly universe: Universe;
  readonly claims: Claims;
  readonly owner: Owner;
}

export function checkDevice(
  scene: DeviceScene,
  device: Device,
  tunnels: Tunnels,
  diagnostics: Diagnostics,
): void {
  for (const { prefix, peers } of tunnels.clashes) {
    const [one, other] = peers;
    diagnostics.add(
      proof.prefixOnTwoPeers(device.name, printPrefix(prefix), [one.name, other.name]),
    );
  }
  checkIdentity(scene, device, diagnostics);
  checkOwnPrefixes(scene, device, tunnels, diagnostics);
  checkEndpoints(scene, device, tunnels, diagnostics);
  if (scene.owner.node === undefined) return;
  checkRanges(scene, device, diagnostics);
  // wg-quick makes a route of each prefix of AllowedIPs: with fewer, this is not what will run.
  if (tunnels.isUnrouted) diagnostics.add(proof.deviceDiffers(device.name, say`set of routes`));
  checkForwarding(scene.owner.node, device, diagnostics);
  checkMtu(scene, scene.owner.node, device, diagnostics);
  checkFirewall(device, diagnostics);
}

/** The device is that of its node: what others were told of it holds. */
function checkIdentity(
  { claims, owner }: DeviceScene,
  device: Device,
  diagnostics: Diagnostics,
): void {
  const { node, publicKey, addresses } = owner;
  const differs = (what: Phrase): void => diagnostics.add(proof.deviceDiffers(owner.name, what));
  if (device.publicKey !== publicKey) differs(say`public key`);
  if (node !== undefined && device.listenPort !== node.listenPort) differs(say`listen port`);
  const isElsewhere = (node ?? owner.client)?.publicKey !== undefined;
  if (device.isKeyElsewhere !== isElsewhere) differs(say`place of its key`);
  if (node !== undefined && device.fwmark !== (node.fwmark === 0 ? undefined : node.fwmark)) {
    differs(say`mark`);
  }
  const own = device.addresses.map(({ address }) => address);
  const isSame =
    own.length === addresses.length &&
    own.every((each, at) => {
      const recorded = addresses[at];
      return recorded !== undefined && isSameAddress(each, recorded);
    });
  if (!isSame) differs(say`addresses`);
  const self = owner.client?.name ?? owner.name;
  const isLost = device.peers.some(({ name, presharedKeyId }) => {
    const peer = claims.owners[claims.positions.get(name) ?? NOWHERE]?.client?.name ?? name;
    return (presharedKeyId !== undefined) !== claims.hasPresharedKey(self, peer);
  });
  if (isLost) differs(say`use of preshared keys`);
  if (device.table !== undefined && device.routes.length + device.offLinkRanges.length > 0) {
    diagnostics.add(proof.routesByHand(owner.name, String(device.table)));
  }
}

/** Nothing of the device's own may go into a tunnel: its addresses, networks, subnets, local ranges. */
function checkOwnPrefixes(
  { universe, claims, owner }: DeviceScene,
  device: Device,
  { row }: Tunnels,
  diagnostics: Diagnostics,
): void {
  for (const prefix of owner.own) {
    const { from, to } = universe.atomsOf(prefix);
    const sent = row.subarray(from, to).find((position) => position >= 0);
    if (sent === undefined) continue;
    const name = claims.owners[sent]?.name;
    const peer = device.peers.find((each) => each.name === name);
    const entry = peer?.allowedIps.find((each) => isTouching(universe, each, { from, to }));
    if (peer === undefined || entry === undefined) continue;
    const printed = { peer: peer.name, prefix: printPrefix(entry) };
    diagnostics.add(proof.ownPrefixOnPeer(device.name, printPrefix(prefix), printed));
  }
}

/**
 * A packet to a peer's endpoint must leave by the underlay; names are not resolved here. A /0 does not
 * catch it: wg-quick marks encrypted packets and keeps marked ones out of the tunnel.
 */
function checkEndpoints(
  { universe }: DeviceScene,
  device: Device,
  { row }: Tunnels,
  diagnostics: Diagnostics,
): void {
  const ranges = meshRanges(device);
  const onLink = ranges.map((range) => universe.atomsOf(range));
  let sent: ReturnType<typeof sentBy> | undefined;
  for (const { name, endpoint } of device.peers) {
    const host = hostAddressOf(endpoint);
    if (host === undefined) continue;
    const atom = universe.hostAtom(host);
    const isOnLink = onLink.some(({ from, to }) => from <= atom && atom < to);
    // Mostly nothing catches it, and who would is not asked.
    const caught =
      row[atom] === NOWHERE ? undefined : match((sent ??= sentBy(device)), host)?.prefix;
    if ((caught?.length ?? 0) === 0 && !isOnLink) continue;
    const capture = ranges.find((each) => hasAddress(each, host)) ?? caught ?? hostPrefix(host);
    diagnostics.add(proof.endpointCaptured(name, printAddress(host), printPrefix(capture)));
  }
}

/** Unknown addresses of the mesh must die in the interface, not leave by the default route. */
function checkRanges({ claims }: DeviceScene, device: Device, diagnostics: Diagnostics): void {
  const routed = routedRanges(device);
  for (const range of claims.mesh.network.addresses) {
    if (isWithin(routed, range)) continue;
    diagnostics.add(proof.rangeLeaks(device.name, printPrefix(range)));
  }
}

function checkForwarding({ subnets }: Node, device: Device, diagnostics: Diagnostics): void {
  for (const { prefix } of device.subnets) {
    if (subnets.some((subnet) => isSamePrefix(subnet.prefix, prefix))) continue;
    diagnostics.add(
      proof.deviceDiffers(device.name, say`set of subnets, ${printPrefix(prefix)} among them,`),
    );
  }
  for (const { prefix, masquerade } of subnets) {
    const kept = device.subnets.find((subnet) => isSamePrefix(subnet.prefix, prefix));
    if (kept?.masquerade === masquerade) continue;
    diagnostics.add(proof.forwardingOff(device.name, printPrefix(prefix)));
  }
}

function checkMtu(
  { claims }: DeviceScene,
  { mtu }: Node,
  device: Device,
  diagnostics: Diagnostics,
): void {
  const hasIpv6 = claims.mesh.network.addresses.some(({ family }) => family === 6);
  if (!hasIpv6 || device.mtu >= IPV6_LEAST_MTU) return;
  const path = ["nodes", device.name, ...(mtu === undefined ? [] : ["mtu"])];
  const field = mtu === undefined ? "underlayMtu" : "mtu";
  diagnostics.add(ranges.mtuBelowIpv6(path, device.mtu, field));
}

/** Without a firewall the host lets out of its tunnel whatever comes. */
function checkFirewall(device: Device, diagnostics: Diagnostics): void {
  if (device.firewall !== "off" || !isFiltering(device) || hasOwnRules(device)) return;
  diagnostics.add(proof.rulesByHand(device.name));
}

/** A hook of the user's that calls whatever loads rules. */
function hasOwnRules({ hooks }: Device): boolean {
  return [...hooks.preUp, ...hooks.postUp].some((hook) =>
    /\b(?:ip6?tables(?:-\w+)?|nft|firewall-cmd|ufw)\b|masquerade/i.test(hook),
  );
}

function isTouching(universe: Universe, prefix: Prefix, range: AtomRange): boolean {
  const { from, to } = universe.atomsOf(prefix);
  return from < range.to && range.from < to;
}
