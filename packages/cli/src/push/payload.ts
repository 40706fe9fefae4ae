/** What is sent to a host: all its files, as they are to lie there, made of its device. */
import { renderFiles, renderHostState } from "@warren/core";
import type { Device, Name, Pieces, Printed, Secrets } from "@warren/core";

export type Payload = ReadonlyMap<string, Pieces>;

/** A device as its host can have it now: without peers that have no key yet. */
export function bringable(device: Device, missing: ReadonlySet<Name>): Device {
  if (missing.size === 0) return device;
  return { ...device, peers: device.peers.filter(({ name }) => !missing.has(name)) };
}

/** By the names under which the host's program knows where they go. */
export function payloadOf(device: Device, secrets: Secrets, printed: Printed): Payload {
  const own = device.interface;
  const files = renderFiles(device, secrets, printed, "wg-quick");
  return new Map<string, Pieces>([
    ...files.map(({ name, text }) => [`wireguard/${name}`, text] as const),
    [`wireguard/${own}.state`, [renderHostState(device)]],
  ]);
}
