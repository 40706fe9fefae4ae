/** Steps as the lines that `ip -batch` and `wg addconf` read. */
import type { InterfaceName } from "@warren/core";
import { OWN_PROTOCOL } from "./kernel.ts";
import type { PeerChange, PolicyRule, Step } from "./kernel.ts";

export type WgStep = Extract<Step, { readonly kind: "device" | "peer" }>;
export type IpStep = Extract<Step, { readonly kind: "mtu" | "up" | "address" | "route" }>;

/** Zeros are no key. */
const NO_KEY = `${"A".repeat(43)}=`;

/** What is not named stays, but for a peer's AllowedIPs. It holds secrets. */
export function addconfText(steps: readonly WgStep[]): string {
  return steps
    .map((step) => {
      if (step.kind === "peer")
        return `[Peer]\nPublicKey = ${step.publicKey}\n${peerLines(step.change)}`;
      const { privateKey, listenPort, fwmark } = step.change;
      return [
        "[Interface]\n",
        privateKey === undefined ? "" : `PrivateKey = ${privateKey}\n`,
        listenPort === undefined ? "" : `ListenPort = ${listenPort}\n`,
        fwmark === undefined ? "" : `FwMark = ${fwmark}\n`,
      ].join("");
    })
    .join("");
}

function peerLines({ presharedKey, endpoint, keepaliveSeconds, allowedIps }: PeerChange): string {
  return [
    presharedKey === undefined
      ? ""
      : `PresharedKey = ${presharedKey === "none" ? NO_KEY : presharedKey}\n`,
    // Nothing behind the sign is refused: no line means none.
    allowedIps.size === 0 ? "" : `AllowedIPs = ${[...allowedIps].join(", ")}\n`,
    endpoint === undefined ? "" : `Endpoint = ${endpoint}\n`,
    keepaliveSeconds === undefined ? "" : `PersistentKeepalive = ${keepaliveSeconds}\n`,
  ].join("");
}

/** Families are told by what is in the line. */
export function batchLine(name: InterfaceName, step: IpStep): string {
  switch (step.kind) {
    case "mtu":
      return `link set dev ${name} mtu ${step.mtu}\n`;
    case "up":
      return `link set dev ${name} up\n`;
    case "address":
      return `address ${step.isAdded ? "replace" : "del"} ${step.address} dev ${name}\n`;
    case "route":
      return step.isAdded
        ? `route replace ${step.route} dev ${name} proto ${OWN_PROTOCOL}\n`
        : `route del ${step.route} dev ${name}\n`;
  }
}

export function policyRuleLine({
  isAdded,
  rule,
}: {
  readonly isAdded: boolean;
  readonly rule: PolicyRule;
}): string {
  const { fwmark, priority, table, isForDefaults } = rule;
  const suppress = isForDefaults ? "" : " suppress_prefixlength 0";
  const verb = isAdded ? "add" : "del";
  return `rule ${verb} not fwmark ${fwmark} table ${table}${suppress} priority ${priority} protocol ${OWN_PROTOCOL}\n`;
}
