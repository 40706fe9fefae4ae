/** What the agent may ask of a host's kernel, and what it may do to it. Knows neither devices nor programs. */
import type { Admission, Family, FirewallTexts, HostRoute, InterfaceName } from "@warren/core";
import type { PresharedKey, PrivateKey, PublicKey } from "@warren/core";

/** The protocol number of our routes and policy rules: neither iproute2 nor FRR has a program for it. */
export const OWN_PROTOCOL = 87;

export interface Kernel {
  read(name: InterfaceName): Promise<KernelState>;
  /**
   * Does all steps, in their order, or throws. Answers which rules of ours nobody could put into
   * somebody else's tables: some of these belong to a program alone.
   */
  run(name: InterfaceName, steps: readonly Step[]): Promise<readonly Admission[]>;
  /**
   * Has `changed` called soon after something of the interface may have changed, by whomever, as far as that
   * can be heard; until the function that it answers is called.
   */
  watch?(name: InterfaceName, changed: () => void): () => void;
}

/** What there is for one interface. Texts are as a `Desired` has them, so that equal is the same. */
export interface KernelState {
  readonly link?: Link | ForeignLink;
  /** `10.0.0.1/24`; without those that the kernel gives itself. */
  readonly addresses: ReadonlySet<string>;
  /** `10.1.0.0/16` or `10.1.0.0/16 table 5`: on our link, by us or by hand. */
  readonly routes: ReadonlySet<string>;
  /** That were added for the interface. */
  readonly policyRules: readonly PolicyRule[];
  /** The text that made our nft table, if that is still as it was then; any other if it is not. */
  readonly table?: string;
  /** Those that we asked for, and whether they hold. */
  readonly settings: ReadonlyMap<Setting, boolean>;
  /** Ours in others' chains. */
  readonly admissions: readonly Admission[];
  /** All rules of the host, ours included. */
  readonly firewalls: FirewallTexts;
  /** Of the main table, on other interfaces. */
  readonly hostRoutes: readonly HostRoute[];
}

export interface Link {
  readonly kind: "wireguard";
  readonly index: number;
  readonly isUp: boolean;
  readonly mtu: number;
  /** Absent before it has a private key. */
  readonly publicKey?: PublicKey;
  readonly listenPort: number;
  /** 0: none. */
  readonly fwmark: number;
  readonly peers: ReadonlyMap<PublicKey, PeerState>;
}

/** Somebody else's, of the name that we want. */
export interface ForeignLink {
  readonly kind: "foreign";
  readonly what: string;
}

export interface PeerSettings {
  readonly presharedKey?: PresharedKey;
  readonly allowedIps: ReadonlySet<string>;
  readonly endpoint?: string;
  /** 0: off. */
  readonly keepaliveSeconds: number;
}

export interface PeerState extends PeerSettings {
  /** Since the last one. */
  readonly handshakeSeconds?: number;
  readonly received: number;
  readonly sent: number;
}

/**
 * What has not the mark goes into the table; or, before that, by the main table but for its default route.
 * A priority is a place among the host's rules.
 */
export interface PolicyRule {
  readonly family: Family;
  readonly fwmark: number;
  readonly priority: number;
  readonly table: number;
  readonly isForDefaults: boolean;
}

/** Settings of the whole kernel, which others may want, too; `mark`: packets are looked up with their marks. */
export type Setting = "forward4" | "forward6" | "mark";

/** What is done of a kind at once is done by one process. */
export type Step =
  | { readonly kind: "link"; readonly isAdded: boolean }
  | { readonly kind: "device"; readonly change: DeviceChange }
  | { readonly kind: "peer"; readonly publicKey: PublicKey; readonly change: PeerChange }
  | { readonly kind: "peer-gone"; readonly publicKey: PublicKey }
  | { readonly kind: "mtu"; readonly mtu: number }
  | { readonly kind: "up" }
  | { readonly kind: "address"; readonly isAdded: boolean; readonly address: string }
  | { readonly kind: "route"; readonly isAdded: boolean; readonly route: string }
  | { readonly kind: "policy-rule"; readonly isAdded: boolean; readonly rule: PolicyRule }
  /** Without a text it goes. */
  | { readonly kind: "table"; readonly text?: string }
  | { readonly kind: "setting"; readonly isAdded: boolean; readonly setting: Setting }
  | { readonly kind: "admission"; readonly isAdded: boolean; readonly admission: Admission };

export interface DeviceChange {
  readonly privateKey?: PrivateKey;
  readonly listenPort?: number;
  readonly fwmark?: number;
}

/** What is absent stays as it is, but for AllowedIPs: these are all. */
export interface PeerChange extends Partial<Omit<PeerSettings, "presharedKey">> {
  readonly allowedIps: ReadonlySet<string>;
  readonly presharedKey?: PresharedKey | "none";
}

/** For people and logs; it holds no secret. */
export function printStep(step: Step): string {
  const sign = "isAdded" in step ? (step.isAdded ? "+" : "-") : "~";
  switch (step.kind) {
    case "link":
      return `link ${sign}`;
    case "device":
    case "peer": {
      const fields = Object.keys(step.change).join(" ");
      return step.kind === "peer" ? `peer ~ ${step.publicKey} ${fields}` : `device ~ ${fields}`;
    }
    case "peer-gone":
      return `peer - ${step.publicKey}`;
    case "mtu":
      return `mtu ${sign} ${step.mtu}`;
    case "up":
      return "up";
    case "address":
      return `address ${sign} ${step.address}`;
    case "route":
      return `route ${sign} ${step.route}`;
    case "policy-rule":
      return `rule ${sign} ${step.rule.family} ${step.rule.fwmark} ${step.rule.table}`;
    case "table":
      return step.text === undefined ? "table -" : "table +";
    case "setting":
      return `setting ${sign} ${step.setting}`;
    case "admission":
      return `admission ${sign} ${admissionId(step.admission)}`;
  }
}

export function policyRuleId({ family, fwmark, priority, table }: PolicyRule): string {
  return [family, fwmark, priority, table].join(" ");
}

/** One of a kind is enough in a chain. */
export function admissionId({ program, family, table, chain, comment }: Admission): string {
  return `${program} ${family} ${table} ${chain} ${comment}`;
}
