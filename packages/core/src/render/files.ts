/** The files that a node is given, by name and text; where they go is the caller's business. */
import type { Device } from "../plan/device.ts";
import { hasRules, renderNftables } from "./nftables.ts";
import type { Pieces, Printed } from "./printed.ts";
import type { Secrets } from "./secrets.ts";
import { renderWgQuick } from "./wg-quick.ts";
import { renderWgSetconf } from "./wg-setconf.ts";

/** wg-quick: whole interfaces; setconf: only what `wg setconf` reads. */
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
  if (format === "setconf") return [{ name, text: renderWgSetconf(device, secrets, printed) }];
  const rules = hasRules(device)
    ? [{ name: `${device.interface}.nft`, text: [renderNftables(device)] }]
    : [];
  return [{ name, text: renderWgQuick(device, secrets, printed) }, ...rules];
}
