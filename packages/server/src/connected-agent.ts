/** What is known of an agent that is connected, in memory alone: its line, and how far it is. */
import type { AgentMessage, LineEnd, PeerReport } from "@warren/api";
import * as core from "@warren/core";
import type { Address, PublicKey } from "@warren/core";
import type { Joined } from "./state.ts";

/** One agent's connection. */
export interface Line {
  send(text: string): void;
  /** What was sent and is not gone yet. */
  readonly bufferedBytes: number;
  close(why: LineEnd): void;
}

export interface Arrival {
  readonly network: string;
  readonly node: string;
  /** Where it comes from. */
  readonly address?: Address;
}

/** What is known of a connected node, in memory alone. */
export interface Presence {
  readonly connectedAt: number;
  /** When it came, where it goes again at once. */
  readonly visitedAt?: number;
  readonly version?: string;
  /** The revision that it was told last. */
  readonly told?: number;
  /** The revision that it has applied, and whether it was told of anything since: not all of that is a revision. */
  readonly applied?: number;
  readonly isBehind: boolean;
  /** Why it could not. */
  readonly error?: string;
  readonly reportedAt?: number;
  /** How many it has. */
  readonly tunnels: number;
  /** Those of which it has told anything. */
  readonly peers: readonly PeerReport[];
}

export interface ConnectedAgent extends Arrival {
  readonly line: Line;
  /** By which it came: whoever joins again is another. */
  readonly joined: Joined | undefined;
  presence: Presence;
  /** Hash of the device that it was told; absent while it was told none. */
  told: string | undefined;
  /** What that was made of, as it was told. */
  basis: string | undefined;
  hasGreeted: boolean;
  /** It has gone, and said before that it comes again. */
  isAway: boolean;
  /** Answers its greeting, which waits until all that is gathered is told. */
  answer: (() => void) | undefined;
  /** What it has is of a revision of this server's log. */
  isOfThisLog: boolean;
  /** Where it has said that it listens, and its host's own addresses, until that is taken down. */
  seen: { readonly port: number; readonly addresses: readonly Address[] } | undefined;
  readonly observe: () => void;
  readonly sendAgain: () => void;
}

/** Of somebody who comes now; who visits again is still what it was the last time. */
export function presenceOf(before: ConnectedAgent | undefined, now: number): Presence {
  if (before?.isAway !== true) return { connectedAt: now, isBehind: true, tunnels: 0, peers: [] };
  const { error: _, ...kept } = before.presence;
  return kept;
}

/** Of one that has only connected. */
export const UNGREETED = {
  told: undefined,
  basis: undefined,
  hasGreeted: false,
  isAway: false,
  answer: undefined,
  isOfThisLog: false,
  seen: undefined,
} as const;

/** Whether it is told what changes: before that it is told everything. */
export function isAnswered({ hasGreeted, answer }: ConnectedAgent): boolean {
  return hasGreeted && answer === undefined;
}

/** That it is told of a device now, at this revision. */
export function note(agent: ConnectedAgent, hash: string, rev: number): void {
  agent.told = hash;
  agent.presence = { ...agent.presence, told: rev, isBehind: true };
}

/** Where a node is dialled, by where it comes from and what it says of itself; undefined where that says nothing. */
export function observedAt(
  address: Address,
  { port, addresses }: NonNullable<ConnectedAgent["seen"]>,
  meshRanges: readonly core.Prefix[],
): core.Observed | undefined {
  // Nobody else can dial the host by it; or it comes by the tunnel, whose own way that does not tell.
  const isUseless = /^(127\.|::1$|fe80:)/.test(core.printAddress(address));
  if (isUseless || core.isWithin(meshRanges, address)) return undefined;
  const isOwn = addresses.some((each) => core.compareAddresses(each, address) === 0);
  return { endpoint: { host: address, port }, isMapped: !isOwn };
}

/** With what it says of its tunnels; those of which it says nothing have grown older. */
export function reported(
  presence: Presence,
  { peers, isPart, gone = [], tunnels }: Extract<AgentMessage, { kind: "report" }>,
  now: number,
): Presence {
  const all = new Map(isPart === true ? agedPeers(presence, now) : []);
  for (const key of gone) all.delete(key);
  for (const each of peers) all.set(each.publicKey, each);
  const told = [...all.values()];
  return { ...presence, tunnels: tunnels ?? told.length, peers: told, reportedAt: now };
}

/** How its tunnels stand now, by what it has said of them. */
export function agedPeers(
  { peers, reportedAt }: Presence,
  now: number,
): readonly (readonly [PublicKey, PeerReport])[] {
  // After a clock that went back nothing grows younger.
  const passed = Math.max(0, Math.round((now - (reportedAt ?? now)) / 1000));
  return peers.map((peer) => {
    const { handshakeSeconds: age } = peer;
    return [peer.publicKey, age === undefined ? peer : { ...peer, handshakeSeconds: age + passed }];
  });
}

export function greeted(
  { visitedAt: _, ...presence }: Presence,
  { version, isVisit }: Extract<AgentMessage, { kind: "hello" }>,
  now: number,
): Presence {
  return { ...presence, version, ...(isVisit === true ? { visitedAt: now } : {}) };
}

export function applied(
  { presence: { error: _, ...presence }, told }: ConnectedAgent,
  { rev, hash, error }: Extract<AgentMessage, { kind: "applied" }>,
): Presence {
  const isBehind = hash !== told;
  // It may have been told of a later revision since that has the same device.
  const done = isBehind ? rev : (presence.told ?? rev);
  return { ...presence, isBehind, ...(error === undefined ? { applied: done } : { error }) };
}
