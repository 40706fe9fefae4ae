/** Tells the way of a packet in words: each hop, and why it holds or fails. */
import { say } from "../phrase.ts";
import type { Phrase } from "../phrase.ts";
import { listTexts } from "../wording.ts";
import type { Address } from "../ip/address.ts";
import { isSameAddress, printAddress } from "../ip/address.ts";
import { printEndpoint } from "../ip/endpoint.ts";
import { hasAddress, hostPrefix, isWithin, printPrefix } from "../ip/prefix.ts";
import { createPrefixMap, match } from "../ip/prefix-map.ts";
import type { PortRange } from "../model/mesh.ts";
import type { Name } from "../model/names.ts";
import { printPortRange, printSelector } from "../model/words.ts";
import { device, entryDevice } from "../plan/compile.ts";
import type { Device, Peer, Permit } from "../plan/device.ts";
import type { Member } from "../plan/member.ts";
import type { Index } from "../plan/members.ts";
import { judge } from "./admission.ts";
import type { Admission, Destination, Flow } from "./admission.ts";
import { routedRanges, sentBy } from "./forwarding.ts";

/** One end of a trace: an address, and the node or client that has it or stands before it. */
export interface TraceEnd {
  readonly name: Name;
  readonly address: Address;
}

export interface TraceStep {
  readonly node: string;
  readonly text: Phrase;
  readonly holds: boolean;
}

export interface Trace {
  readonly steps: readonly TraceStep[];
  readonly reaches: boolean;
}

/** Whoever owns an address, by the longest match; undefined when nobody in the mesh does. */
export function findEnd({ members, entries }: Index, address: Address): TraceEnd | undefined {
  const owners = createPrefixMap<Name>([
    ...members.flatMap(({ node, prefixes }) => prefixes.map((each) => [each, node.name] as const)),
    ...entries.flatMap(({ name, addresses }) =>
      addresses.map((each) => [hostPrefix(each.address), name] as const),
    ),
  ]);
  const name = match(owners, address)?.value;
  return name === undefined ? undefined : { name, address };
}

/** Where what nobody in the mesh owns leaves it, for a node or client that uses an exit. */
export function findExit(index: Index, source: Name, address: Address): TraceEnd | undefined {
  const peer = match(sentBy(deviceOf(index, source)), address)?.value;
  return peer === undefined ? undefined : { name: peer.name, address };
}

/**
 * Follows the first packet of a connection from one end to the other. Its answer is asked for at each
 * hop, too: who takes a packet from a peer sends what is for the sender to that peer.
 */
export function trace(index: Index, source: TraceEnd, target: TraceEnd, port?: PortRange): Trace {
  const steps: TraceStep[] = [];
  const tell = (node: Name, text: Phrase, holds = true): boolean => {
    steps.push({ node, text, holds });
    return holds;
  };
  const flow = { source: source.address, target: target.address, ...(port && { port }) };
  const reaches = follow({ index, source, target, flow, tell });
  return { steps, reaches };
}

interface Journey {
  readonly index: Index;
  readonly source: TraceEnd;
  readonly target: TraceEnd;
  readonly flow: Flow;
  readonly tell: (node: Name, text: Phrase, holds?: boolean) => boolean;
}

function follow(journey: Journey): boolean {
  const { index, source, target, tell } = journey;
  const start = deviceOf(index, source.name);
  const [from, to] = [printAddress(source.address), printAddress(target.address)];
  if (!isOwn(start, source.address))
    tell(start.name, say`takes ${from} from behind it and forwards`);
  if (start.name === target.name) {
    const what = isOwn(start, target.address)
      ? say`has ${to} itself`
      : say`reaches ${to} behind it`;
    return tell(start.name, say`${what}: no tunnel is used`);
  }
  const near = commonNetwork(journey);
  if (near !== undefined) {
    return tell(start.name, say`reaches ${to} directly, in the network ${near} of their site`);
  }
  const met = new Set<Name>();
  let here = start;
  while (here.name !== target.name) {
    if (met.has(here.name))
      return tell(here.name, say`has had it before: it goes in circles`, false);
    met.add(here.name);
    const next = step(journey, here);
    if (next === undefined) return false;
    here = next;
    if (here.name !== target.name && !admit(journey, here, "tunnel")) return false;
  }
  return arrive(journey, here);
}

/** From one device into a tunnel and out of it; undefined when that fails. */
function step(journey: Journey, here: Device): Device | undefined {
  const { index, source, target, tell } = journey;
  const to = printAddress(target.address);
  const found = match(sentBy(here), target.address);
  if (found === undefined) {
    tell(here.name, noTunnel(journey, here), false);
    return undefined;
  }
  if (!isWithin(routedRanges(here), target.address)) {
    tell(here.name, say`has no route for ${to} into ${here.interface}`, false);
    return undefined;
  }
  const peer = found.value;
  tell(
    here.name,
    say`${printPrefix(found.prefix)} is the longest match for ${to}: peer ${peer.name}`,
  );
  tell(here.name, dialling(peer));
  const there = deviceOf(index, peer.name);
  const from = printAddress(source.address);
  const back = match(sentBy(there), source.address);
  if (back?.value.name !== here.name) {
    const text = say`drops it: ${from} is not among what it takes from ${here.name}`;
    tell(there.name, text, false);
    return undefined;
  }
  tell(
    there.name,
    say`takes it: ${printPrefix(back.prefix)} holds the sender's ${from}; answers go the same way`,
  );
  return there;
}

/** At the device of the target: into the host, or out of it again to what is behind. */
function arrive(journey: Journey, here: Device): boolean {
  const { target, tell } = journey;
  if (isOwn(here, target.address)) return admit(journey, here, "host");
  const behind = here.subnets
    .filter(({ prefix }) => hasAddress(prefix, target.address))
    .toSorted((one, other) => other.prefix.length - one.prefix.length);
  const [subnet] = behind;
  if (subnet === undefined) return tell(here.name, say`does not forward there`, false);
  const isExit = subnet.prefix.length === 0;
  if (!admit(journey, here, isExit ? "exit" : "subnet")) return false;
  const nat =
    subnet.masquerade && here.firewall !== "off"
      ? say`with its own address, so that no route back is needed`
      : say`as it is: machines there need a route back`;
  const where = isExit ? say`the internet` : printPrefix(subnet.prefix);
  return tell(here.name, say`forwards to ${where} ${nat}`);
}

/** Whether the host's rules let it pass; said only where there is anything to say. */
function admit({ index, flow, tell }: Journey, here: Device, destination: Destination): boolean {
  const verdict = judge(here, flow, destination);
  if (verdict.kind === "passes") {
    if (destination === "tunnel" && verdict.permits === undefined) {
      return tell(here.name, say`passes it on: it carries what is for others`);
    }
    for (const permit of verdict.permits ?? []) tell(here.name, letIn(index, permit));
    return true;
  }
  const byHand =
    here.firewall === "off" ? say` (its firewall is off: that is up to your rules)` : "";
  return tell(here.name, say`drops it: ${refusal(verdict, flow)}${byHand}`, false);
}

function letIn({ mesh }: Index, { rule: at }: Permit): Phrase {
  const rule = mesh.policy?.[at];
  if (rule === undefined) throw new Error("a permit is of no rule");
  const from = listTexts(rule.from.map(printSelector));
  const to = listTexts(rule.to.map(printSelector));
  const ports =
    rule.ports.length === 0 ? say`everything` : listTexts(rule.ports.map(printPortRange));
  return say`policy[${at}] lets it in: ${ports} from ${from} to ${to}`;
}

function refusal(verdict: Exclude<Admission, { kind: "passes" }>, flow: Flow): Phrase {
  const [from, to] = [printAddress(flow.source), printAddress(flow.target)];
  const what = flow.port === undefined ? say`anything` : printPortRange(flow.port);
  return {
    confined: say`the access of the client does not cover ${to}`,
    denied: say`a link denies all from ${from}`,
    "not-permitted": say`no rule of the policy lets ${from} start ${what} to ${to}`,
    "does-not-carry": say`it carries nothing for others`,
    "host-only": say`${to} is for a host alone: no exit passes it on`,
    "no-exit-user": say`${from} is not of those who name it as their exit`,
  }[verdict.kind];
}

function deviceOf(index: Index, name: Name): Device {
  const member = index.byName.get(name);
  if (member !== undefined) return device(index, member);
  const entry = index.entries.find((each) => each.name === name);
  if (entry === undefined) throw new Error(`${name} is not in the mesh`);
  return entryDevice(index, entry);
}

/** The node at which a device is in the mesh: a client's is the one that it enters through. */
function homeOf({ byName, entries }: Index, name: Name): Member {
  const via = entries.find((each) => each.name === name)?.via;
  const member = byName.get(via ?? name);
  if (member === undefined) throw new Error(`${name} is not in the mesh`);
  return member;
}

/** The private network of a site that both ends are in, by the address of either. */
function commonNetwork({ index, source, target }: Journey): string | undefined {
  const [one, other] = [index.byName.get(source.name), index.byName.get(target.name)];
  if (one?.site === undefined || one.site !== other?.site) return undefined;
  const near = one.siteNetworks.find(
    (network) => hasAddress(network, source.address) || hasAddress(network, target.address),
  );
  return near === undefined ? undefined : printPrefix(near);
}

function isOwn({ addresses }: Device, address: Address): boolean {
  return addresses.some((own) => isSameAddress(own.address, address));
}

function noTunnel({ index, source, target }: Journey, here: Device): Phrase {
  const { name } = target;
  const start = say`has no tunnel to ${name}, which has ${printAddress(target.address)}`;
  const [one, other] = [homeOf(index, source.name), homeOf(index, name)];
  if (one === other) return say`${start}: what ${here.name} may reach does not cover it`;
  if (index.paths.isDenied(one, other)) return say`${start}: a link denies all between the two`;
  if (!index.traffic.isAllowed(one, other)) {
    return say`${start}: the policy lets nothing pass between the two`;
  }
  if (index.paths.next(one, other) !== undefined) {
    return say`${start}: what ${here.name} may reach does not cover it`;
  }
  return say`${start}: neither can dial the other, give ${one.node.name} or ${other.node.name} an endpoint`;
}

function dialling({ name, endpoint, keepaliveSeconds }: Peer): Phrase {
  const way =
    endpoint === undefined
      ? say`waits for ${name} to dial, since it knows no endpoint of it`
      : say`dials ${name} at ${printEndpoint(endpoint)}`;
  if (keepaliveSeconds === undefined) return way;
  return say`${way}, and keeps the way open every ${keepaliveSeconds} s, since ${name} cannot dial back`;
}
