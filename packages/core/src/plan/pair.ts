/** The compiler's second layer: what one node must know of one other. */
import { presharedKeyId } from "../model/keys.ts";
import type { PresharedKeyId } from "../model/keys.ts";
import { hasPresharedKey, pairName } from "../model/lock.ts";
import type { Peer } from "./device.ts";
import { endpointFor, isNeighbour } from "./dial.ts";
import type { Member } from "./member.ts";
import type { Index } from "./members.ts";

/**
 * The entry for `other` in `self`'s list of peers; undefined when the way between the two is not one
 * tunnel, or nothing goes over it. O(1), but for what is worked out once for all pairs.
 */
export function pair(index: Index, self: Member, other: Member): Peer | undefined {
  const { paths, traffic, allowedIps, network } = index;
  if (paths.next(self, other) !== other || !traffic.isUsed(self, other)) return undefined;
  const endpoint = endpointFor(self, other);
  // Who cannot be dialled must keep the way open through his own NAT.
  const isDialledBack =
    endpointFor(other, self) !== undefined && (self.isMapped !== true || isNeighbour(self, other));
  const keepaliveSeconds = isDialledBack ? 0 : self.node.keepaliveSeconds;
  return {
    name: other.node.name,
    publicKey: other.publicKey,
    allowedIps: allowedIps.towards(self, other),
    ...(hasPresharedKey(network, index, self.node.name, other.node.name)
      ? { presharedKeyId: keyIdFor(index, self, other) }
      : {}),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(keepaliveSeconds === 0 ? {} : { keepaliveSeconds }),
    ...(other.generation === undefined ? {} : { generation: other.generation }),
  };
}

function keyIdFor(index: Index, self: Member, other: Member): PresharedKeyId {
  const epochs = index.presharedKeyEpochs;
  // Rotation is rare: most meshes never look a pair up.
  const epoch =
    epochs.size === 0 ? 0 : (epochs.get(pairName(self.node.name, other.node.name)) ?? 0);
  return presharedKeyId(self.publicKey, other.publicKey, epoch);
}
