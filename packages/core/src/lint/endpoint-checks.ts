/** Where foreign devices are dialled: that the way there is not the tunnel itself, and that they listen there. */
import type { Finding, Place } from "../finding.ts";
import { addressWidth, printAddress } from "../ip/address.ts";
import type { Address } from "../ip/address.ts";
import { hostAddressOf, printEndpoint } from "../ip/endpoint.ts";
import type { Endpoint } from "../ip/endpoint.ts";
import { linkOf } from "../ip/interface-address.ts";
import { hasAddress, printPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import * as messages from "../messages/lint.ts";
import { portDiffers } from "../messages/lint-pairs.ts";
import type { ForeignDevice, Placed } from "../read/foreign.ts";
import type { LintNode, LintPeer } from "./identities.ts";
import { findMostCommon } from "../majority.ts";
import { remember } from "../remember.ts";
import { entryAt, isRouted, lineWith } from "./scene.ts";
import type { Dialling, Scene } from "./scene.ts";

/** The port that wg-quick's users take where they name none. */
const USUAL_PORT = 51_820;

export function checkEndpoints(scene: Scene): void {
  const captured = scene.nodes.flatMap((node) => [...findCaptures(scene, node).values()]);
  for (const { endpoint } of captured.flat()) scene.rejected.add(endpoint.value);
  for (const each of captured) tellCapture(scene, each);
  checkListenPorts(scene);
  checkPorts(scene);
}

/**
 * A packet to a peer's endpoint must leave by the underlay; for a /0 wg-quick sees to that itself. By the
 * places of what swallows them.
 */
function findCaptures(scene: Scene, node: LintNode): ReadonlyMap<Place, readonly Captured[]> {
  const captured = new Map<Place, Captured[]>();
  if (!isRouted(node.device)) return captured;
  for (const peer of node.peers) {
    const { endpoint } = peer.peer;
    const host = hostAddressOf(endpoint?.value);
    if (endpoint === undefined || host === undefined) continue;
    const capture = findCapture(scene, node, host);
    if (capture === undefined || hasRouteHook(node.device, host)) continue;
    remember(captured, capture.place, () => []).push({ endpoint, peer, capture });
  }
  return captured;
}

/** Where one range swallows several endpoints, it is told of the range. */
function tellCapture(scene: Scene, [first, ...rest]: readonly Captured[]): void {
  if (first === undefined) return;
  const { endpoint, peer, capture } = first;
  const prefix = printPrefix(capture.value);
  const shown = { endpoint: printEndpoint(endpoint.value), prefix };
  const spot = { place: endpoint.place, against: capture.place };
  if (rest.length > 0 && capture.peer !== undefined) {
    const fix = messages.replaceAllowedIps(prefix, lineWith(capture.peer, capture, []));
    const turned = { place: capture.place, against: endpoint.place };
    scene.findings.push(messages.endpointCaptured(turned, shown, fix));
    return;
  }
  const better = findEndpoint(scene, peer);
  const fix = better === undefined ? undefined : messages.writeEndpoint(better);
  scene.findings.push(messages.endpointCaptured(spot, shown, fix));
}

/** What swallows an endpoint: AllowedIPs of a peer, or what the interface's address has on its link. */
interface Capture extends Placed<Prefix> {
  readonly peer?: LintPeer;
}

interface Captured {
  readonly endpoint: Placed<Endpoint>;
  readonly peer: LintPeer;
  readonly capture: Capture;
}

function findCapture(scene: Scene, node: LintNode, host: Address): Capture | undefined {
  const entry = entryAt(scene, node, scene.universe.hostAtom(host));
  if (entry !== undefined && entry.value.length > 0) {
    return scene.blamed.has(entry.peer) || scene.rounds.has(entry) ? undefined : entry;
  }
  const own = node.device.addresses.find(({ value }) => {
    return value.length < addressWidth(value.address.family) && hasAddress(linkOf(value), host);
  });
  return own && { value: linkOf(own.value), place: own.place };
}

/** Somebody who knows the problem has set a route for it. */
function hasRouteHook({ hooks }: ForeignDevice, host: Address): boolean {
  const shown = printAddress(host);
  return [...hooks.preUp, ...hooks.postUp].some(({ value }) => value.includes(shown));
}

/** Where a node can dial another, by the word of those who do. */
export function findEndpoint(scene: Scene, { self, other }: LintPeer): string | undefined {
  const known = scene.dialled.get(other)?.find(({ endpoint: { value } }) => {
    if (scene.rejected.has(value)) return false;
    const host = hostAddressOf(value);
    return host === undefined || findCapture(scene, self, host) === undefined;
  });
  return known && printEndpoint(known.endpoint.value);
}

/** Who is dialled must listen where the others dial, today and after the next start. */
function checkListenPorts({ dialled, findings }: Scene): void {
  for (const [node, [first]] of dialled) {
    if (first === undefined || node === undefined || node.device.listenPort !== undefined) continue;
    const spot = { place: node.device.place, against: first.endpoint.place };
    findings.push(messages.listenPortMissing(spot, portOf(first), first.peer.self.name));
  }
}

/** Several ports of one host: those are wrong where the device does not listen, or that fewer dial. */
function checkPorts({ dialled, findings }: Scene): void {
  for (const [node, diallings] of dialled) {
    const own = node?.device.listenPort?.value;
    const byHost = Map.groupBy(diallings, ({ endpoint: { value } }) => {
      return printEndpoint({ host: value.host });
    });
    for (const group of byHost.values()) {
      const ports = group.map(portOf);
      const right = ports.find((port) => port === own) ?? findMostCommon(ports);
      const wrong = group.filter((each) => portOf(each) !== right);
      const good = group.find((each) => portOf(each) === right);
      if (good !== undefined) findings.push(...wrong.map((each) => portFinding(each, good)));
    }
  }
}

function portFinding(wrong: Dialling, { endpoint: { value, place } }: Dialling): Finding {
  const spot = { place: wrong.endpoint.place, against: place };
  const { name } = wrong.peer;
  return portDiffers(spot, name, { port: portOf(wrong), endpoint: printEndpoint(value) });
}

function portOf({ endpoint: { value } }: Dialling): number {
  return value.port ?? USUAL_PORT;
}
