/** What an agent makes of a patch or a snapshot: a device, or why it is none for it. Pure. */
import { applyDelta, bundleAfter, bundleOf, deltaOf, hashAfter, hashOf } from "@warren/api";
import { replacedBy } from "@warren/api";
import type { Digest, Entries, ServerMessage } from "@warren/api";
import { Problem, say } from "@warren/core";
import type { StoredDevice } from "./files.ts";

export type Taken =
  | { readonly kind: "device"; readonly device: StoredDevice }
  /** It does not fit to what the agent has: the whole device is wanted. */
  | { readonly kind: "unfit"; readonly why: string }
  /** What the agent has is better than that. */
  | { readonly kind: "refused"; readonly problem: Problem };

/** A message of unknown intent that takes away more peers than both is refused. */
const FEW_PEERS = 5;
const PART_OF_PEERS = 0.3;

export function takeIn(
  before: StoredDevice | undefined,
  message: Extract<ServerMessage, { set: unknown }>,
  digest: Digest,
): Taken {
  const isWhole = message.kind === "snapshot";
  const old: Entries = isWhole ? new Map() : (before?.entries ?? new Map());
  const delta = deltaOf(message);
  const entries = applyDelta(old, delta);
  const { rev, hash } = message;
  const epoch = isWhole ? message.epoch : (before?.epoch ?? "");
  // A patch of what was refused adds up to something else, whatever its log.
  if (isWhole && before !== undefined && epoch === before.epoch && rev < before.rev) {
    return { kind: "refused", problem: isBehind(rev, before.rev) };
  }
  // What it has was held against its hash when it came: from there on a change of one entry costs one.
  const isPatch = !isWhole && before !== undefined;
  const sum = isPatch
    ? hashAfter(before.hash, replacedBy(old, delta), delta, digest)
    : hashOf(entries, digest);
  if (sum !== hash) {
    // A whole that does not add up would not do so the next time either.
    if (isWhole) return { kind: "refused", problem: wrongSum() };
    return { kind: "unfit", why: "the hash of what was sent is another" };
  }
  const loss = message.isIntended === true ? undefined : findLoss(before?.entries, entries);
  if (loss !== undefined) return { kind: "refused", problem: loss };
  const bundle = isPatch ? bundleAfter(before.bundle, entries, delta) : bundleOf(entries);
  if (bundle instanceof Problem) return { kind: "refused", problem: bundle };
  return { kind: "device", device: { epoch, rev, hash, entries, bundle } };
}

/** A server that has lost its memory, or has read half of it, must not take the mesh down. */
function findLoss(before: Entries = new Map(), after: Entries): Problem | undefined {
  const peers = [...before.keys()].filter((key) => key.startsWith("peer/"));
  const lost = peers.filter((key) => !after.has(key)).length;
  if (lost <= Math.max(FEW_PEERS, peers.length * PART_OF_PEERS)) return undefined;
  const message = say`refused: it would take away ${lost} of ${peers.length} peers, and nobody says that this is meant`;
  return new Problem(
    message,
    say`see what the server has: warren node list NETWORK; if that is all, say so: warren network set NETWORK confirm=true`,
  );
}

/** Under the same epoch its store was put back by hand: revisions that others have seen would be made once more. */
function isBehind(rev: number, own: number): Problem {
  return new Problem(
    say`refused: the server is at revision ${rev}, and has been at ${own}`,
    say`if an older copy of its store was put in place, do that with warren server restore`,
  );
}

function wrongSum(): Problem {
  return new Problem(
    say`refused: what the server sent does not add up`,
    say`update Warren on the older of the two`,
  );
}
