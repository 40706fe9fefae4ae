/**
 * What a drawing of a mesh shows, as data: who there is and where, who has a tunnel with whom and of
 * what kind, what is kept apart. Knows nothing of lines and colours.
 */
export interface Picture {
  readonly name: string;
  readonly counts: Counts;
  /** In the order of their names; each node is in one. */
  readonly places: readonly Place[];
  /** Sorted by name, like all that follows. */
  readonly nodes: readonly PicturedNode[];
  readonly clients: readonly PicturedClient[];
  readonly links: readonly PicturedLink[];
  /** Many links drawn as one; empty in a small mesh. */
  readonly bundles: readonly Bundle[];
  /** What the document keeps apart by links: nodes or sites. What its policy keeps apart has no link. */
  readonly denials: readonly (readonly [string, string])[];
}

/** Of pairs of nodes, but for the first two. */
export interface Counts {
  readonly tunnels: number;
  /** Talk with a carrier between them. */
  readonly carried: number;
  /** Do not talk: nobody lets them, or there is no way. */
  readonly apart: number;
}

export interface PicturedNode {
  readonly name: string;
  /** A gateway is its site's active one; a relay carries for everybody. */
  readonly kind: "node" | "gateway" | "relay";
  readonly site?: string;
  readonly addresses: readonly string[];
  /** Where everybody dials it; absent behind a NAT. */
  readonly endpoint?: string;
  /** Where nodes of its site dial it. */
  readonly lan?: string;
  readonly subnets: readonly PicturedSubnet[];
}

export interface PicturedSubnet {
  readonly prefix: string;
  /** It is reached through another node while that is there. */
  readonly standsBy: boolean;
}

/** A client at one node that it enters through. */
export interface PicturedClient {
  readonly name: string;
  readonly via: string;
  /** Empty before it has a key. */
  readonly addresses: readonly string[];
}

/** A tunnel: inside a site, from outside, or one that is from outside and carries for others. */
export type LinkKind = "lan" | "public" | "carrier";

export interface PicturedLink {
  readonly between: readonly [string, string];
  readonly kind: LinkKind;
  /** Pairs of nodes of which at least one is neither end. */
  readonly carries: number;
  /** What the document says of this link; absent where it says nothing. */
  readonly costPerGiB?: number;
}

/** At least two links of one kind. */
export interface Bundle {
  /** Names of places; the same one twice: inside it. */
  readonly between: readonly [string, string];
  readonly kind: LinkKind;
  readonly links: number;
  /** Where it is the same for all. */
  readonly costPerGiB?: number;
}

export interface Place {
  /** The site's or the node's. */
  readonly name: string;
  readonly kind: "site" | "node" | "elsewhere";
  /** A site's private networks. */
  readonly networks: readonly string[];
  readonly nodes: readonly string[];
}
