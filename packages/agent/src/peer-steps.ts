/**
 * What a change that is about a few peers has the kernel do, without a look at all others: with a thousand
 * of them the look takes longer than everything else. What somebody else has changed meanwhile, the next
 * look finds. Pure.
 */
import type { Bundle } from "@warren/api";
import * as core from "@warren/core";
import type { Device, Peer, PublicKey } from "@warren/core";
import type { PeerState, Step } from "./kernel/kernel.ts";
import { peerChange, settingsOf } from "./reconcile.ts";
import type { LastEndpoints } from "./reconcile.ts";

/** A bundle that the kernel was made to have, and its peers there. */
export interface Settled {
  readonly bundle: Bundle;
  readonly peers: ReadonlyMap<PublicKey, PeerState>;
}

/** Undefined where something else is to change, too: the host itself, routes, a name that is followed. */
export function peerSteps(
  { bundle: before, peers }: Settled,
  after: Bundle,
  last: LastEndpoints,
): readonly Step[] | undefined {
  if (!isSameHost(before.device, after.device)) return undefined;
  // Whoever has not changed is the same object.
  const old = new Map(before.device.peers.map((peer) => [peer.publicKey, peer]));
  const steps: Step[] = [];
  for (const peer of after.device.peers) {
    const { publicKey } = peer;
    const earlier = old.get(publicKey);
    old.delete(publicKey);
    if (earlier === peer) continue;
    if (!isOfPeerAlone(after.device, earlier, peer)) return undefined;
    const settings = settingsOf(peer, after.presharedKeys);
    const change = peerChange(peers.get(publicKey), settings, last.get(publicKey));
    if (change !== undefined) steps.push({ kind: "peer", publicKey, change });
  }
  for (const [publicKey, earlier] of old) {
    if (!isOfPeerAlone(after.device, earlier, undefined)) return undefined;
    steps.push({ kind: "peer-gone", publicKey });
  }
  return steps;
}

/** What the kernel then has, as far as it is known without a look. */
export function peersAfter(
  peers: ReadonlyMap<PublicKey, PeerState>,
  steps: readonly Step[],
): ReadonlyMap<PublicKey, PeerState> {
  const after = new Map(peers);
  for (const step of steps) {
    if (step.kind === "peer-gone") after.delete(step.publicKey);
    if (step.kind !== "peer") continue;
    const { presharedKey: changed, ...change } = step.change;
    const known = after.get(step.publicKey) ?? { keepaliveSeconds: 0, received: 0, sent: 0 };
    const { presharedKey: before, ...state } = { presharedKey: undefined, ...known };
    const presharedKey = changed === "none" ? undefined : (changed ?? before);
    after.set(step.publicKey, {
      ...state,
      ...change,
      ...core.optional("presharedKey", presharedKey),
    });
  }
  return after;
}

function isSameHost(before: Device, after: Device): boolean {
  const { peers: _, ...own } = after;
  return Object.entries(own).every(([field, value]) => before[field as keyof Device] === value);
}

/** Its ranges need no other routes than before, nobody asks for its name, and it is not to be made anew. */
function isOfPeerAlone(device: Device, before: Peer | undefined, after: Peer | undefined): boolean {
  if (before !== undefined && after !== undefined && before.generation !== after.generation) {
    return false;
  }
  const both = [before, after].flatMap((each) => each ?? []);
  if (both.some(({ endpoint }) => typeof endpoint?.host === "string")) return false;
  const [one = "", other = one] = both.map((each) => each.allowedIps.map(core.printPrefix).join());
  if (both.length === 2 && one === other) return true;
  const routes = core.routesOf({ ...device, peers: [] }).length;
  return core.routesOf({ ...device, peers: both }).length === routes;
}
