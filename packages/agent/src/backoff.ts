/** How long to wait before the server is called again, so that a thousand agents do not call at once. */

/** Full jitter over a window that is never longer than the server has been away: it grows by half from call to call. */
const BASE_MS = 250;
const CAP_MS = 15_000;

/** Who is welcomed and loses the connection sooner than this would call as often as its server can end it. */
const STOOD_MS = 15_000;

/** How long one agent waits, from call to call. */
export class Backoff {
  /** When it lost the last connection that had stood. */
  #awaySince: number | undefined;
  #spreadMs = 0;

  /** A connection, and within how long after its end all who had one are to come back. */
  spread(windowMs: number): void {
    this.#spreadMs = windowMs;
  }

  /** After a connection that had stood so long, or none. `random`: from 0 to below 1. */
  nextMs(random: number, nowMs: number, stoodMs = 0): number {
    const spreadMs = this.#spreadMs;
    this.#spreadMs = 0;
    if (stoodMs >= STOOD_MS) this.#awaySince = nowMs;
    this.#awaySince ??= nowMs;
    const awayMs = Math.min(CAP_MS, Math.max(BASE_MS, nowMs - this.#awaySince));
    return random * (stoodMs >= STOOD_MS ? spreadMs : Math.max(spreadMs, awayMs));
  }
}
