/** Addresses that nobody has: they must die in the tunnel, and those of a `reach` at the gateway. */
import type { Address, Node } from "@warren/core";
import type { Party } from "./parties.ts";
import type { Complain, Scene } from "./scene.ts";
import {
  cutSpan,
  hostSpan,
  isIn,
  isInAny,
  isOver,
  printAddress,
  printSpan,
  spanOf,
} from "./spans.ts";
import type { Span } from "./spans.ts";

export function judgeStrangers(scene: Scene, complain: Complain): void {
  const { mesh, parties } = scene.laws;
  const given = new Set(parties.flatMap(({ addresses }) => addresses.map(scene.intern)));
  const ranges = mesh.network.addresses.map(spanOf);
  const unknown = ranges
    .flatMap((range) => cutSpan(range, scene.cuts, scene.intern))
    .filter((address) => !given.has(address));
  for (const party of parties) {
    for (const address of unknown) judgeUnknown(scene, party, address, complain);
    if (party.client !== undefined) continue;
    judgeReach(scene, party, complain);
    judgeStrays(scene, party, complain);
  }
}

/** A list holds what nobody has only where the document says why. */
function judgeStrays(scene: Scene, party: Party, complain: Complain): void {
  const { laws, world, cuts, intern } = scene;
  const host = world.hosts.get(party.name);
  const owned = laws.parties.flatMap(({ addresses, subnets }) => [
    ...addresses.map(hostSpan),
    ...subnets,
  ]);
  for (const peer of host?.device.peers ?? []) {
    const reasons = reasonsFor(scene, party, peer.name);
    for (const span of peer.allowedIps.map(spanOf)) {
      if (reasons.isExit || reasons.spans.some((each) => isOver(each, span))) continue;
      const atoms = cutSpan(span, cuts, intern);
      // What another peer has more precisely goes there.
      const isTaken = (address: Address): boolean =>
        span.length === 0 || host?.boundedPeerOf(address) === peer;
      const taken = atoms.filter(isTaken);
      const stray = findStray(taken, [...owned, ...reasons.spans]);
      if (stray !== undefined)
        complain(`stray: ${party.name} gives ${printSpan(span)} to ${peer.name}`);
    }
  }
}

function findStray(atoms: readonly Address[], known: readonly Span[]): Address | undefined {
  return atoms.find((address) => !isInAny(known, address));
}

/** A site's reach towards its gateway, another site's block towards whoever all of it goes to, an exit. */
function reasonsFor(
  { laws, world, intern }: Scene,
  { name, home }: Party,
  peer: string,
): { readonly spans: readonly Span[]; readonly isExit: boolean } {
  const host = world.hosts.get(name);
  const own = laws.mesh.sites.find((site) => site.name === home.site);
  const reach = own?.gateways[0] === peer ? own.reach.map(spanOf) : [];
  const blocks = laws.mesh.sites.flatMap((site) => {
    const spans = site.addresses.map(spanOf);
    if (site === own) return [];
    const all = laws.parties
      .filter(({ home }) => home.site === site.name)
      .flatMap(({ addresses }) => addresses.map(intern));
    const within = all.filter((address) => isInAny(spans, address));
    const inside = within.length === 0 ? all : within;
    const ways = new Set(inside.map((address) => host?.boundedPeerOf(address)?.name));
    ways.delete(undefined);
    return ways.size === 1 && [...ways][0] === peer ? spans : [];
  });
  return { spans: [...reach, ...blocks], isExit: home.exit === peer };
}

function judgeUnknown(scene: Scene, party: Party, to: Address, complain: Complain): void {
  const trip = send(scene, party, to);
  // A client that may not reach nodes has no reason to send it into the tunnel.
  const isClients = party.client !== undefined && trip?.path.length === 1;
  if (trip === undefined || trip.end === "lost" || isClients) return;
  const path = trip.path.map(({ device }) => device.name).join(" → ");
  complain(`unknown: ${printAddress(to)} goes ${path} and ends ${trip.end}`);
}

function judgeReach(scene: Scene, party: Party, complain: Complain): void {
  const { mesh } = scene.laws;
  const { home } = party;
  const site = mesh.sites.find(({ name }) => name === home.site);
  const gateway = mesh.nodes.find(({ name }) => name === site?.gateways[0]);
  const host = scene.world.hosts.get(home.name);
  if (site === undefined || gateway === undefined || host === undefined) return;
  const isPeer = host.device.peers.some(({ name }) => name === gateway.name);
  if (gateway === home || !isPeer) return;
  for (const address of nobodys(scene, site.reach.map(spanOf), home)) {
    const trip = send(scene, party, address);
    if (trip === undefined) continue;
    const last = trip.path.at(-1)?.device.name;
    const isAtGateway = trip.path.length === 2 && last === gateway.name;
    if (trip.end === "lost" && (isAtGateway || gateway.exit !== undefined)) continue;
    // Who may use an exit may send everything there, also by its gateway.
    const isByGateway = trip.path[1]?.device.name === gateway.name;
    if (trip.end !== "loop" && isByGateway && last === home.exit) continue;
    const path = trip.path.map(({ device }) => device.name).join(" → ");
    complain(`reach: ${printAddress(address)} goes ${path} and ends ${trip.end}`);
  }
}

/** Of a site's `reach`, what is neither anybody's behind the mesh nor near the host. */
function nobodys(
  scene: Scene,
  reach: readonly ReturnType<typeof spanOf>[],
  home: Node,
): readonly Address[] {
  const { mesh } = scene.laws;
  const host = scene.world.hosts.get(home.name);
  const owned = [
    ...mesh.network.addresses,
    ...mesh.nodes.flatMap(({ subnets }) => subnets.map(({ prefix }) => prefix)),
  ].map(spanOf);
  const bounded = owned.filter(({ length }) => length > 0);
  return reach
    .flatMap((span) => cutSpan(span, scene.cuts, scene.intern))
    .filter((address) => !isInAny(bounded, address) && host?.isAtHome(address) !== true)
    .filter((address) => reach.some((span) => isIn(span, address)));
}

function send(
  { world, intern }: Scene,
  party: Party,
  to: Address,
): ReturnType<typeof world.send> | undefined {
  const host = world.hosts.get(party.name);
  const from = party.addresses.find(({ family }) => family === to.family) ?? party.addresses[0];
  if (host === undefined || from === undefined || from.family !== to.family) return undefined;
  return world.send(host, { source: intern(from), destination: to, flows: 1 });
}
