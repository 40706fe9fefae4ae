/**
 * Whom whoever follows names looks after, and where it sends them: for the script of hosts without agent,
 * and for the agent.
 */

export const V6 = "[2001:db8::1]:51820";
export const V4 = "192.0.2.1:51820";
/** Where somebody was met whose name says otherwise. */
export const ROAMED = "198.51.100.9:4000";
export const NONE = "(none)";
/** Seconds at which the script looks; the third look comes too early to say anything new. */
export const LOOKS = [100, 115, 120, 130] as const;

/** What wg says of a peer at each look: where it is, bytes from it, bytes to it. */
export type Look = readonly [endpoint: string, rx: number, tx: number];
export type Sets = readonly (string | undefined)[];
export interface Row {
  readonly looks: readonly [Look, Look, Look, Look];
  readonly keepalive?: number;
  /** Of its name, by family; not said: V6 and V4. */
  readonly answers?: Partial<Record<"4" | "6", readonly string[]>>;
  /** What is set at each look, if anything. */
  readonly set?: Sets;
}

const QUIET = [500, 500, 500, 500];

export const ROWS: Readonly<Record<string, Row>> = {
  "no-endpoint": { looks: stays(NONE, [], []), set: [V6, V6, V6, V6] },
  talking: { looks: stays(V6, [500, 700, 800, 900], [500, 700, 800, 900]) },
  "roamed-and-talking": { looks: stays(ROAMED, [500, 532, 532, 564], [500, 700, 800, 900]) },
  idle: { looks: stays(V6, QUIET, QUIET) },
  "idle-with-keepalive": { looks: stays(ROAMED, QUIET, [500, 532, 532, 564]), keepalive: 25 },
  "idle-with-many-keepalives": { looks: stays(V6, QUIET, [500, 980, 1140, 1460]), keepalive: 1 },
  "one-empty-packet": { looks: stays(V6, QUIET, [500, 532, 532, 532]) },
  handshakes: { looks: stays(ROAMED, [0, 0, 0, 0], [0, 444, 592, 888]), set: atLast(V4) },
  "handshakes-with-many-keepalives": {
    looks: stays(ROAMED, QUIET, [500, 944, 1092, 1388]),
    keepalive: 1,
    set: atLast(V4),
  },
  data: { looks: stays(ROAMED, QUIET, [500, 628, 692, 756]), set: atLast(V4) },
  "data-by-ipv6": {
    looks: stays("[2001:db8::9]:4000", QUIET, [500, 628, 692, 756]),
    set: atLast(V6),
  },
  "data-once": { looks: stays(V6, QUIET, [500, 628, 628, 628]) },
  "data-at-last": { looks: stays(V6, QUIET, [500, 500, 500, 628]) },
  "answered-once": { looks: stays(V6, [500, 500, 500, 592], [500, 648, 796, 944]) },
  "made-anew": { looks: stays(V6, [500, 0, 0, 0], [500, 0, 0, 148]) },
  "large-counters": {
    looks: stays(V6, [5e9, 5e9, 5e9, 5e9], [5e9, 5e9 + 148, 5e9 + 296, 5e9 + 444]),
    set: atLast(V4),
  },
  "large-and-talking": {
    looks: stays(V6, [5e9, 5e9 + 32, 5e9 + 64, 5e9 + 96], [5e9, 6e9, 7e9, 8e9]),
  },
  "at-the-first-answer": { looks: stays(V6, QUIET, [500, 648, 796, 944]), set: atLast(V4) },
  "at-the-last-answer": { looks: stays(V4, QUIET, [500, 648, 796, 944]), set: atLast(V6) },
  "another-port": { looks: stays("192.0.2.1:4", QUIET, [500, 648, 796, 944]), set: atLast(V4) },
  "at-the-only-answer": {
    looks: stays(V4, QUIET, [500, 648, 796, 944]),
    answers: { "4": ["192.0.2.1"] },
  },
  "no-answer": { looks: stays(NONE, [], []), answers: {} },
  turning: {
    looks: stays("192.0.2.2:51820", QUIET, [500, 648, 796, 944]),
    answers: { "4": ["192.0.2.2", "192.0.2.3", "192.0.2.1"] },
    set: atLast(V4),
  },
  "odd-answers": {
    looks: stays(NONE, [], []),
    answers: {
      "4": ["0.0.0.0", "127.0.0.1", "gate.example", "1.2.3.4;halt", "$(halt)", "-1.2.3.4", "1.2"],
      "6": ["::", "::1", "fe80::1%eth0", "::ffff:192.0.2.1", "::ffff:127.0.0.1", "ff"],
    },
  },
  "first-answer-without-route": {
    looks: stays(NONE, [], []),
    answers: { "4": ["192.0.2.1"], "6": ["2001:db8:dead::1"] },
    set: [V4, V4, V4, V4],
  },
  "still-without-route": {
    looks: stays("[2001:db8:dead::1]:51820", QUIET, QUIET),
    set: [undefined, V6, undefined, V6],
  },
};

export const USUAL: Row["answers"] & object = { "4": ["192.0.2.1"], "6": ["2001:db8::1"] };

/** A peer that stays where it is, with what it sends and is sent. */
export function stays(
  endpoint: string,
  rx: readonly number[],
  tx: readonly number[],
): Row["looks"] {
  const at = (look: number): Look => [endpoint, rx[look] ?? 0, tx[look] ?? 0];
  return [at(0), at(1), at(2), at(3)];
}

function atLast(endpoint: string): Sets {
  return [undefined, undefined, undefined, endpoint];
}
