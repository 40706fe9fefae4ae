/**
 * Whether a change has cut its host off, so that it is to be taken back: neither the server nor most of the
 * peers that were heard before it answer any more. WireGuard itself answers: whoever is sent something and
 * has nothing to say sends an empty packet within 10 s, past every firewall inside. A handshake would look
 * alive for minutes. Knows neither devices nor the kernel.
 */
import type { PublicKey } from "@warren/core";
import type { PeerState } from "./kernel/kernel.ts";
import type { AgentClock } from "./world.ts";

/** A server that is there answers within that, and nobody else is asked. */
const SERVER_MS = 3000;
/** What was lost is sent once more, in time for an answer. */
const AGAIN_MS = 5000;
const JUDGED_MS = 15_000;
/** Longer than the usual keepalive of 25 s and a look. */
const HEARD_MS = 35_000;
/** A thousand would be no better witnesses. */
const MOST_WITNESSES = 16;
/** Whoever hears nothing himself begins one handshake after the other: that is no answer (WireGuard, section 5.4.2). */
const INITIATION_BYTES = 148;

type States = ReadonlyMap<PublicKey, Pick<PeerState, "received">>;

export interface TrialWorld {
  readonly clock: Pick<AgentClock, "now" | "after">;
  /** Where nobody else was heard before, its silence is enough. */
  readonly isServerEnough: boolean;
  /** Asks the server for an answer, which is told by `pass`. */
  readonly ask: () => void;
  /** Sends them something through the tunnel. */
  readonly knock: (peers: readonly PublicKey[]) => void;
  readonly readPeers: () => Promise<States>;
  /** The kernel cannot be read. */
  readonly refused: (error: unknown) => void;
  /** The change is to be taken back; so many of so many were silent. */
  readonly failed: (silent: number, asked: number) => void;
}

export class Trial {
  readonly #world: TrialWorld;
  /** When each peer was heard last. */
  readonly #heardAt = new Map<PublicKey, number>();
  #seen: States = new Map();
  #witnesses: readonly PublicKey[] | undefined;
  /** Another one with each change. */
  #turn = 0;
  #callOff: (() => void) | undefined;

  constructor(world: TrialWorld) {
    this.#world = world;
  }

  get isRunning(): boolean {
    return this.#witnesses !== undefined;
  }

  /** Those who were heard shortly before. */
  get heard(): readonly PublicKey[] {
    const now = this.#world.clock.now();
    return [...this.#heardAt].flatMap(([key, at]) => (now - at < HEARD_MS ? [key] : []));
  }

  /** With each look at the kernel. */
  look(peers: States): void {
    const now = this.#world.clock.now();
    for (const [key, { received }] of peers) {
      const before = this.#seen.get(key)?.received ?? received;
      if (received > before) this.#heardAt.set(key, now);
    }
    for (const key of this.#heardAt.keys()) if (!peers.has(key)) this.#heardAt.delete(key);
    this.#seen = peers;
  }

  /** A change was made. Of one that comes while another is judged, the same are witnesses. */
  begin(): void {
    const witnesses = this.#witnesses ?? this.heard.slice(0, MOST_WITNESSES);
    this.pass();
    // Where nobody was heard before, nobody can be missed.
    if (witnesses.length === 0 && !this.#world.isServerEnough) return;
    this.#witnesses = witnesses;
    this.#judge(witnesses).catch((error: unknown) => {
      this.pass();
      this.#world.refused(error);
    });
  }

  /** The server has answered, or there is nothing to judge. */
  pass(): void {
    this.#turn += 1;
    this.#callOff?.();
    this.#witnesses = undefined;
  }

  async #judge(witnesses: readonly PublicKey[]): Promise<void> {
    const { ask, knock, readPeers, failed } = this.#world;
    const turn = this.#turn;
    ask();
    await this.#pause(SERVER_MS, turn);
    const before = await readPeers();
    const asked = witnesses.filter((each) => before.has(each));
    knock(asked);
    await this.#pause(AGAIN_MS, turn);
    ask();
    knock(asked);
    await this.#pause(JUDGED_MS - SERVER_MS - AGAIN_MS, turn);
    const silent = silentSince(before, await readPeers(), asked);
    if (this.#turn !== turn) return;
    this.pass();
    // Where none of them is a peer any more, the server alone is missed.
    const isCut = asked.length === 0 || silent * 2 > asked.length;
    if (isCut) failed(silent, asked.length);
  }

  /** Never ends for whoever has been overtaken. */
  async #pause(delayMs: number, turn: number): Promise<void> {
    await new Promise<void>((goOn) => {
      if (this.#turn !== turn) return;
      this.#callOff = this.#world.clock.after(delayMs, () => {
        if (this.#turn === turn) goOn();
      });
    });
  }
}

/** An entry that was made anew counts from nothing. */
function silentSince(before: States, after: States, asked: readonly PublicKey[]): number {
  const received = (states: States, key: PublicKey): number => states.get(key)?.received ?? 0;
  return asked.filter((key) => {
    const [first, last] = [received(before, key), received(after, key)];
    return (last < first ? last : last - first) % INITIATION_BYTES === 0;
  }).length;
}
