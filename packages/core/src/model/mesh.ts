/** The mesh as its document describes it, every default filled in: data alone, made by parse.ts. */
import type { Address } from "../ip/address.ts";
import type { Endpoint } from "../ip/endpoint.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { PublicKey } from "./keys.ts";
import type { Hook, InterfaceName, Name, Tag } from "./names.ts";

export interface Mesh {
  readonly network: Network;
  /** Lists of named things are sorted by name: the order in a file means nothing. */
  readonly nodes: readonly Node[];
  readonly sites: readonly Site[];
  readonly clients: readonly Client[];
  readonly groups: readonly Group[];
  readonly links: readonly Link[];
  /** Absent: all may talk to all. Present: only what is listed. */
  readonly policy?: readonly Rule[];
  readonly tests: readonly PolicyTest[];
}

export type Firewall = "nftables" | "iptables" | "off";

export interface Network {
  readonly name: Name;
  /** The mesh's own ranges; every node has one address of each family that is here. */
  readonly addresses: readonly Prefix[];
  readonly interface: InterfaceName;
  readonly listenPort: number;
  readonly underlayMtu: number;
  readonly mtu?: number;
  readonly keepaliveSeconds: number;
  readonly presharedKeys: boolean;
  readonly firewall: Firewall;
  readonly dns: string;
  readonly defaultCostPerGiB: number;
}

export interface Node {
  readonly name: Name;
  /** Addresses the document fixes: at most one of each family. The rest are given out and recorded. */
  readonly addresses: readonly Address[];
  readonly endpoint?: Endpoint;
  readonly site?: Name;
  readonly lan?: Address;
  readonly subnets: readonly Subnet[];
  readonly exit?: Name;
  readonly local: readonly Prefix[];
  readonly relay: boolean;
  readonly tags: readonly Tag[];
  readonly publicKey?: PublicKey;
  readonly listenPort: number;
  readonly underlayMtu: number;
  readonly mtu?: number;
  readonly keepaliveSeconds: number;
  readonly fwmark?: number;
  readonly table?: number | "off";
  readonly firewall: Firewall;
  readonly ssh?: string;
  readonly hooks: Hooks;
}

export interface Subnet {
  readonly prefix: Prefix;
  readonly masquerade: boolean;
  /** The interface towards the subnet; absent: whichever the host's routes say. */
  readonly interface?: InterfaceName;
  readonly metric?: number;
  readonly probe?: Address;
}

export interface Hooks {
  readonly preUp: readonly Hook[];
  readonly postUp: readonly Hook[];
  readonly preDown: readonly Hook[];
  readonly postDown: readonly Hook[];
}

export interface Site {
  readonly name: Name;
  readonly networks: readonly Prefix[];
  readonly addresses: readonly Prefix[];
  readonly gateways: readonly Name[];
  readonly reach: readonly Prefix[];
  readonly cloud?: string;
}

export type Access = "nodes" | "subnets" | "exit" | "all-but-lan";

export interface Client {
  readonly name: Name;
  readonly addresses: readonly Address[];
  readonly via: readonly Name[];
  readonly access: readonly Access[];
  readonly exit?: Name;
  readonly dns: boolean;
  readonly tags: readonly Tag[];
  readonly publicKey?: PublicKey;
}

export type Selector =
  | { readonly kind: "name"; readonly name: Name }
  | { readonly kind: "tag"; readonly tag: Tag }
  | { readonly kind: "prefix"; readonly prefix: Prefix };

export interface Group {
  readonly name: Name;
  readonly members: readonly Selector[];
}

export interface Link {
  readonly between: readonly [Name, Name];
  readonly path: "auto" | "direct" | "gateway" | "deny";
  readonly costPerGiB?: number;
}

/** `icmp` covers both families' and has no ports. */
export interface PortRange {
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly first: number;
  readonly last: number;
}

export interface Rule {
  readonly from: readonly Selector[];
  readonly to: readonly Selector[];
  /** Empty: every protocol and port. */
  readonly ports: readonly PortRange[];
}

export interface PolicyTest {
  readonly from: Selector;
  readonly to: Selector;
  readonly port?: PortRange;
  readonly expect: "allow" | "deny";
}
