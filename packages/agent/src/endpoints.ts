/**
 * Whose name is asked for again, and where its peer is then dialled: decided from what the kernel counts
 * and what resolvers answered. Knows no clock, no resolver and no kernel; the kernel hears addresses alone.
 */
import { bracketed, compareAddresses, optional, parseAddress, parseEndpoint } from "@warren/core";
import { printEndpoint, Problem } from "@warren/core";
import type { Address, Family, Peer, PublicKey } from "@warren/core";

/** Between two looks. Handshakes come 5 s after each other: long enough for two to be answered or not. */
export const LOOK_MS = 15_000;
/** Timers are a little early. */
const SPAN_MS = 14_000;
/** A name without address is asked for again after so long, then twice as long; a network may just come up. */
const FIRST_RETRY_MS = 1000;
/** Nobody asks longer for a name. What was asked for and not answered by then is asked for anew. */
const FORGOTTEN_MS = 10_000;
/** IPv4 addresses in IPv6 (RFC 4291, 2.5.5.2): the same peer has the real one. */
const MAPPED = 0xffffn;

/** A peer that is dialled by name. */
export interface Followed {
  readonly publicKey: PublicKey;
  readonly host: string;
  readonly port: number;
}

/** What the kernel says of a peer. */
export interface PeerCounters {
  readonly publicKey: PublicKey;
  /** An address and a port. */
  readonly endpoint?: string;
  /** Bytes. */
  readonly received: number;
  readonly sent: number;
  readonly keepaliveSeconds?: number;
}

export interface EndpointState {
  readonly peers: ReadonlyMap<PublicKey, Seen>;
}

/** What is known at some moment. */
export interface Observation {
  /** Of a clock that nobody sets. */
  readonly nowMs: number;
  readonly followed: readonly Followed[];
  readonly peers: readonly PeerCounters[];
  /** What came of names that were asked for, by name; nothing was found: an empty list. */
  readonly answers?: ReadonlyMap<string, readonly string[]>;
  /** Addresses, of answers and of peers, to which packets cannot leave the host. In doubt they can. */
  readonly unrouted?: ReadonlySet<string>;
}

export interface EndpointStep {
  readonly state: EndpointState;
  /** Names, each once. */
  readonly ask: readonly string[];
  readonly set: readonly (readonly [PublicKey, string])[];
  /** When to look again, whatever happens until then. */
  readonly nextMs: number;
}

export const NO_ENDPOINTS: EndpointState = { peers: new Map() };

/** Peers of a device that are dialled by name; `port`: where a name says none. */
export function followedOf(peers: readonly Peer[], port: number): readonly Followed[] {
  return peers.flatMap(({ publicKey, endpoint }) =>
    typeof endpoint?.host === "string"
      ? [{ publicKey, host: endpoint.host, port: endpoint.port ?? port }]
      : [],
  );
}

/** May be called at any moment: at a look, when a name was answered, when the device has changed. */
export function stepEndpoints(state: EndpointState, observation: Observation): EndpointStep {
  const { nowMs, followed, answers = new Map(), unrouted = new Set() } = observation;
  const counters = new Map(observation.peers.map((each) => [each.publicKey, each]));
  const peers = new Map<PublicKey, Seen>();
  const ask = new Set<string>();
  const set: (readonly [PublicKey, string])[] = [];
  let nextMs = nowMs + LOOK_MS;
  for (const each of followed) {
    const now = counters.get(each.publicKey);
    if (now === undefined) continue;
    const seen = judge(state.peers.get(each.publicKey), { now, followed: each, unrouted }, nowMs);
    const { asked } = seen;
    const found = asked === undefined ? undefined : answers.get(each.host);
    if (asked === undefined || found === undefined) {
      if (asked?.atMs === nowMs) ask.add(each.host);
      peers.set(each.publicKey, seen);
    } else {
      const { asked: _, ...rest } = seen;
      peers.set(each.publicKey, rest);
      const choice = nextEndpoint(found, { now, followed: each, unrouted });
      if (choice !== undefined && isStillWanted(asked, now)) set.push([each.publicKey, choice]);
    }
    if (now.endpoint === undefined) nextMs = Math.min(nextMs, Math.max(nowMs + 1, seen.retryMs));
  }
  return { state: { peers }, ask: [...ask], set, nextMs };
}

/** The addresses of an answer that a peer can have, IPv6 first and sorted, so that a resolver that turns its answers round hides none. */
export function usableAddresses(texts: readonly string[]): readonly string[] {
  const addresses = texts
    .map(parseAddress)
    .filter((each): each is Address => !(each instanceof Problem) && isUsable(each))
    .toSorted((one, other) => compareAddresses(other, one));
  return [...new Set(addresses.map((host) => printEndpoint({ host })))];
}

/** What a peer was like when it was last judged. */
interface Seen {
  readonly host: string;
  readonly port: number;
  readonly atMs: number;
  readonly received: number;
  readonly sent: number;
  /** In the span before, too, it was sent to and nothing came back. */
  readonly isKnocking: boolean;
  /** Its name is being asked for, since when and why. */
  readonly asked?: Asked;
  /** Without endpoint: when its name is asked for again, and how long after that. */
  readonly retryMs: number;
  readonly pauseMs: number;
}

interface Asked {
  readonly atMs: number;
  /** It is to be dialled elsewhere, whatever comes back from where it is dialled now. */
  readonly isMoved: boolean;
  readonly endpoint: string | undefined;
  readonly received: number;
}

interface Subject {
  readonly now: PeerCounters;
  readonly followed: Followed;
  readonly unrouted: ReadonlySet<string>;
}

function judge(before: Seen | undefined, subject: Subject, nowMs: number): Seen {
  const { now, followed } = subject;
  const { seen, isWanted } = lookAt(before, subject, nowMs);
  const isMoved = before !== undefined && !isSameTarget(before, followed);
  const isAsking = seen.asked !== undefined && nowMs - seen.asked.atMs < FORGOTTEN_MS;
  if (!isMoved && (!isWanted || isAsking)) return seen;
  const { endpoint, received } = now;
  const asked = { atMs: nowMs, isMoved, endpoint, received };
  const pauseMs = isMoved ? FIRST_RETRY_MS : Math.min(seen.pauseMs * 2, LOOK_MS);
  return { ...seen, asked, retryMs: nowMs + seen.pauseMs, pauseMs };
}

/**
 * Nobody can tell from one look whether an answer is only under way. So a peer is helped when it was
 * sent to in two spans, one after the other, and nothing at all came back from it in either: whoever is
 * sent data answers within 10 s, with an empty packet if with nothing else.
 */
function lookAt(
  before: Seen | undefined,
  { now, followed, unrouted }: Subject,
  nowMs: number,
): { readonly seen: Seen; readonly isWanted: boolean } {
  const { host, port } = followed;
  const { received, sent, endpoint, keepaliveSeconds = 0 } = now;
  const { retryMs = nowMs, pauseMs = FIRST_RETRY_MS } = before ?? {};
  const counted = { host, port, atMs: nowMs, received, sent, isKnocking: false };
  const fresh: Seen = { ...counted, retryMs, pauseMs, ...optional("asked", before?.asked) };
  if (endpoint === undefined) return { seen: fresh, isWanted: nowMs >= retryMs };
  const rested = { ...fresh, retryMs: nowMs, pauseMs: FIRST_RETRY_MS };
  if (before === undefined || before.received !== received) {
    return { seen: rested, isWanted: false };
  }
  const spanMs = nowMs - before.atMs;
  if (spanMs < SPAN_MS) return { seen: { ...before, host, port }, isWanted: false };
  if (isKnock(sent - before.sent, spanMs, keepaliveSeconds)) {
    return { seen: { ...rested, isKnocking: true }, isWanted: before.isKnocking };
  }
  // What cannot be sent at all does not count as sent.
  const isStuck = sent === before.sent && unrouted.has(addressOf(endpoint));
  return { seen: rested, isWanted: isStuck };
}

/**
 * An empty packet, such as a keepalive, has 32 bytes, and a handshake 148. After data came in there is
 * one empty packet even without a keepalive.
 */
function isKnock(grown: number, spanMs: number, keepaliveSeconds: number): boolean {
  const keepalives = keepaliveSeconds > 0 ? Math.floor(spanMs / 1000 / keepaliveSeconds) + 1 : 1;
  return grown > 32 * keepalives || (grown > 0 && grown % 32 !== 0);
}

function isSameTarget(one: { host: string; port: number }, other: Followed): boolean {
  return one.host === other.host && one.port === other.port;
}

/** Meanwhile an answer may have come, or somebody else may have set it. */
function isStillWanted({ isMoved, endpoint, received }: Asked, now: PeerCounters): boolean {
  return isMoved || (endpoint === now.endpoint && received === now.received);
}

/**
 * The one after the present one. Where that is none of them, the first of its family, which works
 * between the two, or else the first. Undefined where there is no other.
 */
function nextEndpoint(
  found: readonly string[],
  { now: { endpoint }, followed: { port }, unrouted }: Subject,
): string | undefined {
  const all = usableAddresses(found).map((address) => ({
    address,
    at: `${bracketed(address)}:${port}`,
  }));
  const present = all.findIndex(({ at }) => at === endpoint);
  const turned = [...all.slice(present + 1), ...all.slice(0, Math.max(present, 0))];
  const routed = turned.filter(({ address }) => !unrouted.has(address));
  const family = endpoint === undefined ? undefined : familyOf(addressOf(endpoint));
  const near = present < 0 ? routed.find((each) => familyOf(each.address) === family) : undefined;
  return (near ?? routed[0])?.at;
}

function isUsable({ family, bits }: Address): boolean {
  if (family === 4) return bits >> 24n !== 0n && bits >> 24n !== 127n;
  return bits > 1n && bits >> 32n !== MAPPED;
}

/** Of an endpoint as `wg` prints it. */
export function addressOf(endpoint: string): string {
  const parsed = parseEndpoint(endpoint);
  if (parsed instanceof Problem || typeof parsed.host === "string") return endpoint;
  return printEndpoint({ host: parsed.host });
}

function familyOf(address: string): Family {
  return address.includes(":") ? 6 : 4;
}
