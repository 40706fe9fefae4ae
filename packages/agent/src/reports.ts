/**
 * What the server is told of how tunnels stand: what is new since it was told last, and nothing of those on
 * which nothing ever went. A thousand agents that told of a thousand peers would have it keep a million.
 */
import type { AgentMessage, PeerReport } from "@warren/api";
import { HANDSHAKE_SECONDS, optional } from "@warren/core";
import type { PublicKey } from "@warren/core";
import type { PeerState } from "./kernel/kernel.ts";

/** Whoever carries something makes a handshake every 120 s; the kernel counts whole seconds. */
const SAME_SECONDS = 3;
/** So much is worth telling, and so often, though there was no handshake since. */
const MUCH_BYTES = 65_536;
const OFTEN_MS = 60_000;

interface Told {
  readonly state: PeerState;
  readonly atMs: number;
}

export class Reports {
  readonly #told = new Map<PublicKey, Told>();
  /** Of how many tunnels it was told; undefined where it has forgotten that. */
  #tunnels: number | undefined;

  /** The server has forgotten what it was told. */
  forget(): void {
    this.#tunnels = undefined;
  }

  /** Undefined where nothing is new. `nowMs`: of a clock that nobody sets. */
  next(
    peers: ReadonlyMap<PublicKey, PeerState>,
    nowMs: number,
  ): Extract<AgentMessage, { kind: "report" }> | undefined {
    const isPart = this.#tunnels !== undefined;
    const isRecounted = this.#tunnels !== peers.size;
    this.#tunnels = peers.size;
    const gone = [...this.#told.keys()].filter((key) => !peers.has(key));
    for (const key of isPart ? gone : this.#told.keys()) this.#told.delete(key);
    const news: PeerReport[] = [];
    for (const [publicKey, state] of peers) {
      const before = this.#told.get(publicKey);
      if (before === undefined ? isSilent(state) : !isNews(before, state, nowMs)) continue;
      this.#told.set(publicKey, { state, atMs: nowMs });
      news.push(reportOf(publicKey, state));
    }
    const report = { kind: "report", tunnels: peers.size, peers: news } as const;
    if (!isPart) return report;
    if (!isRecounted && news.length + gone.length === 0) return undefined;
    return { ...report, isPart, ...(gone.length === 0 ? {} : { gone }) };
  }
}

function isSilent({ handshakeSeconds, received, sent }: PeerState): boolean {
  return handshakeSeconds === undefined && received + sent === 0;
}

function isNews({ state: before, atMs }: Told, now: PeerState, nowMs: number): boolean {
  if (before.endpoint !== now.endpoint) return true;
  const passedMs = nowMs - atMs;
  const age = ageOf(before) + passedMs / 1000;
  // Infinity less itself is no number: neither had any.
  const isSameHandshake = !(Math.abs(age - ageOf(now)) > SAME_SECONDS);
  const isHeld = ageOf(now) < HANDSHAKE_SECONDS;
  if (!isSameHandshake || ageOf(before) < HANDSHAKE_SECONDS !== isHeld) return true;
  const bytes = now.received - before.received + now.sent - before.sent;
  return bytes >= MUCH_BYTES && passedMs >= OFTEN_MS;
}

function ageOf({ handshakeSeconds = Infinity }: PeerState): number {
  return handshakeSeconds;
}

function reportOf(publicKey: PublicKey, state: PeerState): PeerReport {
  const { endpoint, handshakeSeconds, received, sent } = state;
  return {
    publicKey,
    received,
    sent,
    ...optional("endpoint", endpoint),
    ...optional("handshakeSeconds", handshakeSeconds),
  };
}
