/** The files that a node is given, by name and text; where they go is the caller's business. */
import type { Device } from "../plan/device.ts";
import { hasRules } from "./chains.ts";
import { renderIptables } from "./iptables.ts";
import { renderNetdev, renderNetwork, renderRulesService } from "./networkd.ts";
import { renderNftables } from "./nftables.ts";
import type { Pieces, Printed } from "./printed.ts";
import type { Secrets } from "./secrets.ts";
import { renderWgQuick } from "./wg-quick.ts";
import { renderWgSetconf } from "./wg-setconf.ts";

/**
 * wg-quick: whole interfaces; setconf: what `wg setconf` reads, and rules to be loaded by hand;
 * networkd: units of systemd.
 */
export type Format = "wg-quick" | "setconf" | "networkd";

export interface RenderedFile {
  readonly name: string;
  readonly text: Pieces;
}

export function renderFiles(
  device: Device,
  secrets: Secrets,
  printed: Printed,
  format: Format,
): readonly RenderedFile[] {
  if (format === "networkd") {
    return [...renderUnits(device, secrets, printed), ...renderRules(device, printed)];
  }
  const name = `${device.interface}.conf`;
  const render = format === "setconf" ? renderWgSetconf : renderWgQuick;
  return [{ name, text: render(device, secrets, printed) }, ...renderRules(device, printed)];
}

function renderUnits(device: Device, secrets: Secrets, printed: Printed): readonly RenderedFile[] {
  const { interface: own } = device;
  const service = renderRulesService(device);
  return [
    { name: `${own}.netdev`, text: renderNetdev(device, secrets, printed) },
    { name: `${own}.network`, text: renderNetwork(device) },
    ...(service === undefined ? [] : [{ name: `${own}-rules.service`, text: service }]),
  ];
}

function renderRules(device: Device, printed: Printed): readonly RenderedFile[] {
  if (!hasRules(device)) return [];
  const { firewall, interface: own } = device;
  return firewall === "iptables"
    ? [{ name: `${own}.iptables`, text: renderIptables(device, printed) }]
    : [{ name: `${own}.nft`, text: renderNftables(device, printed) }];
}
