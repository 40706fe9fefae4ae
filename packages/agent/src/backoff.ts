/** How long to wait before the server is called again, so that a thousand agents do not call at once. */

/** Full jitter over a window that doubles from the one to the other. */
const BASE_MS = 250;
const CAP_MS = 15_000;

/** Before the call after `failures` that failed one after the other. `random`: from 0 to below 1. */
export function retryDelayMs(failures: number, random: number): number {
  return random * Math.min(CAP_MS, BASE_MS * 2 ** failures);
}

/** Who is welcomed and loses the connection sooner than this would call as often as its server can end it. */
const STOOD_MS = 15_000;

/** How long one agent waits, from call to call. */
export class Backoff {
  #failures = 0;
  #spreadMs = 0;

  /** A connection, and within how long after its end all who had one are to come back. */
  spread(windowMs: number): void {
    this.#spreadMs = windowMs;
  }

  /** After a connection that had stood so long. `random`: from 0 to below 1. */
  nextMs(random: number, stoodMs = 0): number {
    const spreadMs = random * this.#spreadMs;
    this.#spreadMs = 0;
    const hasStood = stoodMs >= STOOD_MS;
    this.#failures = hasStood ? 0 : this.#failures + 1;
    return hasStood ? spreadMs : Math.max(spreadMs, retryDelayMs(this.#failures - 1, random));
  }
}
