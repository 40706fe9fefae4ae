/** The files that a node is given, by name and text; where they go is the caller's business. */
import type { Device } from "../plan/device.ts";
import { hasRules } from "./chains.ts";
import { renderIptables } from "./iptables.ts";
import { renderNftables } from "./nftables.ts";
import type { Pieces, Printed } from "./printed.ts";
import type { Secrets } from "./secrets.ts";
import { renderWgQuick } from "./wg-quick.ts";
import { renderWgSetconf } from "./wg-setconf.ts";

/** wg-quick: whole interfaces; setconf: what `wg setconf` reads, and rules to be loaded by hand. */
export type Format = "wg-quick" | "setconf";

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
  const name = `${device.interface}.conf`;
  const render = format === "setconf" ? renderWgSetconf : renderWgQuick;
  return [{ name, text: render(device, secrets, printed) }, ...renderRules(device, printed)];
}

function renderRules(device: Device, printed: Printed): readonly RenderedFile[] {
  if (!hasRules(device)) return [];
  const { firewall, interface: own } = device;
  return firewall === "iptables"
    ? [{ name: `${own}.iptables`, text: renderIptables(device, printed) }]
    : [{ name: `${own}.nft`, text: renderNftables(device, printed) }];
}
