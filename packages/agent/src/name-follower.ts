/** Looks after the peers that are dialled by name: asks the kernel, the resolver and the routes, and does what `endpoints.ts` decides. */
import { addressOf, LOOK_MS, NO_ENDPOINTS, stepEndpoints, usableAddresses } from "./endpoints.ts";
import type { EndpointStep, Followed, PeerCounters } from "./endpoints.ts";

/** Answers that come one after the other are looked at together: each look costs a program or two. */
const GATHER_MS = 50;

/** Everything that it may touch. */
export interface FollowerWorld {
  /** Of a clock that nobody sets. */
  readonly nowMs: () => number;
  readonly readPeers: () => Promise<readonly PeerCounters[]>;
  readonly setEndpoints: (set: EndpointStep["set"]) => Promise<void>;
  readonly resolveNames: (
    hosts: readonly string[],
    answered: (host: string, addresses: readonly string[]) => void,
  ) => Promise<void>;
  readonly findUnrouted: (addresses: readonly string[]) => Promise<ReadonlySet<string>>;
  /** What the kernel has refused; it is tried again at the next look. */
  readonly failed: (cause: unknown) => void;
}

export class NameFollower {
  readonly #world: FollowerWorld;
  #followed: readonly Followed[] = [];
  #state = NO_ENDPOINTS;
  #answers = new Map<string, readonly string[]>();
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  #dueMs = Number.POSITIVE_INFINITY;
  #isClosed = false;

  constructor(world: FollowerWorld) {
    this.#world = world;
  }

  /** Whenever the device has changed, once the kernel has its peers. */
  follow(followed: readonly Followed[]): void {
    this.#followed = followed;
    this.#lookAt(this.#world.nowMs());
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  /** At this moment, or before it when that is planned already. */
  #lookAt(atMs: number): void {
    this.#dueMs = Math.min(this.#dueMs, atMs);
    if (this.#isClosed || this.#isLooking) return;
    clearTimeout(this.#timer);
    const delayMs = Math.max(0, this.#dueMs - this.#world.nowMs());
    this.#timer = setTimeout(() => void this.#look(), delayMs);
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    this.#dueMs = Number.POSITIVE_INFINITY;
    let nextMs = this.#world.nowMs() + LOOK_MS;
    try {
      nextMs = await this.#step();
    } catch (cause) {
      this.#world.failed(cause);
    }
    this.#isLooking = false;
    if (this.#followed.length > 0) this.#lookAt(nextMs);
  }

  async #step(): Promise<number> {
    const { nowMs, readPeers, setEndpoints, resolveNames, findUnrouted } = this.#world;
    const followed = this.#followed;
    if (followed.length === 0) return nowMs() + LOOK_MS;
    const answers = this.#answers;
    this.#answers = new Map();
    const ours = new Set(followed.map(({ publicKey }) => publicKey));
    const peers = (await readPeers()).filter(({ publicKey }) => ours.has(publicKey));
    const present = peers.flatMap(({ endpoint }) => (endpoint === undefined ? [] : [endpoint]));
    const found = [...answers.values()].flatMap(usableAddresses);
    const unrouted = await findUnrouted([...new Set([...present.map(addressOf), ...found])]);
    const observation = { nowMs: nowMs(), followed, peers, answers, unrouted };
    const { state, ask, set, nextMs } = stepEndpoints(this.#state, observation);
    this.#state = state;
    if (ask.length > 0) void resolveNames(ask, (host, found) => this.#hear(host, found));
    if (set.length > 0) await setEndpoints(set);
    return nextMs;
  }

  #hear(host: string, addresses: readonly string[]): void {
    this.#answers.set(host, addresses);
    this.#lookAt(this.#world.nowMs() + GATHER_MS);
  }
}
