/** Who begins a handshake, and when: one that nobody hears, or that crosses another, is tried again only after 5 s. Pure. */
import type { Peer, Prefix, PublicKey } from "@warren/core";
import type { PeerState } from "./kernel/kernel.ts";

/** Both ends of a new pair have it by then; one is first, so that theirs do not cross. */
const FIRST_MS = 300;
const SECOND_MS = 900;

/** When this host sends something to new peers that have not been heard of until then. */
export function turnsOf(
  own: PublicKey,
  peers: readonly Peer[],
): readonly (readonly [delayMs: number, peers: readonly Peer[]])[] {
  const isFirst = ({ publicKey }: Peer): boolean => own < publicKey;
  const turns = [
    [FIRST_MS, peers.filter(isFirst)],
    [SECOND_MS, peers.filter((peer) => !isFirst(peer))],
  ] as const;
  return turns.filter(([, some]) => some.length > 0);
}

/** Where to send something, so that the kernel begins a handshake with those that have had none. */
export function silentAmong(
  peers: readonly Peer[],
  states: ReadonlyMap<PublicKey, PeerState>,
): readonly Prefix[] {
  const silent = peers.filter(({ publicKey }) => {
    const state = states.get(publicKey);
    return state?.endpoint !== undefined && state.handshakeSeconds === undefined;
  });
  return silent.flatMap(firstOf);
}

/** Where to send something after that was done, as `printStep` has it: they may speak by keys that the kernel has forgotten. */
export function forgottenAmong(peers: readonly Peer[], done: readonly string[]): readonly Prefix[] {
  const isLinkNew = done.includes("link +");
  const forgotten = peers.filter(
    ({ publicKey }) => isLinkNew || done.includes(`peer - ${publicKey}`),
  );
  return forgotten.flatMap(firstOf);
}

/** A peer's own address, as a rule. */
export function firstOf({ allowedIps: [first] }: Peer): readonly Prefix[] {
  return first === undefined ? [] : [first];
}
