/** What one device shows alone: whether it contradicts itself. */
import * as proof from "../messages/proof.ts";
import * as ranges from "../messages/ranges.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { isSameAddress, printAddress } from "../ip/address.ts";
import type { Address } from "../ip/address.ts";
import { hasAddress, hasPrefix, hostPrefix, isSamePrefix, printPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { isFiltering } from "../plan/device.ts";
import type { Device } from "../plan/device.ts";
import type { Claims, Owner } from "./claims.ts";
import { meshRanges, NOWHERE, routedRanges } from "./forwarding.ts";
import type { Tunnels } from "./forwarding.ts";
import type { AtomRange, Universe } from "./universe.ts";

/** IPv6 needs 1280 bytes on every link (RFC 8200 section 5). */
const IPV6_LEAST_MTU = 1280;
/** What WireGuard adds to a packet: 40 (IPv6) + 8 (UDP) + 32 (its own header and tag). */
const OVERHEAD = 80;

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
  checkRanges(scene, device, diagnostics);
  checkForwarding(scene, device, diagnostics);
  checkMtu(scene, device, diagnostics);
  checkFirewall(device, diagnostics);
}

/** The device is that of its node: what others were told of it holds. */
function checkIdentity(
  { claims, owner }: DeviceScene,
  device: Device,
  diagnostics: Diagnostics,
): void {
  const { node, publicKey, addresses } = owner;
  const differs = (what: string): void => diagnostics.add(proof.deviceDiffers(node.name, what));
  if (device.publicKey !== publicKey) differs("public key");
  if (device.listenPort !== node.listenPort) differs("listen port");
  const own = device.addresses.map(({ address }) => address);
  const isSame =
    own.length === addresses.length &&
    own.every((each, at) => {
      const recorded = addresses[at];
      return recorded !== undefined && isSameAddress(each, recorded);
    });
  if (!isSame) differs("addresses");
  const isLost = device.peers.some(
    ({ presharedKeyId }) => (presharedKeyId !== undefined) !== claims.mesh.network.presharedKeys,
  );
  if (isLost) differs("use of preshared keys");
  if (device.table !== undefined && device.routes.length + device.offLinkRanges.length > 0) {
    diagnostics.add(proof.routesByHand(node.name, String(device.table)));
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
    const name = claims.owners[sent]?.node.name;
    const peer = device.peers.find((each) => each.name === name);
    const entry = peer?.allowedIps.find((each) => isTouching(universe, each, { from, to }));
    if (peer === undefined || entry === undefined) continue;
    const printed = { peer: peer.name, prefix: printPrefix(entry) };
    diagnostics.add(proof.ownPrefixOnPeer(device.name, printPrefix(prefix), printed));
  }
}

/** A packet to a peer's endpoint must leave by the underlay; names are not resolved here. */
function checkEndpoints(
  { universe }: DeviceScene,
  device: Device,
  { row }: Tunnels,
  diagnostics: Diagnostics,
): void {
  const ranges = meshRanges(device);
  const onLink = ranges.map((range) => universe.atomsOf(range));
  for (const { name, endpoint } of device.peers) {
    if (endpoint === undefined || typeof endpoint.host === "string") continue;
    const host = endpoint.host;
    const atom = universe.hostAtom(host);
    const isOnLink = onLink.some(({ from, to }) => from <= atom && atom < to);
    if (row[atom] === NOWHERE && !isOnLink) continue;
    const capture = ranges.find((each) => hasAddress(each, host)) ?? capturing(device, host);
    diagnostics.add(proof.endpointCaptured(name, printAddress(host), printPrefix(capture)));
  }
}

function capturing(device: Device, host: Address): Prefix {
  const all = device.peers.flatMap(({ allowedIps }) => allowedIps);
  return all.find((prefix) => hasAddress(prefix, host)) ?? hostPrefix(host);
}

/** Unknown addresses of the mesh must die in the interface, not leave by the default route. */
function checkRanges({ claims }: DeviceScene, device: Device, diagnostics: Diagnostics): void {
  const routed = routedRanges(device);
  for (const range of claims.mesh.network.addresses) {
    if (routed.some((prefix) => hasPrefix(prefix, range))) continue;
    diagnostics.add(proof.rangeLeaks(device.name, printPrefix(range)));
  }
}

function checkForwarding({ owner }: DeviceScene, device: Device, diagnostics: Diagnostics): void {
  for (const { prefix, masquerade } of owner.node.subnets) {
    const kept = device.subnets.find((subnet) => isSamePrefix(subnet.prefix, prefix));
    if (kept?.masquerade === masquerade) continue;
    diagnostics.add(proof.forwardingOff(device.name, printPrefix(prefix)));
  }
}

function checkMtu({ claims, owner }: DeviceScene, device: Device, diagnostics: Diagnostics): void {
  const hasIpv6 = claims.mesh.network.addresses.some(({ family }) => family === 6);
  if (hasIpv6 && device.mtu < IPV6_LEAST_MTU) {
    const isFixed = owner.node.mtu !== undefined;
    const path = ["nodes", device.name, ...(isFixed ? ["mtu"] : [])];
    diagnostics.add(ranges.mtuBelowIpv6(path, device.mtu, isFixed ? "mtu" : "underlayMtu"));
  }
  // The common case, in which no path can be narrower: nothing to look up.
  if (device.mtu <= claims.leastUnderlayMtu - OVERHEAD) return;
  for (const { name } of device.peers) {
    const other = claims.owners[claims.positions.get(name) ?? -1]?.node ?? owner.node;
    const fits = Math.min(owner.node.underlayMtu, other.underlayMtu) - OVERHEAD;
    if (device.mtu > fits)
      return diagnostics.add(proof.mtuTooLarge(device.name, device.mtu, { mtu: fits, peer: name }));
  }
}

/** Without a firewall the host lets out of its tunnel whatever comes. */
function checkFirewall(device: Device, diagnostics: Diagnostics): void {
  if (device.firewall !== "off" || !isFiltering(device)) return;
  diagnostics.add(proof.rulesByHand(device.name));
}

function isTouching(universe: Universe, prefix: Prefix, range: AtomRange): boolean {
  const { from, to } = universe.atomsOf(prefix);
  return from < range.to && range.from < to;
}
