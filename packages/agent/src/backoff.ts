/** How long to wait before the server is called again, so that a thousand agents do not call at once. */

/** Full jitter over a window that doubles from the one to the other. */
const BASE_MS = 250;
const CAP_MS = 15_000;

/** Before the call after `failures` that failed one after the other. `random`: from 0 to below 1. */
export function retryDelayMs(failures: number, random: number): number {
  return random * Math.min(CAP_MS, BASE_MS * 2 ** failures);
}

/** How long one agent waits, from call to call. */
export class Backoff {
  #failures = 0;
  #windowMs: number | undefined;

  /** A connection that stood, and within how long after it the next call is to be made. */
  stood(windowMs: number): void {
    this.#failures = 0;
    this.#windowMs = windowMs;
  }

  /** `random`: from 0 to below 1. */
  nextMs(random: number): number {
    const windowMs = this.#windowMs;
    this.#windowMs = undefined;
    if (windowMs !== undefined) return random * windowMs;
    this.#failures += 1;
    return retryDelayMs(this.#failures - 1, random);
  }
}
