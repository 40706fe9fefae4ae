/** What a change of a network means for one node's device: O(what changed), never a whole device. */
import { deltaBetween, hashAfter, hostEntries, peerEntries, replacedBy } from "@warren/api";
import type { Delta, Digest, Entries, Entry, PresharedKeys } from "@warren/api";
import * as core from "@warren/core";
import type { Index, Name, PublicKey } from "@warren/core";

/** What devices are made of before a change, or after it. */
export interface Side {
  readonly index: Index;
  /** What the device of each node says of its host, filled as it is asked for: what is after one change is before the next. */
  readonly own: Map<Name, Entries>;
}

/** From one to the other, for all nodes: who must be asked again is worked out once. */
export interface Change {
  readonly before: Side;
  readonly after: Side;
  /** Of each node the others that it may have to be told anew. */
  readonly others: ReadonlyMap<Name, readonly Name[]>;
  /** Remembers what it was given: most nodes are told the same of those others. */
  readonly digest: Digest;
}

export interface NodeDelta {
  readonly delta: Delta;
  /** Of the whole device, from what that was before. */
  readonly hashFrom: (hash: string) => string;
}

export function changeBetween(before: Side, after: Side, digest: Digest): Change {
  const { pairs, removed } = core.affected(before.index, after.index);
  const others = new Map<Name, Name[]>();
  for (const name of after.index.byName.keys()) others.set(name, [...removed]);
  for (const [self, other] of pairs) others.get(self)?.push(other);
  return { before, after, others, digest: remembering(digest) };
}

/** Of a node that is in both. */
export function deltaFor(
  { before, after, others, digest }: Change,
  name: Name,
  presharedKey: PresharedKeys,
): NodeDelta {
  const names = others.get(name) ?? [];
  const own = deltaOf(ownEntries(before, name), ownEntries(after, name));
  const peers = deltaOf(entriesOf(before.index, name, names), entriesOf(after.index, name, names));
  const derived = (entries: readonly Entry[]): readonly Entry[] =>
    entries.map((entry) => withKey(entry, presharedKey));
  const delta = {
    set: derived([...own.set, ...peers.set]),
    delete: [...own.delete, ...peers.delete],
  };
  const replaced = derived([...own.replaced, ...peers.replaced]);
  return { delta, hashFrom: (hash) => hashAfter(hash, replaced, delta, digest) };
}

function deltaOf(before: Entries, after: Entries): Delta & { readonly replaced: readonly Entry[] } {
  const delta = deltaBetween(before, after);
  return { ...delta, replaced: replacedBy(before, delta) };
}

/** What a node's device says of the host itself, and of its clients; of preshared keys their ids. */
function ownEntries({ index, own }: Side, name: Name): Entries {
  const known = own.get(name);
  if (known !== undefined) return known;
  const self = index.byName.get(name);
  if (self === undefined) return new Map();
  const host = core.assemble(index, self, []);
  const clients = host.peers.flatMap((peer) => peerEntries(peer, nameKey));
  const made = new Map([...hostEntries(host), ...clients]);
  own.set(name, made);
  return made;
}

/** What it says of these others. */
function entriesOf(index: Index, name: Name, others: readonly Name[]): Entries {
  const self = index.byName.get(name);
  if (self === undefined) return new Map();
  const peers = others.flatMap((each) => {
    const other = index.byName.get(each);
    return other === undefined || other === self ? [] : (core.pair(index, self, other) ?? []);
  });
  return new Map(peers.flatMap((peer) => peerEntries(peer, nameKey)));
}

/** To derive a key takes longer than all else here: whether it is another, its id tells. */
function nameKey({ low, high, epoch }: core.PresharedKeyId): core.PresharedKey {
  return `${low} ${high} ${epoch}` as core.PresharedKey;
}

function withKey([key, text]: Entry, presharedKey: PresharedKeys): Entry {
  if (!key.startsWith("psk/")) return [key, text];
  const [low, high, epoch] = String(JSON.parse(text)).split(" ") as [PublicKey, PublicKey, string];
  return [key, JSON.stringify(presharedKey({ low, high, epoch: Number(epoch) }))];
}

function remembering(digest: Digest): Digest {
  const known = new Map<string, bigint>();
  return (text) => {
    const sum = known.get(text) ?? digest(text);
    known.set(text, sum);
    return sum;
  };
}
