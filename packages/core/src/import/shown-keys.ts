/** Private keys that stand where a public one belongs: none of them may reach a mesh, or a message. */
import type { Place } from "../finding.ts";
import type { PublicKey } from "../model/keys.ts";
import type { ForeignDevice, ForeignPeer, Placed } from "../read/foreign.ts";

export interface ShownKey {
  readonly place: Place;
  /** Of the one whose private key it is, where that is known. */
  readonly owner: PublicKey | undefined;
}

/** The devices with the public keys that were meant, and where private ones stood. */
export function replaceShownKeys(devices: readonly ForeignDevice[]): {
  readonly devices: readonly ForeignDevice[];
  readonly shown: readonly ShownKey[];
} {
  const owners = new Map<string, PublicKey | undefined>(
    devices.flatMap(({ privateKey, publicKey }) =>
      privateKey === undefined ? [] : [[privateKey.value, publicKey?.value] as const],
    ),
  );
  const shown: ShownKey[] = [];
  const meantBy = ({ value, place }: Placed<PublicKey>): PublicKey | undefined => {
    if (!owners.has(value)) return value;
    const owner = owners.get(value);
    shown.push({ place, owner });
    return owner;
  };
  const replaced = devices.map((device): ForeignDevice => {
    const { publicKey, ...rest } = device;
    // What its file calls its own: without it, it is known as any that has none.
    const own = publicKey === undefined ? undefined : meantBy(publicKey);
    const isOwn = publicKey !== undefined && own === publicKey.value;
    const peers = withMeantKeys(device.peers, meantBy);
    return isOwn ? { ...rest, publicKey, peers } : { ...rest, peers };
  });
  return { devices: replaced, shown };
}

/** Who stands there by its public key, too, is one peer: what is said at that key counts. */
function withMeantKeys(
  peers: readonly ForeignPeer[],
  meantBy: (key: Placed<PublicKey>) => PublicKey | undefined,
): readonly ForeignPeer[] {
  const known = new Set(peers.map(({ publicKey }) => publicKey.value));
  return peers.flatMap((peer): ForeignPeer[] => {
    const { value, place } = peer.publicKey;
    const meant = meantBy(peer.publicKey);
    if (meant === value) return [peer];
    if (meant === undefined || known.has(meant)) return [];
    return [{ ...peer, publicKey: { value: meant, place } }];
  });
}
