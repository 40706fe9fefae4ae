/** What one device shows alone: whether it contradicts itself. */
import * as proof from "../messages/proof.ts";
import * as ranges from "../messages/ranges.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { printAddress } from "../ip/address.ts";
import type { Address } from "../ip/address.ts";
import { hasAddress, hasPrefix, hostPrefix, isSamePrefix, printPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { Device } from "../plan/device.ts";
import type { Claims, Owner } from "./claims.ts";
import { NOWHERE, onLinkRanges } from "./forwarding.ts";
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
  checkOwnPrefixes(scene, device, tunnels, diagnostics);
  checkEndpoints(scene, device, tunnels, diagnostics);
  checkRanges(scene, device, diagnostics);
  checkForwarding(scene, device, diagnostics);
  checkMtu(scene, device, diagnostics);
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
  const ranges = onLinkRanges(device);
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
  const routed = [...onLinkRanges(device), ...device.routes];
  for (const range of claims.mesh.network.addresses) {
    if (routed.some((prefix) => hasPrefix(prefix, range))) continue;
    diagnostics.add(proof.rangeLeaks(device.name, printPrefix(range)));
  }
}

function checkForwarding({ owner }: DeviceScene, device: Device, diagnostics: Diagnostics): void {
  for (const { prefix } of owner.node.subnets) {
    if (device.subnets.some((subnet) => isSamePrefix(subnet.prefix, prefix))) continue;
    diagnostics.add(proof.forwardingOff(device.name, printPrefix(prefix)));
  }
}

function checkMtu({ claims, owner }: DeviceScene, device: Device, diagnostics: Diagnostics): void {
  const hasIpv6 = claims.mesh.network.addresses.some(({ family }) => family === 6);
  if (hasIpv6 && device.mtu < IPV6_LEAST_MTU) {
    diagnostics.add(ranges.mtuBelowIpv6(["nodes", device.name], device.mtu));
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

function isTouching(universe: Universe, prefix: Prefix, range: AtomRange): boolean {
  const { from, to } = universe.atomsOf(prefix);
  return from < range.to && range.from < to;
}
