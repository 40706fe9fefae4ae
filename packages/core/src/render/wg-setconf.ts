/** Prints what `wg setconf` and `wg syncconf` read: keys, port, mark and peers, on every version alike. */
import type { Device, Peer } from "../plan/device.ts";
import type { PeerSection, Pieces, Printed } from "./printed.ts";
import type { Secrets } from "./secrets.ts";

const MADE = "# Made by Warren, form 1. Changes here are lost: change the mesh and";
/** First lines of every file: no time and no hash, so that the same mesh gives the same bytes. */
export const HEADER = `${MADE} render again.\n`;
/** Of a cluster's files, which render knows nothing of. */
export const EXPORT_HEADER = `${MADE} export again.\n`;

/** A whole file for `wg setconf`. Setting one without a PrivateKey erases the key that is set. */
export function renderWgSetconf(device: Device, secrets: Secrets, printed: Printed): Pieces {
  return [
    `${HEADER}[Interface]\n${printInterface(device, secrets)}`,
    ...printPeers(device, secrets, printed),
  ];
}

/** The lines of [Interface] that `wg` itself knows. */
export function printInterface(device: Device, secrets: Secrets): string {
  const privateKey = device.isKeyElsewhere ? undefined : secrets.privateKey(device.name);
  const key = privateKey === undefined ? "" : `PrivateKey = ${privateKey}\n`;
  const port = device.listenPort === undefined ? "" : `ListenPort = ${device.listenPort}\n`;
  const mark = device.fwmark === undefined ? "" : `FwMark = 0x${device.fwmark.toString(16)}\n`;
  return `${key}${port}${mark}`;
}

/**
 * One [Peer] block each, sorted by name as the device is, an empty line and the name before it. One
 * piece a peer: to write many small ones takes three times as long, to join them all twice.
 */
export function printPeers(
  { peers }: Device,
  secrets: Secrets,
  printed: Printed,
  section: PeerSection = "Peer",
): Pieces {
  return peers.map((peer) => printPeer(peer, secrets, printed, section));
}

function printPeer(peer: Peer, secrets: Secrets, printed: Printed, section: PeerSection): string {
  const { presharedKeyId, keepaliveSeconds } = peer;
  const secret =
    presharedKeyId === undefined ? "" : `PresharedKey = ${secrets.presharedKey(presharedKeyId)}\n`;
  const keepalive =
    keepaliveSeconds === undefined ? "" : `PersistentKeepalive = ${keepaliveSeconds}\n`;
  return `${printed.head(peer, section)}${secret}${printed.allowedIps(peer)}${printed.endpoint(peer)}${keepalive}`;
}
