/** Tells the way of a packet in words: each hop, and why it holds or fails. */
import { printAddress } from "../ip/address.ts";
import type { Address } from "../ip/address.ts";
import { printEndpoint } from "../ip/endpoint.ts";
import { hasAddress, printPrefix } from "../ip/prefix.ts";
import { createPrefixMap, match } from "../ip/prefix-map.ts";
import { device } from "../plan/compile.ts";
import type { Device, Peer } from "../plan/device.ts";
import type { Member } from "../plan/member.ts";
import type { Index } from "../plan/members.ts";
import { routedRanges } from "./forwarding.ts";

/** One end of a trace: an address, and the node that has it or stands before it. */
export interface TraceEnd {
  readonly member: Member;
  readonly address: Address;
}

export interface TraceStep {
  readonly node: string;
  readonly text: string;
  readonly holds: boolean;
}

export interface Trace {
  readonly steps: readonly TraceStep[];
  readonly reaches: boolean;
}

/** The node that owns an address, by the longest match; undefined when nobody does. */
export function findEnd(index: Index, address: Address): TraceEnd | undefined {
  const owners = createPrefixMap(
    index.members.flatMap((member) => member.prefixes.map((prefix) => [prefix, member] as const)),
  );
  const member = match(owners, address)?.value;
  return member === undefined ? undefined : { member, address };
}

/** Follows a packet from one end to the other, and asks at the far end whether its answer comes back. */
export function trace(index: Index, source: TraceEnd, target: TraceEnd): Trace {
  const steps: TraceStep[] = [];
  const say = (at: Member, text: string, holds = true): boolean => {
    steps.push({ node: at.node.name, text, holds });
    return holds;
  };
  const reaches = follow(index, { source, target, say });
  return { steps, reaches };
}

interface Journey {
  readonly source: TraceEnd;
  readonly target: TraceEnd;
  readonly say: (at: Member, text: string, holds?: boolean) => boolean;
}

function follow(index: Index, journey: Journey): boolean {
  const { source, target, say } = journey;
  const start = source.member;
  if (isBehind(source))
    say(start, `takes ${printAddress(source.address)} from behind it and forwards`);
  if (start === target.member) {
    const address = printAddress(target.address);
    const what = isBehind(target) ? `reaches ${address} behind it` : `has ${address} itself`;
    return say(start, `${what}: no tunnel is used`);
  }
  const near = commonNetwork(source, target);
  if (near !== undefined) {
    return say(
      start,
      `reaches ${printAddress(target.address)} directly, in the network ${near} of their site`,
    );
  }
  const here = device(index, start);
  if (!here.peers.some(({ name }) => name === target.member.node.name)) {
    return say(start, noPeer(start, target), false);
  }
  if (!isRouted(here, target.address)) {
    return say(
      start,
      `has no route for ${printAddress(target.address)} into ${here.interface}`,
      false,
    );
  }
  const peer = longestMatch(here, target.address);
  if (peer === undefined) return say(start, noPeer(start, target), false);
  say(
    start,
    `${peer.why} is the longest match for ${printAddress(target.address)}: peer ${peer.value.name}`,
  );
  say(start, dialling(peer.value));
  return arrive(index, journey, peer.value);
}

function arrive(index: Index, { source, target, say }: Journey, peer: Peer): boolean {
  const end = target.member;
  const there = device(index, end);
  if (peer.name !== end.node.name) return say(end, `would not be asked: ${peer.name} is`, false);
  const back = longestMatch(there, source.address);
  if (back?.value.name !== source.member.node.name) {
    return say(
      end,
      `drops it: ${printAddress(source.address)} is not among what it takes from ${source.member.node.name}`,
      false,
    );
  }
  say(
    end,
    `takes it: ${back.why} holds the sender's ${printAddress(source.address)}; answers go the same way`,
  );
  if (!isBehind(target)) return true;
  const subnet = there.subnets.find(({ prefix }) => hasAddress(prefix, target.address));
  if (subnet === undefined) return say(end, "does not forward there", false);
  const nat =
    subnet.masquerade && there.firewall !== "off"
      ? "with its own address, so that no route back is needed"
      : "as it is: machines there need a route back";
  return say(end, `forwards to ${printPrefix(subnet.prefix)} ${nat}`);
}

/** The private network of a site that both ends are in, by the address of either. */
function commonNetwork(source: TraceEnd, target: TraceEnd): string | undefined {
  if (source.member.node.site !== target.member.node.site) return undefined;
  const near = source.member.siteNetworks.find(
    (network) => hasAddress(network, source.address) || hasAddress(network, target.address),
  );
  return near === undefined ? undefined : printPrefix(near);
}

function isBehind({ member, address }: TraceEnd): boolean {
  return !member.addresses.some((own) => own.address.bits === address.bits);
}

function isRouted(device: Device, address: Address): boolean {
  return routedRanges(device).some((prefix) => hasAddress(prefix, address));
}

function longestMatch(
  { peers }: Device,
  address: Address,
): { value: Peer; why: string } | undefined {
  const entries = peers.flatMap((peer) => peer.allowedIps.map((prefix) => [prefix, peer] as const));
  const found = match(createPrefixMap(entries), address);
  return found === undefined ? undefined : { value: found.value, why: printPrefix(found.prefix) };
}

function noPeer(start: Member, { member, address }: TraceEnd): string {
  const name = member.node.name;
  return `has no tunnel to ${name}, which has ${printAddress(address)}: neither can dial the other, give ${start.node.name} or ${name} an endpoint`;
}

function dialling({ name, endpoint, keepaliveSeconds }: Peer): string {
  const way =
    endpoint === undefined
      ? `waits for ${name} to dial, since it knows no endpoint of it`
      : `dials ${name} at ${printEndpoint(endpoint)}`;
  if (keepaliveSeconds === undefined) return way;
  return `${way}, and keeps the way open every ${keepaliveSeconds} s, since ${name} cannot dial back`;
}
