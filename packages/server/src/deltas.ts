/** What a change of a network means for one node's device: O(what changed), never a whole device. Pure. */
import { deltaBetween, hostEntries, peerEntries, replacedBy } from "@warren/api";
import type { Delta, Entries, Entry, PresharedKeys } from "@warren/api";
import * as core from "@warren/core";
import type { Index, Name, PublicKey } from "@warren/core";

/** From one index to another, for all nodes: who must be asked again is worked out once. */
export interface Change {
  readonly before: Index;
  readonly after: Index;
  /** Of each node the others that it may have to be told anew. */
  readonly others: ReadonlyMap<Name, readonly Name[]>;
}

export interface NodeDelta {
  readonly delta: Delta;
  /** What it replaces, for the hash. */
  readonly replaced: readonly Entry[];
}

export function changeBetween(before: Index, after: Index): Change {
  const { pairs, removed } = core.affected(before, after);
  const others = new Map<Name, Name[]>();
  for (const name of after.byName.keys()) others.set(name, [...removed]);
  for (const [self, other] of pairs) others.get(self)?.push(other);
  return { before, after, others };
}

/** Of a node that is in both. */
export function deltaFor(
  { before, after, others }: Change,
  name: Name,
  presharedKey: PresharedKeys,
): NodeDelta {
  const names = others.get(name) ?? [];
  const old = entriesAbout(before, name, names);
  const delta = deltaBetween(old, entriesAbout(after, name, names));
  const derived = (entries: readonly Entry[]): readonly Entry[] =>
    entries.map((entry) => withKey(entry, presharedKey));
  return {
    delta: { set: derived(delta.set), delete: delta.delete },
    replaced: derived(replacedBy(old, delta)),
  };
}

/** What a node's device says of the host itself, of its clients, and of these others; of preshared keys their ids. */
function entriesAbout(index: Index, name: Name, others: readonly Name[]): Entries {
  const self = index.byName.get(name);
  if (self === undefined) return new Map();
  const own = core.assemble(index, self, []);
  const peers = others.flatMap((each) => {
    const other = index.byName.get(each);
    const peer = other === undefined || other === self ? undefined : core.pair(index, self, other);
    return peer === undefined ? [] : [peer];
  });
  const all = [...own.peers, ...peers].flatMap((peer) => peerEntries(peer, nameKey));
  return new Map([...hostEntries(own), ...all]);
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
