/** Sends packets between all things of a mesh, answers each, and complains where the document says otherwise. */
import type { Address } from "@warren/core";
import type { Packet } from "./firewall.ts";
import type { Host } from "./host.ts";
import { compareWeights } from "./graph.ts";
import type { Weight } from "./graph.ts";
import type { Party } from "./parties.ts";
import { PUBLIC, readPromise } from "./promises.ts";
import type { Promised, Thing } from "./promises.ts";
import type { Complain, Scene } from "./scene.ts";
import { cutSpan, isInAny, printAddress, spanOf } from "./spans.ts";
import type { Trip } from "./world.ts";

export function judgeTraffic(scene: Scene, complain: Complain): void {
  const things = scene.laws.parties.flatMap((party) => thingsOf(scene, party));
  const used = new Set<string>();
  const pairs = things.flatMap((source) => {
    return things.flatMap((destination) => pairUp(scene, { source, destination, used }));
  });
  for (const pair of pairs) judgePair(scene, pair, complain);
  // Lists and routes are whole between two of whom anything may talk.
  const talking = new Set(pairs.filter(isTalking).flatMap(namesOf));
  for (const pair of pairs) {
    if (namesOf(pair).some((names) => talking.has(names))) judgeRoute(scene, pair, complain);
  }
  judgeNeed(scene, used, complain);
}

function pairUp(
  { world, laws }: Scene,
  ends: Pick<Pair, "source" | "destination" | "used">,
): readonly Pair[] {
  const { source, destination } = ends;
  const host = world.hosts.get(source.party.name);
  if (source.kind === "internet" || host === undefined) return [];
  if (source.party === destination.party) return [];
  if (source.address.family !== destination.address.family) return [];
  const flows = (1 << laws.flows.length) - 1;
  const packet = { source: source.address, destination: destination.address, flows };
  return [{ ...ends, host, packet, promised: readPromise(laws, source, destination) }];
}

/** Whether the policy wants anything of two things that may be wanted: an exit is for who names it. */
function isTalking({ source, destination, promised }: Pair): boolean {
  const [from, to] = [source.party.home, destination.party.home];
  const isNodes = source.party.client === undefined && from.exit === to.name;
  const isGranted = destination.kind !== "internet" || promised.isRouted || isNodes;
  return promised.wanted !== 0 && isGranted;
}

/** The two parties, either way around. */
function namesOf({ source, destination }: Pair): readonly string[] {
  const [one, other] = [source.party.name, destination.party.name];
  return [`${one} ${other}`, `${other} ${one}`];
}

/** Where nothing may start between two things, their ways are those of everything else of their nodes. */
function judgeRoute(scene: Scene, pair: Pair, complain: Complain): void {
  const { source, destination, host, packet, promised } = pair;
  if (!promised.isRouted || promised.must !== 0 || host.isAtHome(packet.destination)) return;
  const isBlind = !promised.isAnswered;
  const trip = scene.world.send(host, packet, { isProbe: true, isBlind });
  if (isDelivered(trip, destination) && !isByExit(pair)) return;
  if (isHidden(trip, pair)) return;
  const ends = `${source.party.name} ${printAddress(packet.source)} → ${destination.party.name} ${printAddress(packet.destination)}`;
  complain(`unrouted: ${ends} by ${printPath(trip)}: ${whyOf(trip)}`);
}

interface Pair {
  readonly source: Thing;
  readonly destination: Thing;
  readonly host: Host;
  readonly packet: Packet;
  readonly promised: Promised;
  /** Tunnels over which something goes that may. */
  readonly used: Set<string>;
}

function judgePair(scene: Scene, pair: Pair, complain: Complain): void {
  const { source, destination, host, packet, promised, used } = pair;
  if (host.isAtHome(packet.destination)) return judgeNear(scene, pair);
  const trip = scene.world.send(host, packet);
  const delivered = isDelivered(trip, destination) ? trip.flows : 0;
  const { must, may, wanted } = promised;
  const sentence = `${source.party.name} ${printAddress(packet.source)} → ${destination.party.name} ${printAddress(packet.destination)}`;
  if (trip.end === "loop") complain(`loop: ${sentence} by ${printPath(trip)}`);
  if ((delivered & ~(must | may)) !== 0) complain(`leak: ${sentence} by ${printPath(trip)}`);
  judgeDetours(scene, pair, complain);
  const isExcused = isHidden(trip, pair);
  if (wanted !== 0) markUsed(scene.world.send(host, packet, { isProbe: true }), used);
  if (wanted !== 0 && isExcused) markBest(scene, pair);
  // What a client has no list for still has a way from its door.
  const door = scene.world.hosts.get(source.party.home.name);
  if (wanted !== 0 && door !== undefined && door !== host) {
    if (door.isAtHome(packet.destination)) judgeNear(scene, { ...pair, host: door });
    else markUsed(scene.world.send(door, packet, { isProbe: true }), used);
  }
  // A tunnel to an exit may stand for whoever is behind its user, and where what it is for is nearer.
  const { home } = source.party;
  if (wanted !== 0 && destination.kind === "internet" && home.exit === destination.party.name) {
    used.add(`${home.name} ${home.exit}`).add(`${home.exit} ${home.name}`);
  }
  if (must === 0 || isExcused) return;
  if (isByExit(pair)) complain(`by exit: ${sentence}`);
  if ((must & ~delivered) !== 0) {
    complain(`lost: ${sentence} by ${printPath(trip)}: ${whyOf(trip)}`);
    return;
  }
  markUsed(trip, used);
  judgeCost(scene, trip, sentence, complain);
  judgeReply(scene, { ...pair, packet: { ...packet, flows: must } }, trip, complain);
}

/** All tunnels that are on a best way between the two: where a packet ends early, nobody knows on which. */
function markBest({ laws }: Scene, { source, destination, used }: Pair): void {
  const { graph, mesh } = laws;
  const [from, to] = [source.party.home.name, destination.party.home.name];
  const whole = graph.best(from, to)?.cost;
  for (const { name: one } of mesh.nodes) {
    for (const { name: other } of mesh.nodes) {
      const steps = [graph.best(from, one), graph.edge(one, other), graph.best(other, to)];
      const cost = steps.reduce((sum, step) => sum + (step?.cost ?? Infinity), 0);
      if (cost === whole) used.add(`${one} ${other}`).add(`${other} ${one}`);
    }
  }
}

/** What is next to the sender needs no tunnel; but where it is somebody's, there may be one to him. */
function judgeNear({ world, intern }: Scene, pair: Pair): void {
  const { destination, host, packet, promised, used } = pair;
  if (promised.wanted === 0) return;
  for (const address of destination.party.addresses) {
    const probe = { ...packet, destination: intern(address) };
    markUsed(world.send(host, probe, { isProbe: true }), used);
  }
}

function markUsed({ path }: Trip, used: Set<string>): void {
  for (const [at, { device }] of path.entries()) {
    const next = path[at + 1]?.device.name;
    if (next !== undefined) used.add(`${device.name} ${next}`).add(`${next} ${device.name}`);
  }
}

/** Not even a sender who chooses the first hop himself gets through to what he may not reach. */
function judgeDetours(scene: Scene, pair: Pair, complain: Complain): void {
  const { laws, world } = scene;
  const { source, destination, host, packet, promised } = pair;
  const forbidden = packet.flows & ~(promised.must | promised.may);
  const isApart =
    laws.graph.best(source.party.home.name, destination.party.home.name) === undefined;
  // A denial is a matter of lists alone.
  if (forbidden === 0 || isApart || isDenied(scene, pair)) return;
  for (const first of host.device.peers) {
    const isOnWay = source.party.client !== undefined || laws.graph.isCarrier(first.name);
    if (!isOnWay && first.name !== destination.party.home.name) continue;
    const trip = world.send(host, { ...packet, flows: forbidden }, { first });
    if (isDelivered(trip, destination) && !isHidden(trip, pair)) {
      complain(
        `leak: ${source.party.name} ${printAddress(packet.source)} → ${destination.party.name} ${printAddress(packet.destination)} when sent to ${printPath(trip)}`,
      );
    }
  }
}

function judgeReply({ world }: Scene, pair: Pair, trip: Trip, complain: Complain): void {
  const { source, packet } = pair;
  const end = trip.path.at(-1) ?? pair.host;
  const reply = { source: packet.destination, destination: packet.source, flows: packet.flows };
  const back = world.send(end, reply, { isReply: true });
  if (isHidden(back, pair)) return;
  const sentence = `of ${source.party.name} ${printAddress(packet.source)} → ${printAddress(packet.destination)}`;
  // That it takes the same way is WireGuard's doing: each took the packet from whom it sends the answer.
  if (!isDelivered(back, source))
    complain(`reply: ${sentence} by ${printPath(back)}: ${whyOf(back)}`);
}

/** The way must cost what the cheapest one does, and every step of it must be a tunnel of the document. */
function judgeCost({ laws }: Scene, { path }: Trip, sentence: string, complain: Complain): void {
  const homes = path.map(({ device }) => homeOf(laws.parties, device.name));
  const nodes = homes.filter((name, at) => name !== homes[at - 1]);
  let weight: Weight = { cost: 0, hops: 0 };
  for (const [at, name] of nodes.entries()) {
    const next = nodes[at + 1];
    if (next === undefined) break;
    const edge = laws.graph.edge(name, next);
    if (edge === undefined) return complain(`transit: ${sentence}: ${name} – ${next} is no tunnel`);
    if (at > 0 && !laws.graph.isCarrier(name)) {
      return complain(`transit: ${sentence}: ${name} carries nothing`);
    }
    weight = { cost: weight.cost + edge.cost, hops: weight.hops + edge.hops };
  }
  const best = laws.graph.best(nodes[0] ?? "", nodes.at(-1) ?? "");
  if (best === undefined || compareWeights(weight, best) !== 0) {
    complain(
      `cost: ${sentence} by ${nodes.join(" → ")} costs ${weight.cost}/${weight.hops}, not ${best?.cost}/${best?.hops}`,
    );
  }
}

/** Nobody has a peer over whom nothing goes that may; but for a client's only one. */
function judgeNeed({ laws, world }: Scene, used: ReadonlySet<string>, complain: Complain): void {
  const clients = new Set(laws.parties.filter(({ client }) => client).map(({ name }) => name));
  for (const { device } of world.hosts.values()) {
    for (const { name } of device.peers) {
      const isClients = clients.has(name) || clients.has(device.name);
      if (!isClients && !used.has(`${device.name} ${name}`)) {
        complain(`needless: ${device.name} has ${name}`);
      }
    }
  }
}

function isDelivered({ path, end }: Trip, { party, kind }: Thing): boolean {
  if (path.at(-1)?.device.name !== party.name) return false;
  if (kind === "own") return end === "self";
  // An address behind a host may be one of the host itself.
  return kind === "subnet"
    ? end === "outside" || end === "self"
    : end === "default" || end === "outside";
}

/**
 * A host on the way that is next to one of the two ends itself, by its site's network or because it
 * stands by for the range, sends it there without the tunnel: such a way is not promised.
 */
function isHidden({ path }: Trip, { source, destination }: Pair): boolean {
  return path.some((host) => {
    const { name } = host.device;
    return (
      (name !== source.party.name && isNear(host, source)) ||
      (name !== destination.party.name && isNear(host, destination))
    );
  });
}

/** What somebody owns has an entry of its own: a /0 is for the rest. But for an exit's own things, and clients. */
function isByExit({ source, destination, host, packet }: Pair): boolean {
  const isOwn = destination.kind === "internet" || source.party.client !== undefined;
  if (isOwn || host.boundedPeerOf(packet.destination) !== undefined) return false;
  return source.party.home.exit !== destination.party.home.name;
}

function isDenied({ laws }: Scene, { source, destination }: Pair): boolean {
  return laws.graph.isDenied(source.party.home.name, destination.party.home.name);
}

function isNear(host: Host, { kind, address }: Thing): boolean {
  return kind === "subnet" && host.isAtHome(address);
}

function thingsOf(scene: Scene, party: Party): readonly Thing[] {
  const { cuts, intern } = scene;
  const own = party.addresses.map((address): Thing => {
    return { party, kind: "own", address: intern(address) };
  });
  const behind = party.subnets.flatMap((span) =>
    cutSpan(span, cuts, intern).map((address): Thing => ({ party, kind: "subnet", address })),
  );
  if (party.client !== undefined) return own;
  const exits = party.home.subnets.filter(({ prefix }) => prefix.length === 0);
  const families = new Set(exits.map(({ prefix }) => prefix.family));
  const internet = internetOf(scene)
    .filter(({ family }) => families.has(family))
    .map((address): Thing => ({ party, kind: "internet", address: intern(address) }));
  return [...own, ...behind, ...internet];
}

/** Somewhere outside, and wherever outside a policy draws an edge. */
function internetOf({ laws, cuts }: Scene): readonly Address[] {
  const { mesh, rules } = laws;
  const inside = [
    ...mesh.network.addresses,
    ...mesh.nodes.flatMap(({ subnets }) => subnets.map(({ prefix }) => prefix)),
  ].map(spanOf);
  const bounded = inside.filter(({ length }) => length > 0);
  const near = [
    ...mesh.sites.flatMap(({ networks, reach }) => [...networks, ...reach]),
    ...mesh.nodes.flatMap(({ local }) => local),
  ].map(spanOf);
  const edges = [...bounded, ...near];
  const named = rules.flatMap(({ to }) => to).filter(({ length }) => length > 0);
  return [
    ...PUBLIC.flatMap((span) => cutSpan(span, cuts, (address) => address)),
    ...named.flatMap((span) => cutSpan(span, edges, (address) => address)),
  ].filter((address) => !isInAny(bounded, address));
}

function homeOf(parties: readonly Party[], name: string): string {
  return parties.find((party) => party.name === name)?.home.name ?? name;
}

function printPath({ path }: Trip): string {
  return path.map(({ device }) => device.name).join(" → ");
}

function whyOf({ end, why }: Trip): string {
  return why === "" ? `ends ${end}` : why;
}
