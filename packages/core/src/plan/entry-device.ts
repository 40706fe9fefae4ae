/** What a client's entry makes of itself and of the node that it enters through: a device, and a peer there. */
import { aloneOnLink } from "../ip/interface-address.ts";
import { TUNNEL_OVERHEAD } from "../ip/mtu.ts";
import { hostPrefix } from "../ip/prefix.ts";
import { presharedKeyId } from "../model/keys.ts";
import { hasPresharedKey } from "../model/lock.ts";
import { accessOf } from "./access.ts";
import type { Device, Peer } from "./device.ts";
import type { Entry } from "./entries.ts";
import type { Member } from "./member.ts";
import type { Index } from "./members.ts";

/** One peer for each entry through `self`: who dials, and from where, is the client's business. */
export function entryPeers(index: Index, self: Member): readonly Peer[] {
  return self.entries.map((entry) => ({
    name: entry.name,
    publicKey: entry.publicKey,
    allowedIps: entry.addresses.map(({ address }) => hostPrefix(address)),
    ...presharedKeyOf(index, self, entry),
  }));
}

/** The client's side: a host with one peer, which it dials. `viaMtu` is that of the peer's device. */
export function assembleEntry(index: Index, entry: Entry, viaMtu: number | undefined): Device {
  const { network } = index;
  const via = index.byName.get(entry.via);
  if (via === undefined || viaMtu === undefined) throw new Error(`${entry.via} is not in the mesh`);
  const allowedIps = accessOf(index, entry);
  const servers = via.addresses.map(({ address }) => address);
  return {
    name: entry.name,
    interface: network.interface,
    publicKey: entry.publicKey,
    isKeyElsewhere: entry.client.publicKey !== undefined,
    // A phone takes what is on its link for its neighbourhood: all it reaches is said by AllowedIPs.
    addresses: entry.addresses.map(({ address }) => aloneOnLink(address)),
    mtu: Math.min(viaMtu, network.underlayMtu - TUNNEL_OVERHEAD),
    peers: [
      {
        name: entry.via,
        publicKey: via.publicKey,
        allowedIps,
        ...presharedKeyOf(index, via, entry),
        ...(via.publicEndpoint === undefined ? {} : { endpoint: via.publicEndpoint }),
        ...(network.keepaliveSeconds === 0 ? {} : { keepaliveSeconds: network.keepaliveSeconds }),
      },
    ],
    offLinkRanges: [],
    routes: allowedIps,
    subnets: [],
    filter: { carries: false, clients: [], exitUsers: [], denied: [], confined: [] },
    firewall: "off",
    hooks: { preUp: [], postUp: [], preDown: [], postDown: [] },
    ...(entry.client.dns ? { resolver: { servers, zone: network.dns } } : {}),
  };
}

/** Its epoch stays 0: a new key of the client's makes a new preshared key, too. */
function presharedKeyOf(
  index: Index,
  { node, publicKey }: Member,
  entry: Entry,
): Pick<Peer, "presharedKeyId"> {
  if (!hasPresharedKey(index.network, index, node.name, entry.client.name)) return {};
  return { presharedKeyId: presharedKeyId(publicKey, entry.publicKey, 0) };
}
