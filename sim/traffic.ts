/**
 * What WireGuard carries between the hosts of a world, second by second: everybody has something to say to
 * each of his peers. Handshakes, the times in them, and roaming are as the kernel has them; what the
 * policy says is none of its business.
 */
import type { PeerState } from "@warren/agent";
import type { PublicKey } from "@warren/core";
import { HANDSHAKE_SECONDS, printEndpoint } from "@warren/core";
import type { PlaneWorld } from "./plane-world.ts";
import { endpointOf } from "./sample-world.ts";
import type { SimHost } from "./sim-host.ts";
import { OWN } from "./sim-host.ts";

const SECOND_MS = 1000;
/** As many as no number of initiations is, within a minute. */
const DATA_BYTES = 101;
const INITIATION_BYTES = 148;
const RESPONSE_BYTES = 92;
/** A handshake is made anew then (WireGuard, section 6.1). */
const REKEY_SECONDS = 120;

/** What a kernel knows of a peer besides: it goes with it. */
export interface Carried extends PeerState {
  readonly session?: number;
  /** The time in the last initiation that it took: an older one it refuses (section 5.1). */
  readonly greatestMs?: number;
  /** For how many seconds, up to now, both have heard each other. */
  readonly heardSeconds?: number;
}

/** A tunnel of one host, with what becomes of its peers. */
interface End {
  readonly host: SimHost;
  readonly key: PublicKey;
  /** Where it is in truth. */
  readonly endpoint: string;
  readonly peers: Map<PublicKey, Carried>;
}

/** Hosts that are there and do not hear each other, though one knows where the other is: one sentence for each. */
export function findSilences(world: PlaneWorld): readonly string[] {
  const there = world.hosts.filter((host) => host.isRunning && world.isKnown(host));
  return there.flatMap((host) => {
    const peers = world.deviceOf(host.name)?.peers ?? [];
    const { link } = host.kernel.peek(OWN);
    return peers.flatMap(({ name, publicKey, endpoint }) => {
      const other = there.find((each) => each.name === name);
      if (other === undefined || link?.kind !== "wireguard") return [];
      const here = world.deviceOf(name)?.peers.find((each) => each.publicKey === host.publicKey);
      const isDialled = endpoint !== undefined && !isMapped(other);
      const isDialledBack = here?.endpoint !== undefined && !isMapped(host);
      const isBoth = endpoint !== undefined && here?.endpoint !== undefined;
      if (!isDialled && !isDialledBack && !isBoth) return [];
      const { handshakeSeconds: age = Infinity } = link.peers.get(publicKey) ?? {};
      return age < HANDSHAKE_SECONDS ? [] : [`${host.name} does not hear ${name}`];
    });
  });
}

/** What the server thinks of how old a handshake is may be wrong by a look, and by what no report is worth. */
const MOST_WRONG_SECONDS = 15;

/** What the server was told of a host's tunnels and is not so: one sentence for each. */
export function findWrongReports(world: PlaneWorld, host: SimHost): readonly string[] {
  const presence = world.streams?.presence(world.network, host.name);
  const { link } = host.kernel.peek(OWN);
  if (presence?.reportedAt === undefined || link?.kind !== "wireguard") return [];
  const { name, wasSpoiled } = host;
  if (wasSpoiled) return [];
  const passed = (world.clock.now() + world.serverSkewMs - presence.reportedAt) / 1000;
  const told = new Map(presence.peers.map((peer) => [peer.publicKey, peer]));
  const wrong = [...link.peers].flatMap(([key, { handshakeSeconds, endpoint }]) => {
    const { handshakeSeconds: since = Infinity, endpoint: at } = told.get(key) ?? {};
    const [is, said] = [handshakeSeconds ?? Infinity, since + passed];
    // One of just now is told with the next look.
    if (is <= MOST_WRONG_SECONDS) return [];
    const isSame = is === said || Math.abs(is - said) <= MOST_WRONG_SECONDS;
    if (isSame && (is === Infinity || endpoint === at)) return [];
    return [`the server takes a handshake of ${name} for ${said} s old, which is ${is} s old`];
  });
  const gone = [...told.keys()].filter((key) => !link.peers.has(key));
  const count = presence.tunnels === link.peers.size ? 0 : 1;
  return gone.length + count === 0 ? wrong : [...wrong, `the server miscounts tunnels of ${name}`];
}

export class Traffic {
  readonly #world: PlaneWorld;
  readonly #carried: () => void;
  #sessions = 0;

  constructor(world: PlaneWorld, carried: () => void) {
    this.#world = world;
    this.#carried = carried;
  }

  /** For as long as the world lasts. */
  begin(): void {
    this.#world.clock.after(SECOND_MS, () => {
      this.#pass();
      this.#carried();
      this.begin();
    });
  }

  #pass(): void {
    const ends = this.#world.hosts.flatMap(endOf);
    for (const [at, one] of ends.entries()) {
      for (const other of ends.slice(at + 1)) this.#carry(one, other);
    }
    for (const { host, peers } of ends) {
      host.kernel.carry(OWN, peers);
      host.holdSwallowed();
    }
  }

  #carry(one: End, other: End): void {
    const [there, here] = [one.peers.get(other.key), other.peers.get(one.key)];
    // Who speaks to a stranger is not answered.
    if (there === undefined || here === undefined) return;
    const { session, handshakeSeconds = Infinity } = there;
    const isShared = session !== undefined && session === here.session;
    if (!isShared || handshakeSeconds >= REKEY_SECONDS) {
      if (!this.#shake(one, other) && !this.#shake(other, one)) miss(one, other);
      return;
    }
    const knows = there.endpoint === other.endpoint || here.endpoint === one.endpoint;
    if (maySend(one.host) && maySend(other.host) && knows) {
      exchange(one, other);
      exchange(other, one);
    } else {
      // Whom nobody answers begins one handshake after the other, which may come through.
      initiate(one, other);
      initiate(other, one);
      miss(one, other);
    }
  }

  #shake(one: End, other: End): boolean {
    if (!initiate(one, other)) return false;
    const [there, here] = [one.peers.get(other.key), other.peers.get(one.key)];
    if (there === undefined || here === undefined) return false;
    const nowMs = this.#world.clock.now() + one.host.clockAheadMs;
    if (nowMs <= (here.greatestMs ?? -Infinity)) return false;
    const { endpoint } = one;
    other.peers.set(one.key, { ...here, endpoint, greatestMs: nowMs });
    if (!maySend(other.host) || there.presharedKey !== here.presharedKey) return false;
    this.#sessions += 1;
    const made = { session: this.#sessions, handshakeSeconds: 0 };
    const sent = here.sent + RESPONSE_BYTES;
    other.peers.set(one.key, { ...here, ...made, endpoint, greatestMs: nowMs, sent });
    const received = there.received + RESPONSE_BYTES;
    one.peers.set(other.key, { ...there, ...made, received });
    return true;
  }
}

/** Whether the other hears it. */
function initiate(one: End, other: End): boolean {
  const [there, here] = [one.peers.get(other.key), other.peers.get(one.key)];
  if (there?.endpoint === undefined || here === undefined) return false;
  const sent = there.sent + INITIATION_BYTES;
  one.peers.set(other.key, { ...there, sent });
  const isThere = there.endpoint === other.endpoint;
  const isOpen = !isMapped(other.host) || here.endpoint === one.endpoint;
  const isHeard = maySend(one.host) && !other.host.isLonely && isThere && isOpen;
  const received = here.received + INITIATION_BYTES;
  if (isHeard) other.peers.set(one.key, { ...here, received });
  return isHeard;
}

/** One hears the other, and where he is. */
function exchange(one: End, other: End): void {
  const state = one.peers.get(other.key);
  if (state === undefined) return;
  const { received, sent, heardSeconds = 0 } = state;
  one.peers.set(other.key, {
    ...state,
    endpoint: other.endpoint,
    received: received + DATA_BYTES,
    sent: sent + DATA_BYTES,
    heardSeconds: heardSeconds + 1,
  });
}

function miss(one: End, other: End): void {
  for (const [end, { key }] of [
    [one, other],
    [other, one],
  ] as const) {
    const state = end.peers.get(key);
    if (state !== undefined) end.peers.set(key, { ...state, heardSeconds: 0 });
  }
}

function isMapped({ address, isPublic }: SimHost): boolean {
  return address !== undefined && !isPublic;
}

function maySend({ isLonely, isSwallowed }: SimHost): boolean {
  return !isLonely && !isSwallowed;
}

function endOf(host: SimHost): readonly End[] {
  const { link } = host.kernel.peek(OWN);
  if (link?.kind !== "wireguard" || !link.isUp || link.publicKey === undefined) return [];
  const aged = [...link.peers].map(([key, state]) => [key, older(state)] as const);
  const { address: ip, name } = host;
  const endpoint =
    ip === undefined
      ? `${endpointOf(name).endpoint}:${link.listenPort}`
      : printEndpoint({ host: ip, port: link.listenPort });
  return [{ host, key: link.publicKey, endpoint, peers: new Map(aged) }];
}

function older({ handshakeSeconds, ...state }: Carried): Carried {
  return handshakeSeconds === undefined
    ? state
    : { ...state, handshakeSeconds: handshakeSeconds + SECOND_MS / 1000 };
}
