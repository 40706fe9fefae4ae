/**
 * What one host must be told, whole: an agent needs nothing else to configure the kernel, a renderer
 * nothing else to print. Holds no secret, only the ids of preshared keys.
 */
import type { Address } from "../ip/address.ts";
import type { Endpoint } from "../ip/endpoint.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { PresharedKeyId, PublicKey } from "../model/keys.ts";
import type { Firewall, Hooks, Subnet } from "../model/mesh.ts";
import type { InterfaceName, Name } from "../model/names.ts";

export interface Device {
  readonly name: Name;
  readonly interface: InterfaceName;
  readonly publicKey: PublicKey;
  /** The private key is on the host already and in nobody else's hands. */
  readonly isKeyElsewhere: boolean;
  readonly addresses: readonly InterfaceAddress[];
  readonly listenPort: number;
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
  readonly firewall: Firewall;
  readonly hooks: Hooks;
}

/** Printed as `address/length`: the length is that of the mesh's range, so that the range is on-link. */
export interface InterfaceAddress {
  readonly address: Address;
  readonly length: number;
}

export interface Peer {
  readonly name: Name;
  readonly publicKey: PublicKey;
  readonly presharedKeyId?: PresharedKeyId;
  /** Sorted; what is sent to this peer and accepted from it. */
  readonly allowedIps: readonly Prefix[];
  readonly endpoint?: Endpoint;
  readonly keepaliveSeconds?: number;
}
