/**
 * What one host must be told, whole: an agent needs nothing else to configure the kernel, a renderer
 * nothing else to print. Holds no secret, only the ids of preshared keys.
 */
import type { Address } from "../ip/address.ts";
import type { Endpoint } from "../ip/endpoint.ts";
import type { InterfaceAddress } from "../ip/interface-address.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { PresharedKeyId, PublicKey } from "../model/keys.ts";
import type { Firewall, Hooks, PortRange, Subnet } from "../model/mesh.ts";
import type { InterfaceName, Name } from "../model/names.ts";

export interface Device {
  /** The node's; a client's is that of its entry. */
  readonly name: Name;
  readonly interface: InterfaceName;
  readonly publicKey: PublicKey;
  /** The private key is on the host already and in nobody else's hands. */
  readonly isKeyElsewhere: boolean;
  /** With the length of the mesh's range, so that the range is on-link; on a client the address alone. */
  readonly addresses: readonly InterfaceAddress[];
  /** Absent on a client, which nobody dials: any free port. */
  readonly listenPort?: number;
  readonly mtu: number;
  readonly fwmark?: number;
  readonly table?: number | "off";
  /** Sorted by name. */
  readonly peers: readonly Peer[];
  /** Ranges of the mesh that no address puts on the interface's link: they need a route of their own. */
  readonly offLinkRanges: readonly Prefix[];
  /** What lies behind its peers: routed into the interface, as AllowedIPs name it. */
  readonly routes: readonly Prefix[];
  /** Ranges behind this host to which it forwards. */
  readonly subnets: readonly Subnet[];
  readonly filter: Filter;
  readonly firewall: Firewall;
  readonly hooks: Hooks;
  /** Who answers for names, where the host has no other way to know them. */
  readonly resolver?: Resolver;
}

/**
 * What may come out of the tunnel, to the host itself and onwards. Replies always may, and whatever
 * is sent into the tunnel is judged where it arrives.
 */
export interface Filter {
  /** It passes everybody's packets on from tunnel to tunnel: an active gateway, or a relay. */
  readonly carries: boolean;
  /** Its clients' addresses: it passes on what is for them and from them. */
  readonly clients: readonly Prefix[];
  /** Who may leave through its 0.0.0.0/0 or ::/0. */
  readonly exitUsers: readonly Prefix[];
  /**
   * From whom it takes nothing for itself, its subnets, its clients and its exit, because a link denies
   * that. Only where its lists have them all the same: it carries for them, or its exit has everybody.
   */
  readonly denied: readonly Prefix[];
  /** Clients that may reach less than the whole mesh. */
  readonly confined: readonly Confinement[];
  /** Absent: all may talk to all. Else the only ones that may start towards the host, its subnets, its clients. */
  readonly permits?: readonly Permit[];
}

/** Nothing from these addresses may go anywhere but to those. */
export interface Confinement {
  readonly from: readonly Prefix[];
  readonly to: readonly Prefix[];
}

/** What one rule of the policy lets in here. */
export interface Permit {
  /** Its place in the policy, from 0. */
  readonly rule: number;
  /** Sorted and disjoint; the same list on every device that the rule is for. */
  readonly from: readonly Prefix[];
  /** The same, and only what this host answers for. */
  readonly to: readonly Prefix[];
  /** Empty: every protocol and port. */
  readonly ports: readonly PortRange[];
}

/** Whether a firewall has anything to do on the host: without one, all its filter says is in vain. */
export function isFiltering({ subnets, filter }: Device): boolean {
  const { carries, clients, exitUsers, denied, confined, permits } = filter;
  const lists = [subnets, clients, exitUsers, denied, confined];
  return carries || permits !== undefined || lists.some(({ length }) => length > 0);
}

export interface Resolver {
  readonly servers: readonly Address[];
  readonly zone: string;
}

export interface Peer {
  readonly name: Name;
  readonly publicKey: PublicKey;
  readonly presharedKeyId?: PresharedKeyId;
  /** Sorted; what is sent to this peer and accepted from it. */
  readonly allowedIps: readonly Prefix[];
  readonly endpoint?: Endpoint;
  readonly keepaliveSeconds?: number;
  /** When it is another than before, what WireGuard has seen of this peer is to be forgotten. */
  readonly generation?: number;
}
