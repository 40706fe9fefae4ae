/** What is wrong with a plan before any packet is sent: keys, pairs, endpoints, lists. */
import type { Device, Peer } from "@warren/core";
import { judgeFilter } from "./filters.ts";
import type { Party } from "./parties.ts";
import type { Complain, Scene } from "./scene.ts";
import { hostSpan, isOverlap, printAddress, printSpan, spanOf } from "./spans.ts";
import type { Span } from "./spans.ts";
import { endpointFault } from "./world.ts";

export function judgeStructure(scene: Scene, devices: readonly Device[], complain: Complain): void {
  const { parties } = scene.laws;
  for (const { name, publicKey, addresses } of parties) {
    const found = devices.filter((device) => device.name === name);
    if (found.length !== 1) complain(`device: ${name} has ${found.length}`);
    if (found.some((device) => device.publicKey !== publicKey)) complain(`key: not ${name}'s own`);
    const given = addresses.map(printAddress).join();
    if (found.some((device) => printAddresses(device) !== given))
      complain(`address: ${name} has not ${given}`);
  }
  for (const device of devices) {
    const party = parties.find(({ name }) => name === device.name);
    if (party === undefined) complain(`device: ${device.name} is nobody's`);
    else judgeDevice(scene, { device, party }, complain);
    if (party !== undefined && party.client === undefined) {
      judgeFilter(scene.laws, device, party, complain);
    }
  }
}

interface Judged {
  readonly device: Device;
  readonly party: Party;
}

function judgeDevice(scene: Scene, { device, party }: Judged, complain: Complain): void {
  const owners = new Map<string, string>();
  const seen = new Set<string>();
  const own = party.client === undefined ? ownSpans(party) : [];
  const host = scene.world.hosts.get(device.name);
  for (const peer of device.peers) {
    if (seen.has(peer.publicKey)) complain(`peer: ${device.name} has ${peer.name} twice`);
    seen.add(peer.publicKey);
    judgePeer(scene, device, peer, complain);
    for (const span of peer.allowedIps.map(spanOf)) {
      const printed = printSpan(span);
      const owner = owners.get(printed) ?? peer.name;
      if (owner !== peer.name) complain(`overlap: ${device.name} gives ${printed} to two peers`);
      owners.set(printed, peer.name);
      if (party.client === undefined && host?.isRouting(span) === false) {
        complain(`route: ${device.name} has none for ${printed}`);
      }
      if (span.length > 0 && own.some((each) => isOverlap(each, span))) {
        complain(`own: ${device.name} gives ${printed} to ${peer.name}`);
      }
    }
  }
}

function ownSpans({ addresses, surroundings, home }: Party): readonly Span[] {
  const behind = home.subnets.map(({ prefix }) => spanOf(prefix));
  return [
    ...[...addresses, ...surroundings.addresses].map(hostSpan),
    ...surroundings.near,
    ...behind.filter(({ length }) => length > 0),
  ];
}

function judgePeer({ laws, world }: Scene, device: Device, peer: Peer, complain: Complain): void {
  const host = world.hosts.get(device.name);
  const other = world.find(peer);
  if (host === undefined) return;
  if (other === host) complain(`peer: ${device.name} is its own`);
  const fault = world.fault(host, peer);
  if (fault !== undefined) complain(`pair: ${fault}`);
  if (other === undefined) return;
  const wrong = endpointFault(host, peer, other);
  if (wrong !== undefined) complain(`endpoint: ${wrong}`);
  const id = peer.presharedKeyId;
  const isOfPair =
    id !== undefined &&
    [id.low, id.high].includes(device.publicKey) &&
    [id.low, id.high].includes(peer.publicKey);
  if (laws.mesh.network.presharedKeys !== isOfPair) {
    complain(`preshared: ${device.name} – ${peer.name} has not its pair's key`);
  }
}

function printAddresses({ addresses }: Device): string {
  return addresses.map(({ address }) => printAddress(address)).join();
}
