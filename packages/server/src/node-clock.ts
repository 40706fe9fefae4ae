/**
 * Whether a node's clock went back: WireGuard's peers then refuse its handshakes, which carry the time, until
 * the old time has come again. Nobody's clock but its own says so. Pure.
 */
import type { Seen } from "./seen.ts";

/** Whoever is refused for so long tries again by himself before anybody could help. */
const BACK_MS = 10_000;
/** What it says each few seconds is written so seldom. */
const WRITTEN_MS = 3_600_000;

export interface ClockSeen {
  /** The latest that it was, as far as peers may have heard of it. */
  readonly latest: number;
  /** What is to be written. */
  readonly seen: Seen | undefined;
}

/** `latest`: of what it has said since the server began; `now`: what it says now. */
export function clockSeen(
  { clockMs: written = 0, generation = 0 }: Seen,
  latest: number,
  now: number,
): ClockSeen {
  const before = Math.max(written, latest);
  if (before - now >= BACK_MS) {
    return { latest: now, seen: { clockMs: now, generation: generation + 1 } };
  }
  const seen = now - written < WRITTEN_MS ? undefined : { clockMs: now };
  return { latest: Math.max(before, now), seen };
}
