/** What a change of a network means for one node's device: O(what changed), never a whole device. Pure. */
import { deltaBetween, hostEntries, peerEntries, replacedBy } from "@warren/api";
import type { Delta, Entries, Entry, PresharedKeys } from "@warren/api";
import * as core from "@warren/core";
import type { Index, Name } from "@warren/core";

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
  const old = entriesAbout(before, name, names, presharedKey);
  const delta = deltaBetween(old, entriesAbout(after, name, names, presharedKey));
  return { delta, replaced: replacedBy(old, delta) };
}

/** What a node's device says of the host itself, of its clients, and of these others. */
function entriesAbout(
  index: Index,
  name: Name,
  others: readonly Name[],
  presharedKey: PresharedKeys,
): Entries {
  const self = index.byName.get(name);
  if (self === undefined) return new Map();
  const own = core.assemble(index, self, []);
  const peers = others.flatMap((each) => {
    const other = index.byName.get(each);
    const peer = other === undefined || other === self ? undefined : core.pair(index, self, other);
    return peer === undefined ? [] : [peer];
  });
  const all = [...own.peers, ...peers].flatMap((peer) => peerEntries(peer, presharedKey));
  return new Map([...hostEntries(own), ...all]);
}
