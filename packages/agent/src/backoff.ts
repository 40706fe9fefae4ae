/** How long to wait before the server is called again, so that a thousand agents do not call at once. */

/** Full jitter over a window that doubles from the one to the other. */
const BASE_MS = 250;
const CAP_MS = 15_000;
/** Of the first delay: what a server takes for one agent, and what nobody should wait longer than. */
const SHARE_MS = 2;
const LONGEST_FIRST_MS = 10_000;

/** Before the call after `failures` that failed one after the other. `random`: from 0 to below 1. */
export function retryDelayMs(failures: number, random: number): number {
  return random * Math.min(CAP_MS, BASE_MS * 2 ** failures);
}

/** Before the first call after a connection that stood has ended: the other agents lost theirs, too. */
export function firstDelayMs(agents: number, random: number): number {
  return random * Math.min(LONGEST_FIRST_MS, SHARE_MS * agents);
}
