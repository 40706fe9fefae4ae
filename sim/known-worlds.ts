/** Worlds that once ended wrong, as they were drawn: they are played again in each check. */
import type { WorldDraft } from "./operations.ts";

export const knownWorlds: Readonly<Record<string, WorldDraft>> = {
  "who is told twice of the same says twice that he has it": {
    seed: 0,
    operations: [
      { kind: "stall", name: "a", spanMs: 661 },
      { kind: "settings", listenPort: 51_999, mtu: 1380 },
      { kind: "rotate", name: "a", other: "c" },
    ],
  },
  "who has all that he was told of is not behind a revision that was none of his": {
    seed: 0,
    operations: [
      { kind: "policy", at: 1 },
      { kind: "kernel", name: "a", isRefusing: false, isUnreadable: true },
      { kind: "settings", listenPort: 51_820, mtu: 1420 },
    ],
  },
  "what a full disk did not take it has in the end": {
    seed: 0,
    operations: [
      { kind: "host disk", name: "a", isFull: true },
      { kind: "subnet", name: "b", last: 1 },
      { kind: "pass", spanMs: 3000 },
    ],
  },
  "who has refused a restored store is told of its next revision, and why it refused": {
    seed: 0,
    more: 6,
    operations: [
      { kind: "restore", isPutBack: false },
      { kind: "remove", name: "b" },
    ],
  },
  "who has refused a restored store and greets again has not taken it": {
    seed: 1,
    more: 7,
    operations: [
      { kind: "restore", isPutBack: false },
      { kind: "host clock", name: "b", jumpMs: 2_133_660 },
    ],
  },
  "what is taken back is of the log that it was confirmed in": {
    seed: 0,
    operations: [
      { kind: "backup" },
      { kind: "restore", isPutBack: false },
      { kind: "rest", spanMs: 70_668, name: "d", isLasting: false },
    ],
  },
  "who is wanted where he was before he was heard elsewhere is dialled there": {
    seed: 0,
    operations: [
      { kind: "backup" },
      { kind: "stall", name: "b", spanMs: 17_961 },
      { kind: "settings", listenPort: 51_999, mtu: 1420 },
      { kind: "pass", spanMs: 39_101 },
      { kind: "restore", isPutBack: true },
    ],
  },
  "who is made anew where he was heard is dialled where he is wanted": {
    seed: 0,
    operations: [
      { kind: "settings", listenPort: 51_999, mtu: 1420 },
      { kind: "host clock", name: "a", jumpMs: -2_864_280 },
      { kind: "host clock", name: "b", jumpMs: -640_152 },
    ],
  },
  "who is made anew where he was heard, by one who has just begun, is dialled where he is wanted": {
    seed: 2,
    operations: [
      { kind: "host clock", name: "b", jumpMs: -2_460_216 },
      { kind: "pass", spanMs: 2554 },
      { kind: "settings", listenPort: 51_999, mtu: 1420 },
      { kind: "pass", spanMs: 4 },
      { kind: "start agent", name: "e" },
    ],
  },
  "who went by himself where he was wanted for a moment is dialled where he is again": {
    seed: 0,
    more: 3,
    operations: [
      { kind: "kill agent at work", name: "a", steps: 0 },
      { kind: "settings", listenPort: 51_999, mtu: 1380 },
      { kind: "pass", spanMs: 273 },
      { kind: "settings", listenPort: 51_820, mtu: 1380 },
    ],
  },
  "who does not answer where he was heard is dialled where he is wanted": {
    seed: 12_872_527,
    more: 5,
    operations: [
      { kind: "break", name: "e", agentMs: 1854, serverMs: 1085 },
      { kind: "settings", listenPort: 51_999, mtu: 1380 },
      { kind: "settings", listenPort: 51_820, mtu: 1380 },
      { kind: "move", name: "e", last: 0 },
    ],
  },
  "who refuses what a restored store says is of its log once he takes what is changed there": {
    seed: 0,
    operations: [
      { kind: "rest", spanMs: 50_000, name: "a", isLasting: true },
      { kind: "backup" },
      { kind: "restore", isPutBack: false },
      { kind: "policy", at: 1 },
    ],
  },
  "who begins handshakes elsewhere in vain is not dialled where he is wanted again and again": {
    seed: 0,
    operations: [
      { kind: "stall", name: "a", spanMs: 786 },
      { kind: "rotate", name: "a", other: "e" },
      { kind: "host disk", name: "a", isFull: false },
      { kind: "restore", isPutBack: false },
      { kind: "move", name: "e", last: 0 },
    ],
  },
  "who was seen nowhere is dialled nowhere after a restart": {
    seed: 0,
    operations: [
      { kind: "subnet", name: "c", last: 2 },
      { kind: "join", name: "c", by: "token" },
      { kind: "pass", spanMs: 2403 },
      { kind: "kill server", afterMs: 86, awayMs: 18_328 },
    ],
  },
};
