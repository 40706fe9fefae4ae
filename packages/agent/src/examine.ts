/**
 * Looks at this host's ends of tunnels, for warren doctor: what the kernel has, what it counts while something
 * is sent, where packets leave. Changes nothing, judges nothing, and needs no agent.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { EXAMINED_SECONDS } from "@warren/api";
import type { Bundle, EndFacts, PeerFacts } from "@warren/api";
import * as core from "@warren/core";
import type { Address, Device, Name, Peer, PrivateKey } from "@warren/core";
import { addressOf, usableAddresses } from "./endpoints.ts";
import { admissionId } from "./kernel/kernel.ts";
import type { KernelState, PeerState } from "./kernel/kernel.ts";
import { findPassing, pingPatiently } from "./pings.ts";
import { blocksOf, clashesOf, desiredOf, diff } from "./reconcile.ts";
import type { Desired, Last } from "./reconcile.ts";
import { firstOf } from "./rouse.ts";
import type { World } from "./world.ts";

/** A clock may be set by some seconds at any time. */
const CLOCK_SLACK_MS = 10_000;
/** All of that protocol. */
const PINGS = { protocol: "icmp", first: 0, last: 65_535 } as const;
/** Of these it is told elsewhere, or they are nobody's fault. */
const TOLD_APART: ReadonlySet<string> = new Set(["peer", "peer-gone", "admission", "setting"]);

export interface Subject extends Pick<World, "kernel" | "resolve" | "readAddresses"> {
  readonly bundle: Bundle;
  readonly privateKey: PrivateKey;
  /** Of the clock that people set. */
  readonly nowMs: () => number;
  /** When what the agent keeps on disk was written last, by that clock as it was then. */
  readonly writtenMs: number;
  /** Of the agent. */
  readonly about: Pick<EndFacts, "isAgentRunning" | "error" | "rev">;
}

interface Look {
  readonly subject: Subject;
  readonly desired: Desired;
  readonly before: KernelState;
}

/** Takes a moment where all answer, else some seconds. */
export async function examine(names: readonly Name[], subject: Subject): Promise<EndFacts> {
  const { bundle, privateKey, kernel, nowMs, writtenMs, about } = subject;
  const { device } = bundle;
  const at = nowMs();
  const numeric = { ...bundle, device: core.withNumericEndpoints(device) };
  const desired = desiredOf(numeric, privateKey);
  const look = { subject, desired, before: await kernel.read(desired.name) };
  const peers = names.map((name) => device.peers.find((peer) => peer.name === name));
  const found = await Promise.all(
    peers.map(async (peer) => (peer === undefined ? undefined : await measure(peer, look))),
  );
  const after = await kernel.read(desired.name);
  return {
    node: device.name,
    at,
    ...(writtenMs > at + CLOCK_SLACK_MS ? { isClockBack: true } : {}),
    publicKey: device.publicKey,
    interface: desired.name,
    mtu: device.mtu,
    ...core.optional("port", device.listenPort),
    ...standingOf(look),
    ...about,
    addresses: outerAddresses(look),
    blocks: blocksLeft(look),
    peers: names.map((name, index) => {
      const [peer, facts] = [peers[index], found[index]];
      const none = { peer: name, isMeant: false, isLetIn: false, sent: 0, received: 0 };
      return peer === undefined || facts === undefined
        ? none
        : { ...none, ...facts, ...countsOf(look, peer, after) };
    }),
  };
}

function standingOf({
  before,
  desired,
}: Look): Pick<EndFacts, "link" | "listens" | "isKeyOther" | "lacks" | "isForwarding"> {
  const { link, settings } = before;
  const isOther = link?.kind === "wireguard" && link.publicKey !== desired.device.publicKey;
  const isForeign = isOther || link?.kind === "foreign";
  const steps = isForeign ? [] : diff(before, desired, lastOf(desired));
  const forwards = [...desired.settings].filter((each) => each !== "mark");
  return {
    link: isForeign ? "foreign" : link === undefined ? "absent" : link.isUp ? "up" : "down",
    ...(isOther ? { isKeyOther: true } : {}),
    ...(link?.kind === "wireguard" ? { listens: link.listenPort } : {}),
    lacks: [...new Set(steps.map(({ kind }) => kind))].filter((kind) => !TOLD_APART.has(kind)),
    ...(forwards.length === 0
      ? {}
      : { isForwarding: forwards.every((each) => settings.get(each) === true) }),
  };
}

/** Where peers are sent to is theirs to say, and how often one was made anew: no differences. */
function lastOf({ peers, device }: Desired): Last {
  const known = device.peers.map(
    ({ publicKey, generation = 0 }) => [publicKey, generation] as const,
  );
  const endpoints = [...peers].flatMap(([key, { endpoint }]) =>
    endpoint === undefined ? [] : [[key, endpoint] as const],
  );
  return { endpoints: new Map(endpoints), generations: new Map(known), silent: new Map() };
}

function outerAddresses({ subject, desired }: Look): readonly string[] {
  const own = new Set(desired.device.addresses.map(({ address }) => core.printAddress(address)));
  const all = subject.readAddresses().map(core.printAddress);
  return all.filter((each) => !own.has(each) && !each.startsWith("fe80:"));
}

/** Others' rules that drop still: in front of the rest a rule of ours stands. */
function blocksLeft({ before, desired }: Look): EndFacts["blocks"] {
  const has = new Set(before.admissions.map(admissionId));
  return blocksOf(before, desired)
    .filter(({ admissions }) => admissions.some((each) => !has.has(admissionId(each))))
    .map(({ kind, message, fix }) => {
      return { kind, message: core.printText(message), fix: core.printText(fix) };
    });
}

async function measure(peer: Peer, look: Look): Promise<Partial<PeerFacts>> {
  const { desired, before } = look;
  const { device } = desired;
  const [inner] = firstOf(peer).map(({ family, bits }): Address => ({ family, bits }));
  const link = before.link?.kind === "wireguard" ? before.link : undefined;
  const endpoint = link?.peers.get(peer.publicKey)?.endpoint;
  const [resolved, outside, inside, answers] = await Promise.all([
    resolvedOf(peer, look.subject),
    endpoint && interfaceTowards(addressOf(endpoint), link?.fwmark),
    // Whoever has chosen a table says himself what goes by it.
    inner && device.table === undefined ? interfaceTowards(core.printAddress(inner)) : undefined,
    inner && link?.isUp === true ? pinged(inner, device.mtu) : {},
  ]);
  return {
    isMeant: true,
    isLetIn: inner === undefined || isLetIn(device, inner),
    ...core.optional("lacks", lackOf(peer, look)),
    ...core.optional("dialled", dialledOf(peer, look.subject.bundle.device)),
    ...core.optional("resolved", resolved),
    ...core.optional("endpoint", endpoint),
    ...core.optional("outside", outside),
    ...(isTunnel(outside) ? { isOutsideTunnel: true } : {}),
    ...core.optional("inside", inside),
    clashes: clashesWith(peer, look, endpoint),
    ...answers,
  };
}

/** A peer that is dialled within the range is in the very network that it offers. */
function clashesWith(
  { allowedIps }: Peer,
  { before, desired }: Look,
  endpoint: string | undefined,
): readonly string[] {
  const address = core.parseAddress(addressOf(endpoint ?? ""));
  const isNear = (range: core.Prefix): boolean =>
    !(address instanceof core.Problem) && core.hasPrefix(range, core.hostPrefix(address));
  const taken = new Set(clashesOf(before, desired));
  const ranges = allowedIps.filter((range) => taken.has(core.printPrefix(range)) && !isNear(range));
  return ranges.map(core.printPrefix);
}

/** Of the whole device: in that for the kernel names stand for nothing. */
function dialledOf({ name }: Peer, { peers }: Device): string | undefined {
  const endpoint = peers.find((each) => each.name === name)?.endpoint;
  return endpoint && core.printEndpoint(endpoint);
}

async function resolvedOf(
  { endpoint }: Peer,
  { resolve }: Subject,
): Promise<readonly string[] | undefined> {
  if (typeof endpoint?.host !== "string") return undefined;
  let found: readonly string[] = [];
  await resolve([endpoint.host], (_, addresses) => (found = usableAddresses(addresses)));
  return found;
}

/** Empty: no way leads there. Undefined where nobody can tell. */
function interfaceTowards(address: string, fwmark = 0): Promise<string | undefined> {
  const words = ["-json", "route", "get", address, "mark", String(fwmark)];
  return new Promise((resolve) => {
    execFile("ip", words, { timeout: 5000 }, (error, output) => {
      const route: unknown = Array.isArray(core.parseJson(output)) ? core.parseJson(output) : [];
      const dev = (route as { readonly dev?: unknown }[])[0]?.dev;
      if (typeof dev === "string") resolve(dev);
      else resolve(error?.code === "ENOENT" ? undefined : "");
    });
  });
}

/** By the kind of its hardware (linux/if_arp.h): none at all, or another tunnel of the kernel's. */
function isTunnel(name: string | undefined): boolean {
  const file = `/sys/class/net/${name}/type`;
  return (
    existsSync(file) && ["65534", "768", "769", "778"].includes(readFileSync(file, "utf8").trim())
  );
}

async function pinged(
  address: Address,
  mtu: number,
): Promise<Pick<PeerFacts, "roundTripMs" | "passes">> {
  const roundTripMs = await pingPatiently(address, EXAMINED_SECONDS);
  if (roundTripMs === undefined) return {};
  return { roundTripMs, ...core.optional("passes", await findPassing(address, mtu)) };
}

function lackOf({ publicKey }: Peer, { before, desired }: Look): PeerFacts["lacks"] {
  const has = before.link?.kind === "wireguard" ? before.link.peers.get(publicKey) : undefined;
  const wanted = desired.peers.get(publicKey);
  if (before.link?.kind !== "wireguard" || wanted === undefined) return undefined;
  if (has === undefined) return "peer";
  if (has.presharedKey !== wanted.presharedKey) return "psk";
  return has.allowedIps.symmetricDifference(wanted.allowedIps).size > 0 ? "ranges" : undefined;
}

function isLetIn(device: Device, source: Address): boolean {
  const target = device.addresses.find(({ address }) => address.family === source.family)?.address;
  if (target === undefined) return false;
  return core.judge(device, { source, target, port: PINGS }, "host").kind === "passes";
}

function countsOf(
  { before, desired }: Look,
  { publicKey }: Peer,
  after: KernelState,
): Pick<PeerFacts, "sent" | "received" | "handshakeSeconds"> {
  const peerIn = ({ link }: KernelState): PeerState | undefined =>
    link?.kind === "wireguard" && link.publicKey === desired.device.publicKey
      ? link.peers.get(publicKey)
      : undefined;
  const [first, last] = [peerIn(before), peerIn(after)];
  const grown = (what: "sent" | "received"): number =>
    Math.max(0, (last?.[what] ?? 0) - (first?.[what] ?? 0));
  return {
    sent: grown("sent"),
    received: grown("received"),
    ...core.optional("handshakeSeconds", last?.handshakeSeconds),
  };
}
