/**
 * What a host's kernel should have for a device, and the steps that lead there from whatever it has.
 * Knows no program, no clock and no disk.
 */
import * as core from "@warren/core";
import type { Device, InterfaceName, PrivateKey, PublicKey } from "@warren/core";
import { AppError } from "@warren/api";
import type { Bundle } from "@warren/api";
import { admissionId, policyRuleId } from "./kernel/kernel.ts";
import type { DeviceChange, ForeignLink, KernelState, Link, PeerChange } from "./kernel/kernel.ts";
import type { PeerSettings, PeerState, PolicyRule, Setting, Step } from "./kernel/kernel.ts";

/** A tunnel that carries anything makes a handshake every 120 s, and tries for some more (WireGuard, section 6.1). */
const FRESH_SECONDS = 135;
/** Three initiations (WireGuard, section 5.4.2) to whom nobody answers: nobody is there. */
const IN_VAIN_BYTES = 3 * 148;
/** Where a default route lies, and the mark that keeps the tunnel's own packets out of it: wg-quick's. */
const EXIT_TABLE = 51_820;
/** Before the rules of the system, the first of which that asks the main table has 32766. */
const MAIN_PRIORITY = 32_764;
const EXIT_PRIORITY = 32_765;
const MAIN_TABLE = 254;
const ALL_FAMILIES = [4, 6] as const;

export interface Desired {
  readonly name: InterfaceName;
  readonly privateKey: PrivateKey;
  readonly device: Device;
  readonly fwmark: number;
  readonly addresses: ReadonlySet<string>;
  readonly peers: ReadonlyMap<PublicKey, PeerSettings>;
  readonly routes: ReadonlySet<string>;
  readonly policyRules: readonly PolicyRule[];
  readonly table: string | undefined;
  readonly settings: ReadonlySet<Setting>;
}

/** By what we know again what is of a device. */
export type OwnDevice = Pick<Device, "interface" | "publicKey">;

/** Of a peer the endpoint that the kernel was told last, by us. */
export type LastEndpoints = ReadonlyMap<PublicKey, string>;

/** What the kernel was told of peers last, by us. */
export interface Last {
  readonly endpoints: LastEndpoints;
  readonly generations: ReadonlyMap<PublicKey, number>;
  /** Of those who are silent where they are not wanted, how much they had been sent when that began. */
  readonly silent: ReadonlyMap<PublicKey, number>;
}

/** Endpoints that are names stay out: who knows where they are puts numbers in their place before. */
export function desiredOf({ device, presharedKeys }: Bundle, privateKey: PrivateKey): Desired {
  const exits = exitsOf(device);
  const fwmark = device.fwmark ?? (exits.length === 0 ? 0 : EXIT_TABLE);
  const peers = device.peers.map((peer): readonly [PublicKey, PeerSettings] => {
    return [peer.publicKey, settingsOf(peer, presharedKeys)];
  });
  const defaults = exits.map(
    (family) => `${family === 4 ? "0.0.0.0" : "::"}/0 table ${EXIT_TABLE}`,
  );
  return {
    name: device.interface,
    privateKey,
    device,
    fwmark,
    addresses: new Set(device.addresses.map(core.printInterfaceAddress)),
    peers: new Map(peers),
    routes: new Set([...core.routesOf(device), ...defaults]),
    policyRules: exits.flatMap((family) => exitRules(family, fwmark)),
    table: tableOf(device, exits, fwmark),
    settings: kernelSettingsOf(device, exits),
  };
}

/** What the kernel is to have for one peer. */
export function settingsOf(peer: core.Peer, presharedKeys: Bundle["presharedKeys"]): PeerSettings {
  const presharedKey = presharedKeys.get(peer.publicKey);
  return {
    ...(presharedKey === undefined ? {} : { presharedKey }),
    allowedIps: new Set(peer.allowedIps.map(core.printPrefix)),
    ...endpointOf(peer),
    keepaliveSeconds: peer.keepaliveSeconds ?? 0,
  };
}

/** Those for whom all that no other route knows goes into the tunnel. */
function exitsOf({ table, peers }: Device): readonly core.Family[] {
  if (table !== undefined) return [];
  const all = peers.flatMap(({ allowedIps }) => allowedIps.filter(({ length }) => length === 0));
  return ALL_FAMILIES.filter((family) => all.some((prefix) => prefix.family === family));
}

/** As wg-quick has them, but that both name the mark: the second network on a host has another. */
function exitRules(family: core.Family, fwmark: number): readonly PolicyRule[] {
  const common = { family, fwmark };
  return [
    { ...common, priority: MAIN_PRIORITY, table: MAIN_TABLE, isForDefaults: false },
    { ...common, priority: EXIT_PRIORITY, table: EXIT_TABLE, isForDefaults: true },
  ];
}

/** With a default route, answers to the tunnel's own packets bear their mark, or a strict host drops them. */
function tableOf(
  device: Device,
  exits: readonly core.Family[],
  fwmark: number,
): string | undefined {
  const filter = core.hasRules(device)
    ? core.renderNftables(device, new core.Printed()).join("")
    : undefined;
  if (exits.length === 0) return filter;
  const table = `table inet ${core.ruleTable(device)}`;
  const lines = [
    "chain answers {",
    "type filter hook prerouting priority mangle; policy accept;",
    `meta l4proto udp ct mark ${fwmark} meta mark set ct mark`,
    "}",
    "chain questions {",
    "type filter hook postrouting priority mangle; policy accept;",
    `meta l4proto udp meta mark ${fwmark} ct mark set meta mark`,
    "}",
  ];
  return `${filter ?? `${table}\ndelete ${table}\n`}${table} {\n${lines.join("\n")}\n}\n`;
}

function endpointOf({ endpoint }: core.Peer): { readonly endpoint?: string } {
  if (endpoint === undefined || typeof endpoint.host === "string") return {};
  return { endpoint: core.printEndpoint(endpoint) };
}

function kernelSettingsOf(device: Device, exits: readonly core.Family[]): ReadonlySet<Setting> {
  const families = core.forwardedFamilies(device);
  return new Set([
    ...(families.has(4) ? ["forward4" as const] : []),
    ...(families.has(6) ? ["forward6" as const] : []),
    // Answers to marked packets are judged by the way that marked packets take.
    ...(exits.includes(4) ? ["mark" as const] : []),
  ]);
}

/**
 * In the order in which they are done: what is added comes before what is removed, and the filter
 * before whatever it is to keep out. A link of our name that is not ours is refused.
 */
export function diff(actual: KernelState, desired: Desired, last: Last): readonly Step[] {
  const link = ownLink(actual, desired.name, desired.device.publicKey);
  const routes = routesToHave(actual, desired);
  const admissions = admissionsFor(actual, desired);
  const has = new Set(actual.admissions.map(admissionId));
  const wants = new Set(admissions.map(admissionId));
  const settings = new Set([...actual.settings].flatMap(([each, holds]) => (holds ? [each] : [])));
  const owned = new Set(actual.settings.keys());
  const rules = rulesById(desired.policyRules);
  const ownRules = rulesById(actual.policyRules);
  return [
    ...(link === undefined ? [{ kind: "link", isAdded: true } as const] : []),
    ...(desired.table === undefined || desired.table === actual.table
      ? []
      : [{ kind: "table", text: desired.table } as const]),
    ...deviceSteps(link, desired),
    ...peerSteps(link?.peers ?? new Map(), desired, last),
    ...less(desired.settings, settings).map(toSetting(true)),
    ...admissions.filter((each) => !has.has(admissionId(each))).map(toAdmission(true)),
    ...(link?.mtu === desired.device.mtu
      ? []
      : [{ kind: "mtu", mtu: desired.device.mtu } as const]),
    ...less(desired.addresses, actual.addresses).map(toAddress(true)),
    ...(link?.isUp === true ? [] : [{ kind: "up" } as const]),
    ...less(routes, actual.routes).map(toRoute(true)),
    ...[...rules].flatMap(([id, rule]) => (ownRules.has(id) ? [] : [toRule(true)(rule)])),
    ...[...ownRules].flatMap(([id, rule]) => (rules.has(id) ? [] : [toRule(false)(rule)])),
    // Before the last address of a family, with which the kernel takes away its routes.
    ...less(actual.routes, routes).map(toRoute(false)),
    ...less(actual.addresses, desired.addresses).map(toAddress(false)),
    ...less(new Set(link?.peers.keys()), desired.peers).map(toGone),
    ...actual.admissions.filter((each) => !wants.has(admissionId(each))).map(toAdmission(false)),
    ...less(owned, desired.settings).map(toSetting(false)),
    ...(desired.table === undefined && actual.table !== undefined
      ? [{ kind: "table" } as const]
      : []),
  ];
}

/** Everything of ours, the tunnel first: what it let in must not outlive its filter. Somebody else's link stays. */
export function removal(actual: KernelState, { publicKey }: OwnDevice): readonly Step[] {
  const isThere = actual.link !== undefined && isOurs(actual.link, publicKey);
  return [
    ...actual.policyRules.map(toRule(false)),
    ...(isThere ? [{ kind: "link", isAdded: false } as const] : []),
    ...actual.admissions.map(toAdmission(false)),
    ...[...actual.settings.keys()].map(toSetting(false)),
    ...(actual.table === undefined ? [] : [{ kind: "table" } as const]),
  ];
}

/** Of the ranges behind peers those that the host has on another interface: they are left as they are. */
export function clashesOf(actual: KernelState, desired: Desired): readonly string[] {
  return less(desired.routes, routesToHave(actual, desired));
}

/** What still drops packets of ours, where no rule of ours could be put before it. */
export function blocksOf(actual: KernelState, { device }: Desired): readonly core.FirewallBlock[] {
  const needs = core.firewallNeeds(device, { dialled: ALL_FAMILIES, routes: actual.hostRoutes });
  return needs.flatMap((need) => core.judgeFirewalls(actual.firewalls, need));
}

function ownLink(actual: KernelState, name: InterfaceName, publicKey: PublicKey): Link | undefined {
  const { link } = actual;
  if (link === undefined || isOurs(link, publicKey)) return link;
  const what = link.kind === "foreign" ? link.what : core.say`a tunnel with another key`;
  throw new AppError("kernel", core.say`interface ${name} is somebody else's: ${what}`, {
    fix: core.say`choose another name for the tunnel (--interface), or take that one away`,
  });
}

function isOurs(link: Link | ForeignLink, publicKey: PublicKey): link is Link {
  return link.kind === "wireguard" && (link.publicKey ?? publicKey) === publicKey;
}

function routesToHave({ hostRoutes }: KernelState, { routes }: Desired): ReadonlySet<string> {
  const taken = new Set(hostRoutes.map(({ prefix }) => core.printPrefix(prefix)));
  return new Set([...routes].filter((route) => !taken.has(route)));
}

function admissionsFor(actual: KernelState, desired: Desired): readonly core.Admission[] {
  // Its owner writes the rules there.
  if (desired.device.firewall === "off") return [];
  const all = blocksOf(actual, desired).flatMap(({ admissions }) => admissions);
  return [...new Map(all.map((each) => [admissionId(each), each])).values()];
}

function deviceSteps(link: Link | undefined, { device, privateKey, fwmark }: Desired): Step[] {
  const { publicKey, listenPort = link?.listenPort } = device;
  const change: DeviceChange = {
    ...(link?.publicKey === publicKey ? {} : { privateKey }),
    ...(listenPort === undefined || link?.listenPort === listenPort ? {} : { listenPort }),
    ...((link?.fwmark ?? 0) === fwmark ? {} : { fwmark }),
  };
  return Object.keys(change).length === 0 ? [] : [{ kind: "device", change }];
}

function peerSteps(
  actual: ReadonlyMap<PublicKey, PeerState>,
  { peers, device }: Desired,
  { endpoints, generations, silent }: Last,
): Step[] {
  const raised = device.peers.filter((peer) => peer.generation !== undefined);
  const wantedGenerations = new Map(raised.map((peer) => [peer.publicKey, peer.generation]));
  const steps: Step[] = [];
  for (const [publicKey, wanted] of peers) {
    const state = actual.get(publicKey);
    const last = endpoints.get(publicKey);
    const generation = wantedGenerations.get(publicKey);
    if (state !== undefined && isOutdated(state, generation, generations.get(publicKey))) {
      steps.push(toGone(publicKey), { kind: "peer", publicKey, change: anew(state, wanted, last) });
      continue;
    }
    const change = peerChange(state, wanted, last, silent.get(publicKey));
    if (change !== undefined) steps.push({ kind: "peer", publicKey, change });
  }
  return steps;
}

/** Of a peer that was there before this agent nobody knows; if it lives, it needs nothing. */
function isOutdated(
  state: PeerState,
  generation: number | undefined,
  last: number | undefined,
): boolean {
  if (generation === undefined) return false;
  return last === undefined ? !isFresh(state) : last !== generation;
}

/** It is dialled where it was. */
function anew(state: PeerState, wanted: PeerSettings, last: string | undefined): PeerChange {
  const { endpoint } = wanted;
  const isDue = endpoint !== undefined && isEndpointDue(state, endpoint, last);
  return { ...wanted, ...core.optional("endpoint", isDue ? endpoint : state.endpoint) };
}

/**
 * Undefined where there is nothing to change. `last`: the endpoint that the kernel was told last; `silentSent`:
 * how much had been sent when the peer fell silent.
 */
export function peerChange(
  state: PeerState | undefined,
  wanted: PeerSettings,
  last: string | undefined,
  silentSent?: number,
): PeerChange | undefined {
  if (state === undefined) return wanted;
  const { presharedKey = "none", allowedIps, endpoint, keepaliveSeconds } = wanted;
  const isInVain = silentSent !== undefined && state.sent - silentSent >= IN_VAIN_BYTES;
  const isDue =
    endpoint !== undefined && isEndpointDue(state, endpoint, isInVain ? undefined : last);
  const isSameKey = (state.presharedKey ?? "none") === presharedKey;
  const isAlive = state.keepaliveSeconds === keepaliveSeconds;
  if (!isDue && isSameKey && isAlive && isSame(allowedIps, state.allowedIps)) return undefined;
  return {
    allowedIps,
    ...(isSameKey ? {} : { presharedKey }),
    ...(isDue ? { endpoint } : {}),
    ...(isAlive ? {} : { keepaliveSeconds }),
  };
}

function isSame<T>(one: ReadonlySet<T>, other: ReadonlySet<T>): boolean {
  return one.size === other.size && one.isSubsetOf(other);
}

/** Where a peer was heard is better known than where it should be: WireGuard follows who moves. */
function isEndpointDue(state: PeerState, wanted: string, last: string | undefined): boolean {
  if (state.endpoint === undefined) return true;
  return last !== wanted && isSilentElsewhere(state, wanted);
}

function isSilentElsewhere(state: PeerState, wanted: string): boolean {
  return state.endpoint !== wanted && !isFresh(state);
}

export function isFresh({ handshakeSeconds = Infinity }: PeerState): boolean {
  return handshakeSeconds < FRESH_SECONDS;
}

function less<T>(those: ReadonlySet<T>, others: { has(each: T): boolean }): readonly T[] {
  return [...those].filter((each) => !others.has(each));
}

function rulesById(rules: readonly PolicyRule[]): ReadonlyMap<string, PolicyRule> {
  return new Map(rules.map((rule) => [policyRuleId(rule), rule]));
}

function toAddress(isAdded: boolean) {
  return (address: string): Step => ({ kind: "address", isAdded, address });
}

function toRoute(isAdded: boolean) {
  return (route: string): Step => ({ kind: "route", isAdded, route });
}

function toSetting(isAdded: boolean) {
  return (setting: Setting): Step => ({ kind: "setting", isAdded, setting });
}

function toAdmission(isAdded: boolean) {
  return (admission: core.Admission): Step => ({ kind: "admission", isAdded, admission });
}

function toRule(isAdded: boolean) {
  return (rule: PolicyRule): Step => ({ kind: "policy-rule", isAdded, rule });
}

function toGone(publicKey: PublicKey): Step {
  return { kind: "peer-gone", publicKey };
}
