/** A tunnel as its two ends, of which one may be mute; and what their counters say of the two ways between them. Pure. */
import { HANDSHAKE_SECONDS, optional } from "@warren/core";
import type { Name } from "@warren/core";
import type { EndFacts, ExaminedNode, PeerFacts } from "../examination.ts";

/** An empty packet, which is less than any handshake. */
const LEAST_BYTES = 32;

export interface Side {
  readonly name: Name;
  /** As the server knows it; absent where that was not asked. */
  readonly node?: ExaminedNode;
  /** What it has said itself. */
  readonly end?: EndFacts;
  readonly peer?: PeerFacts;
  /** What it said when it alone had sent something. */
  readonly alone?: PeerFacts;
  /** Its clock is so far ahead of the server's. */
  readonly clockOffMs?: number;
}

export interface Pair {
  readonly one: Side;
  readonly other: Side;
}

/** The same, seen from the other end. */
export function turned({ one, other }: Pair): Pair {
  return { one: other, other: one };
}

/** Pings go through it both ways; or what is sent arrives, where a policy lets no pings in. */
export function isAlive({ one, other }: Pair): boolean {
  if (isAnswered(one) || isAnswered(other)) return true;
  const [there, back] = [one.peer, other.peer];
  if (there === undefined || back === undefined || there.isLetIn || back.isLetIn) return false;
  return there.received >= LEAST_BYTES && back.received >= LEAST_BYTES;
}

/** Somebody else may answer to its address where that leads elsewhere. */
function isAnswered({ end, peer }: Side): boolean {
  if (peer?.roundTripMs === undefined || end === undefined) return false;
  return peer.inside === undefined || peer.inside === end.interface;
}

export function hasFreshHandshake({ peer }: Side): boolean {
  return (peer?.handshakeSeconds ?? Infinity) <= HANDSHAKE_SECONDS;
}

/** What it sends to the other does not arrive there; undefined where that is not known, or is what a NAT does. */
export function isLost(pair: Pair): boolean | undefined {
  const { one, other } = pair;
  if (isAlive(pair)) return false;
  if (one.peer === undefined || other.peer === undefined || other.node?.isMapped === true) {
    return undefined;
  }
  if (other.peer.received >= LEAST_BYTES) return false;
  return one.peer.sent >= LEAST_BYTES ? true : undefined;
}

export function hears({ peer }: Side): boolean {
  return (peer?.received ?? 0) >= LEAST_BYTES;
}

export function speaks({ peer }: Side): boolean {
  return (peer?.sent ?? 0) >= LEAST_BYTES;
}

/** Only the other could bring it up: it was tried from here alone before, then from there, too. */
export function isDialledOneWay({ one, other }: Pair): boolean {
  const { alone } = one;
  if (alone === undefined || other.end === undefined || other.peer?.isLetIn === false) return false;
  return alone.roundTripMs === undefined && alone.sent > 0 && alone.received === 0;
}

/** As it was before the other had dialled. */
export function undialled({ one, other }: Pair): Pair {
  const { alone = one.peer, ...rest } = one;
  if (other.peer === undefined) return { one: { ...rest, ...optional("peer", alone) }, other };
  const { roundTripMs: _, ...heard } = other.peer;
  const peer = { ...heard, received: 0 };
  return { one: { ...rest, ...optional("peer", alone) }, other: { ...other, peer } };
}
