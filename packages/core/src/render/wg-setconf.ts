/** Prints what `wg setconf` and `wg syncconf` read: keys, port, mark and peers, on every version alike. */
import type { Device, Peer } from "../plan/device.ts";
import type { Printed } from "./printed.ts";
import type { Secrets } from "./secrets.ts";

/** First lines of every file: no time and no hash, so that the same mesh gives the same bytes. */
export const HEADER =
  "# Made by Warren, form 1. Changes here are lost: change the mesh and render again.\n";

/** A whole file for `wg setconf`. Setting one without a PrivateKey erases the key that is set. */
export function renderWgSetconf(device: Device, secrets: Secrets, printed: Printed): string {
  return `${HEADER}[Interface]\n${printInterface(device, secrets)}${printPeers(device, secrets, printed)}`;
}

/** The lines of [Interface] that `wg` itself knows. */
export function printInterface(device: Device, secrets: Secrets): string {
  const privateKey = device.isKeyElsewhere ? undefined : secrets.privateKey(device.name);
  const key = privateKey === undefined ? "" : `PrivateKey = ${privateKey}\n`;
  const mark = device.fwmark === undefined ? "" : `FwMark = 0x${device.fwmark.toString(16)}\n`;
  return `${key}ListenPort = ${device.listenPort}\n${mark}`;
}

/** One [Peer] block each, sorted by name as the device is, an empty line and the name before it. */
export function printPeers({ peers }: Device, secrets: Secrets, printed: Printed): string {
  let text = "";
  for (const peer of peers) text += printPeer(peer, secrets, printed);
  return text;
}

function printPeer(peer: Peer, secrets: Secrets, printed: Printed): string {
  const { name, publicKey, presharedKeyId, allowedIps, endpoint, keepaliveSeconds } = peer;
  let text = `\n# ${name}\n[Peer]\nPublicKey = ${publicKey}\n`;
  if (presharedKeyId !== undefined) {
    text += `PresharedKey = ${secrets.presharedKey(presharedKeyId)}\n`;
  }
  // `AllowedIPs =` with nothing behind it is refused by wg: no line means none.
  if (allowedIps.length > 0) text += `AllowedIPs = ${printed.prefixes(allowedIps)}\n`;
  if (endpoint !== undefined) text += `Endpoint = ${printed.endpoint(endpoint)}\n`;
  if (keepaliveSeconds !== undefined) text += `PersistentKeepalive = ${keepaliveSeconds}\n`;
  return text;
}
