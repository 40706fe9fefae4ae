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
};
