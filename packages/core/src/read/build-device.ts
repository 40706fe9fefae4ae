/** Puts together a device out of what was read: without what stands for nothing, and one peer a key. */
import { linkOf } from "../ip/interface-address.ts";
import type { ForeignDevice, ForeignPeer } from "./foreign.ts";
import type { QuickKeys } from "./quick-keys.ts";
import { isZeroKey } from "./wg-fields.ts";
import type { WgInterface, WgPeer } from "./wg-fields.ts";

/** What no line of it says. */
export type DeviceFrame = Pick<
  ForeignDevice,
  "name" | "place" | "interface" | "isRunning" | "publicKey" | "endpoint" | "isWorldReadable"
>;

type DeviceConfig = WgInterface & { readonly peers: readonly WgPeer[] };

export function buildDevice(
  config: DeviceConfig,
  quick: QuickKeys,
  frame: DeviceFrame,
): ForeignDevice {
  const { privateKey, listenPort, fwmark } = config;
  return {
    ...frame,
    ...(privateKey === undefined || isZeroKey(privateKey.value) ? {} : { privateKey }),
    ...(listenPort === undefined || listenPort.value === 0 ? {} : { listenPort }),
    ...(fwmark === undefined || fwmark.value === 0 ? {} : { fwmark }),
    ...quick,
    peers: mergePeers(config.peers),
  };
}

function mergePeers(peers: readonly WgPeer[]): readonly ForeignPeer[] {
  const sections = peers.flatMap((peer): ForeignPeer[] => {
    const { publicKey } = peer;
    return publicKey === undefined ? [] : [{ ...peerOf(peer), publicKey }];
  });
  const groups = Map.groupBy(sections, ({ publicKey }) => publicKey.value);
  return [...groups.values()].flatMap(([first, ...rest]) => {
    return first === undefined ? [] : [mergeSections([first, ...rest])];
  });
}

/** Sections of one key are one peer: the last one's AllowedIPs, and of the rest what the later have. */
export function mergeSections(
  sections: readonly [ForeignPeer, ...(readonly ForeignPeer[])],
): ForeignPeer {
  const [first, ...rest] = sections;
  if (rest.length === 0) return first;
  const merged = { ...first };
  for (const section of rest) Object.assign(merged, section);
  return { ...merged, sections };
}

function peerOf(peer: WgPeer): Omit<ForeignPeer, "publicKey"> {
  const { place, name, presharedKey, endpoint, keepaliveSeconds } = peer;
  const allowedIps = peer.allowedIps.map(({ value, place: at }) => {
    return { value: linkOf(value), place: at };
  });
  return {
    place,
    allowedIps,
    ...(name === undefined ? {} : { name }),
    ...(presharedKey === undefined || isZeroKey(presharedKey.value) ? {} : { presharedKey }),
    ...(endpoint === undefined || endpoint.value.port === 0 ? {} : { endpoint }),
    ...(keepaliveSeconds === undefined ? {} : { keepaliveSeconds }),
  };
}
