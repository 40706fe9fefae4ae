/**
 * Devices as somebody else's files describe them, each value with the place where it stands. What is
 * here was read, not judged: names may be unfit, prefixes may clash, peers may be nobody.
 */
import type { Finding, Place } from "../finding.ts";
import type { Endpoint } from "../ip/endpoint.ts";
import type { InterfaceAddress } from "../ip/interface-address.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { PresharedKey, PrivateKey, PublicKey } from "../model/keys.ts";

/** A value, and where it was read. */
export interface Placed<T> {
  readonly value: T;
  readonly place: Place;
}

export interface ForeignDevice {
  /** The name of its file without .conf, or of its row; mostly no parser has judged it. */
  readonly name: string;
  /** Its file's first line, or its row. */
  readonly place: Place;
  readonly interface?: string;
  /** Not what somebody wrote, but what the interface holds: no addresses, and endpoints of the moment. */
  readonly isRunning?: boolean;
  readonly privateKey?: Placed<PrivateKey>;
  /** Where only that is known, as of a client whose private key is on the device. */
  readonly publicKey?: Placed<PublicKey>;
  /** `10.0.0.1/24`: the address with the length of the range that it puts on the link. */
  readonly addresses: readonly Placed<InterfaceAddress>[];
  readonly listenPort?: Placed<number>;
  readonly fwmark?: Placed<number>;
  readonly mtu?: Placed<number>;
  /** As written: auto, off, a number, a name. */
  readonly table?: Placed<string>;
  /** Servers and search domains, as written. */
  readonly dns: readonly Placed<string>[];
  readonly saveConfig?: Placed<boolean>;
  readonly hooks: ForeignHooks;
  /** Where everybody dials it: formats that describe a mesh as a whole know that, files of one device do not. */
  readonly endpoint?: Placed<Endpoint>;
  readonly peers: readonly ForeignPeer[];
  /** Anybody on the host may read its secrets: the mode of the file and of its folder. */
  readonly isWorldReadable: boolean;
}

/** Commands in their order, as written. */
export interface ForeignHooks {
  readonly preUp: readonly Placed<string>[];
  readonly postUp: readonly Placed<string>[];
  readonly preDown: readonly Placed<string>[];
  readonly postDown: readonly Placed<string>[];
}

export interface ForeignPeer {
  /** Of its [Peer] line. */
  readonly place: Place;
  /** From a comment before or in its block, such as `# Name: b` or `# b`. */
  readonly name?: string;
  readonly publicKey: Placed<PublicKey>;
  readonly presharedKey?: Placed<PresharedKey>;
  /** Without host bits, as the kernel takes them; in the order of the file. */
  readonly allowedIps: readonly Placed<Prefix>[];
  readonly endpoint?: Placed<Endpoint>;
  /** 0: off. */
  readonly keepaliveSeconds?: Placed<number>;
  /** Where several [Peer] sections have its key: what each says, of which this is what counts. */
  readonly sections?: readonly ForeignPeer[];
}

/** What a reader answers: as many devices as it could read, and what is wrong or odd with the text. */
export interface Reading {
  readonly devices: readonly ForeignDevice[];
  readonly findings: readonly Finding[];
}
