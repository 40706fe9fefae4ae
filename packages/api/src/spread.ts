/** Within how long those come back who have all lost their server at once. */

/** What a server takes for one agent, and what nobody should wait longer than. */
const SHARE_MS = 2;
const LONGEST_MS = 10_000;

/** The window of a uniform delay, for so many agents. */
export function spreadMs(agents: number): number {
  return Math.min(LONGEST_MS, SHARE_MS * agents);
}
