/** What an agent works with, and what it tells of itself: real on a host, made up in the simulation. */
import type { Digest, ServerMessage } from "@warren/api";
import type { Address, Phrase, Prefix, Text } from "@warren/core";
import type { StoredDevice } from "./files.ts";
import type { Kernel } from "./kernel/kernel.ts";
import type { FollowerWorld } from "./name-follower.ts";

/** What the agent works with. */
export interface World {
  readonly kernel: Kernel;
  readonly clock: AgentClock;
  readonly digest: Digest;
  /** Where it ends as soon as it is as it is to be: until then it hears nobody but its server. */
  readonly visit?: Visit;
  /** Opens a line to the server; it calls back until it has closed. */
  readonly connect: (events: LineEvents) => Line;
  /** Has the device outlive this process. */
  readonly save: (device: Omit<StoredDevice, "bundle">) => void;
  /** Has no later process bring it up again: the host was taken out of its network. */
  readonly forget: () => void;
  readonly resolve: FollowerWorld["resolveNames"];
  readonly findUnrouted: FollowerWorld["findUnrouted"];
  /** This host's own addresses. */
  readonly readAddresses: () => readonly Address[];
  /** Sends something into the tunnel, to have a handshake begun. */
  readonly knock: (addresses: readonly Prefix[]) => void;
  /** Looks at this end of tunnels, and tells the server, some seconds later. */
  readonly examine: (
    question: Extract<ServerMessage, { kind: "examine" }>,
    device: StoredDevice | undefined,
    tell: (text: string) => void,
  ) => void;
  /** The log, for people; nothing secret. */
  readonly log: (text: Phrase) => void;
  /** Called whenever anything of `status` is another. */
  readonly onStatus: (status: Status) => void;
}

export interface Visit {
  /** Hash of a device that has cut the host off from its server not long ago. */
  readonly cutOffBy: string | undefined;
  readonly noteCutOff: (hash: string) => void;
}

export interface AgentClock {
  /** Milliseconds of a clock that nobody sets. */
  readonly now: () => number;
  /** Milliseconds since 1970, as the host has them. */
  readonly wall: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Calls back once; the function that it answers calls that off. */
  readonly after: (delayMs: number, work: () => void) => () => void;
}

export interface Line {
  send(text: string): void;
  /** Asks for an answer, which is told to `answered`. */
  ask(): void;
  close(): void;
}

export interface LineEvents {
  opened(): void;
  received(text: string): void;
  answered(): void;
  /** `isLasting`: to call again soon would change nothing; `isReplaced`: another came as this host. */
  closed(why: Text, isLasting: boolean, isReplaced?: boolean): void;
}

export interface Status {
  readonly isConnected: boolean;
  readonly isWaiting: boolean;
  readonly rev?: number;
  readonly applied?: number;
  /** Why the host is not as it is to be, or why the server is away. */
  readonly error?: Text;
  readonly device?: StoredDevice["bundle"]["device"];
}
