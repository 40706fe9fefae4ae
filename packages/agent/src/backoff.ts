/** How long to wait before the server is called again, so that a thousand agents do not call at once. */

/** Full jitter over a window that doubles from the one to the other. */
const BASE_MS = 250;
const CAP_MS = 15_000;

/** Before the call after `failures` that failed one after the other. `random`: from 0 to below 1. */
export function retryDelayMs(failures: number, random: number): number {
  return random * Math.min(CAP_MS, BASE_MS * 2 ** failures);
}
