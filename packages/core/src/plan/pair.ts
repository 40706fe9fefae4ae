/** The compiler's second layer: what one node must know of one other. */
import type { Endpoint } from "../ip/endpoint.ts";
import { presharedKeyId } from "../model/keys.ts";
import type { PresharedKeyId } from "../model/keys.ts";
import { pairName } from "../model/lock.ts";
import type { Peer } from "./device.ts";
import type { Member } from "./member.ts";
import type { Index } from "./members.ts";

/**
 * The entry for `other` in `self`'s list of peers, O(1); undefined when the two cannot meet because
 * neither can dial the other.
 */
export function pair(index: Index, self: Member, other: Member): Peer | undefined {
  const endpoint = endpointFor(self, other);
  const isDialledBack = endpointFor(other, self) !== undefined;
  if (endpoint === undefined && !isDialledBack) return undefined;
  // Who cannot be dialled must keep the way open through his own NAT.
  const keepaliveSeconds = isDialledBack ? 0 : self.node.keepaliveSeconds;
  return {
    name: other.node.name,
    publicKey: other.publicKey,
    allowedIps: isNeighbour(self, other) ? other.prefixesInSite : other.prefixes,
    ...(index.network.presharedKeys ? { presharedKeyId: keyIdFor(index, self, other) } : {}),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(keepaliveSeconds === 0 ? {} : { keepaliveSeconds }),
  };
}

/** Where `self` dials `other`: inside a common site its LAN address, else its public endpoint. */
function endpointFor(self: Member, other: Member): Endpoint | undefined {
  return isNeighbour(self, other)
    ? (other.lanEndpoint ?? other.publicEndpoint)
    : other.publicEndpoint;
}

function isNeighbour(self: Member, other: Member): boolean {
  return self.node.site !== undefined && self.node.site === other.node.site;
}

function keyIdFor(index: Index, self: Member, other: Member): PresharedKeyId {
  const epochs = index.presharedKeyEpochs;
  // Rotation is rare: most meshes never look a pair up.
  const epoch =
    epochs.size === 0 ? 0 : (epochs.get(pairName(self.node.name, other.node.name)) ?? 0);
  return presharedKeyId(self.publicKey, other.publicKey, epoch);
}
