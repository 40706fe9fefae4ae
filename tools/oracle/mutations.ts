/**
 * Ways to change a plan by hand, each in forms that break it and forms that only look so: what judge
 * and proof must agree on. None when a plan has nothing of the kind to change.
 */
import type { Device, Filter, Peer, Permit, Prefix } from "@warren/core";
import { prefixOf, withDevice, withPeer } from "./plans.contract.ts";
import type { Plan } from "./plans.contract.ts";
import { isOverlap, spanOf } from "./spans.ts";

/** Draws one of a list, another each time it is asked. */
export type Pick = <T>(list: readonly T[]) => T | undefined;

export type Mutation = (plan: Plan, pick: Pick) => Plan | undefined;

export const mutations: Readonly<Record<string, Mutation>> = {
  "a prefix moves to another peer": onPeer((plan, { device, peer }, pick) => {
    const other = pick(device.peers.filter((each) => each !== peer));
    const ip = pick(ipsOf(plan, peer));
    if (other === undefined || ip === undefined) return undefined;
    const changed = pick([
      (): Device => moved(device, ip, [peer, other]),
      (): Device => moved(moved(device, ip, [peer, other]), ip, [other, peer]),
    ]);
    return changed && withDevice(plan, device.name, changed);
  }),
  "a prefix is dropped": onIps((ips, ip, pick) => {
    return pick([(): Ips => without(ips, ip), (): Ips => [...without(ips, ip), ...halves(ip)]])?.();
  }),
  "a prefix is added": onPeer((plan, { device, peer }, pick) => {
    const other = pick(plan.devices.flatMap(({ peers }) => peers));
    const foreign = other && pick(ipsOf(plan, other));
    const own = pick(ipsOf(plan, peer));
    const added = pick([foreign, own && halves(own)[0]]);
    if (added === undefined) return undefined;
    return changePeer(plan, device, peer, (peer) => ({
      ...peer,
      allowedIps: [...peer.allowedIps, added],
    }));
  }),
  "a prefix is widened": onIps((ips, ip, pick) => {
    const wide = widened(ip);
    return pick([
      (): Ips => [...without(ips, ip), wide],
      (): Ips => [...without(ips, ip), ...halves(ip).flatMap(halves)],
    ])?.();
  }),
  "a pair is removed": onPeer((plan, { device, peer }, pick) => {
    const isGone = pick([true, false]) ?? false;
    const change = isGone ? withoutPeer : withPeerLast;
    const one = withDevice(plan, device.name, (each) => change(each, peer.name));
    return withDevice(one, peer.name, (each) => change(each, device.name));
  }),
  "one side of a pair is removed": onPeer((plan, { device, peer }, pick) => {
    const isGone = pick([true, false]) ?? false;
    const change = isGone ? withoutPeer : withPeerLast;
    return withDevice(plan, device.name, (each) => change(each, peer.name));
  }),
  "an endpoint changes": onPeer((plan, { device, peer }, pick) => {
    const { endpoint } = peer;
    const all = plan.devices.flatMap(({ peers }) => peers);
    const others = all.filter((each) => each.name === peer.name && each.endpoint !== undefined);
    const other = pick([pick(others), pick(all)])?.endpoint;
    if (endpoint === undefined || other === undefined) return undefined;
    return changePeer(plan, device, peer, (peer) => ({ ...peer, endpoint: other }));
  }),
  "endpoints are removed": onPeer((plan, { device, peer }, pick) => {
    const both = pick([true, false]) ?? false;
    const one = changePeer(plan, device, peer, withoutEndpoint);
    if (!both) return one;
    return withDevice(one, peer.name, (each) => withPeer(each, device.name, withoutEndpoint));
  }),
  "a preshared key changes": onPeer((plan, { device, peer }, pick) => {
    const both = pick([true, false]) ?? false;
    const one = changePeer(plan, device, peer, rotated);
    if (!both) return one;
    return withDevice(one, peer.name, (each) => withPeer(each, device.name, rotated));
  }),
  "a route is dropped": onDevice((plan, device, pick) => {
    const route = pick(device.routes.filter((each) => !isWhole(each) && isFamiliar(plan, each)));
    if (route === undefined) return undefined;
    const rest = without(device.routes, route);
    const routes = pick([rest, [...rest, ...halves(route)]]) ?? rest;
    return withDevice(plan, device.name, (device) => ({ ...device, routes }));
  }),
  "an address changes": onDevice((plan, device, pick) => {
    const given = pick(device.addresses);
    if (given === undefined) return undefined;
    const { address, length } = given;
    const next = { address: { ...address, bits: address.bits + 1n }, length };
    const shift = BigInt((address.family === 4 ? 32 : 128) - length);
    const range = { ...address, bits: (address.bits >> shift) << shift, length };
    const changed = pick([
      { addresses: device.addresses.map((each) => (each === given ? next : each)) },
      // A route that the address's length makes already.
      { offLinkRanges: [...device.offLinkRanges, range] },
    ]);
    return withDevice(plan, device.name, (device) => ({ ...device, ...changed }));
  }),
  "an exit goes to another": onDevice((plan, device, pick) => {
    const peer = device.peers.find(({ allowedIps }) => allowedIps.some(isWhole));
    const ip = peer?.allowedIps.find(isWhole);
    const other = pick(device.peers.filter((each) => each !== peer));
    if (peer === undefined || ip === undefined || other === undefined) return undefined;
    const changed = pick([
      (device: Device): Device => moved(device, ip, [peer, other]),
      (device: Device): Device => ({ ...device, peers: device.peers.toReversed() }),
    ]);
    return changed && withDevice(plan, device.name, changed);
  }),
  "a host carries, or does not": onFilter(({ carries }, pick) => {
    return { carries: pick([!carries, carries]) ?? carries };
  }),
  "a permit is dropped": onPermit((permit, pick) => pick([[], [permit]]) ?? []),
  "a permit is widened": onPermit((permit, pick) => {
    const from = pick([everything(), permit.from.flatMap(halves)]) ?? permit.from;
    return [{ ...permit, from }];
  }),
  "a permit is reversed": onPermit((permit, pick) => {
    const { from, to } = permit;
    const split = { ...permit, from: from.flatMap(halves), to: to.flatMap(halves) };
    return [pick([{ ...permit, from: to, to: from }, split]) ?? permit];
  }),
  "who uses an exit changes": onFilter(({ exitUsers }, pick) => {
    const user = pick(exitUsers);
    if (user === undefined) return undefined;
    const split = exitUsers.flatMap(halves);
    return { exitUsers: pick([without(exitUsers, user), everything(), split, split]) ?? split };
  }),
};

type Ips = readonly Prefix[];

interface Place {
  readonly device: Device;
  readonly peer: Peer;
}

function onDevice(change: (plan: Plan, device: Device, pick: Pick) => Plan | undefined): Mutation {
  return (plan, pick) => {
    const device = pick(plan.devices);
    return device && change(plan, device, pick);
  };
}

function onPeer(change: (plan: Plan, place: Place, pick: Pick) => Plan | undefined): Mutation {
  return onDevice((plan, device, pick) => {
    const peer = pick(device.peers);
    return peer && change(plan, { device, peer }, pick);
  });
}

function onIps(change: (ips: Ips, ip: Prefix, pick: Pick) => Ips | undefined): Mutation {
  return onPeer((plan, { device, peer }, pick) => {
    const ip = pick(ipsOf(plan, peer));
    const allowedIps = ip && change(peer.allowedIps, ip, pick);
    return allowedIps && changePeer(plan, device, peer, (peer) => ({ ...peer, allowedIps }));
  });
}

function onFilter(change: (filter: Filter, pick: Pick) => Partial<Filter> | undefined): Mutation {
  return onDevice((plan, { name, filter }, pick) => {
    const changed = change(filter, pick);
    return (
      changed && withDevice(plan, name, (each) => ({ ...each, filter: { ...filter, ...changed } }))
    );
  });
}

function onPermit(change: (permit: Permit, pick: Pick) => readonly Permit[]): Mutation {
  return onFilter(({ permits = [] }, pick) => {
    const permit = pick(permits);
    if (permit === undefined) return undefined;
    const changed = change(permit, pick);
    return { permits: permits.flatMap((each) => (each === permit ? changed : [each])) };
  });
}

/** What of a list anybody can send to, of a family that the mesh has; exits are a matter of their own. */
function ipsOf(plan: Plan, { allowedIps }: Peer): Ips {
  return allowedIps.filter((ip) => !isWhole(ip) && isFamiliar(plan, ip));
}

function isFamiliar({ mesh }: Plan, ip: Prefix): boolean {
  const isOfMesh = mesh.network.addresses.some(({ family }) => family === ip.family);
  return isOfMesh && namedRanges(mesh).some((range) => isOverlap(spanOf(range), spanOf(ip)));
}

/** All but the internet, of which the judge tries a few addresses alone. */
function namedRanges({ network, nodes, sites }: Plan["mesh"]): readonly Prefix[] {
  const subnets = nodes.flatMap((node) => node.subnets.map(({ prefix }) => prefix));
  const bounded = subnets.filter((prefix) => !isWhole(prefix));
  return [...network.addresses, ...bounded, ...sites.flatMap(({ reach }) => reach)];
}

function changePeer(
  plan: Plan,
  device: Device,
  { name }: Peer,
  change: (peer: Peer) => Peer,
): Plan {
  return withDevice(plan, device.name, (each) => withPeer(each, name, change));
}

function moved(device: Device, ip: Prefix, [from, to]: readonly [Peer, Peer]): Device {
  const left = withPeer(device, from.name, (peer) => ({
    ...peer,
    allowedIps: without(peer.allowedIps, ip),
  }));
  return withPeer(left, to.name, (peer) => ({ ...peer, allowedIps: [...peer.allowedIps, ip] }));
}

function withoutPeer(device: Device, name: string): Device {
  return { ...device, peers: device.peers.filter((peer) => peer.name !== name) };
}

function withPeerLast(device: Device, name: string): Device {
  const last = device.peers.filter((peer) => peer.name === name);
  return { ...device, peers: [...withoutPeer(device, name).peers, ...last] };
}

function withoutEndpoint({ endpoint: _, ...peer }: Peer): Peer {
  return peer;
}

function rotated({ presharedKeyId: id, ...peer }: Peer): Peer {
  return id === undefined ? peer : { ...peer, presharedKeyId: { ...id, epoch: id.epoch + 1 } };
}

function without(ips: Ips, ip: Prefix): Ips {
  return ips.filter((each) => each !== ip);
}

/** The two parts of a prefix; of a host the host. */
function halves(ip: Prefix): Ips {
  const { family, bits, length } = ip;
  const width = family === 4 ? 32 : 128;
  if (length === width) return [ip];
  const half = 1n << BigInt(width - length - 1);
  return [bits, bits + half].map((bits) => ({ family, bits, length: length + 1 }));
}

function widened({ family, bits, length }: Prefix): Prefix {
  const size = 1n << BigInt((family === 4 ? 32 : 128) - length + 1);
  return { family, bits: bits - (bits % size), length: length - 1 };
}

function isWhole({ length }: Prefix): boolean {
  return length === 0;
}

function everything(): Ips {
  return ["0.0.0.0/0", "::/0"].map(prefixOf);
}
