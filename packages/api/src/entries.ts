/**
 * A device as it travels: keyed entries, each a JSON text. What differs between two of them is found
 * without knowing what they mean, so that no command has to say what to send.
 */
import * as core from "@warren/core";
import type { Device, Filter, Peer, Prefix, PresharedKeyId } from "@warren/core";

/**
 * `device`, `filter`, `address/PREFIX`, `range/PREFIX`, `subnet/PREFIX`, `peer/KEY`, and beside the device, for the two ends of a pair alone, `psk/KEY`. Never a position: to insert one
 * renames no other.
 */
export type Entries = ReadonlyMap<string, string>;
export type Entry = readonly [key: string, text: string];

/** Of an id the key that both ends of the pair share. */
export type PresharedKeys = (id: PresharedKeyId) => core.PresharedKey;

export function entriesOf(device: Device, presharedKey: PresharedKeys): Entries {
  const peers = device.peers.flatMap((peer) => peerEntries(peer, presharedKey));
  return new Map([...hostEntries(device), ...peers]);
}

/** What it says of the host itself: a few, whatever the size of the mesh. */
export function hostEntries(device: Device): readonly Entry[] {
  const { name, interface: own, publicKey, listenPort, mtu, fwmark, table, firewall } = device;
  const head = { name, interface: own, publicKey, listenPort, mtu, fwmark, table, firewall };
  return [
    ["device", JSON.stringify(head)],
    ["filter", JSON.stringify(filterValue(device.filter))],
    ...device.addresses.map((each) => plain("address", core.printInterfaceAddress(each))),
    ...device.offLinkRanges.map((each) => plain("range", core.printPrefix(each))),
    ...device.subnets.map(({ prefix, masquerade, interface: towards }): Entry => {
      const value = { masquerade, interface: towards };
      return [`subnet/${core.printPrefix(prefix)}`, JSON.stringify(value)];
    }),
  ];
}

/** What it says of one peer, with the secret that they share. */
export function peerEntries(peer: Peer, presharedKey: PresharedKeys): readonly Entry[] {
  const { name, publicKey, presharedKeyId, allowedIps, endpoint, keepaliveSeconds, generation } =
    peer;
  const value = {
    name,
    allowedIps: printAll(allowedIps),
    endpoint: endpoint === undefined ? undefined : core.printEndpoint(endpoint),
    keepaliveSeconds,
    epoch: presharedKeyId?.epoch,
    generation,
  };
  const entry: Entry = [`peer/${publicKey}`, JSON.stringify(value)];
  if (presharedKeyId === undefined) return [entry];
  return [entry, [`psk/${publicKey}`, JSON.stringify(presharedKey(presharedKeyId))]];
}

function plain(kind: string, name: string): Entry {
  return [`${kind}/${name}`, "true"];
}

function filterValue({ carries, clients, exitUsers, denied, confined, permits }: Filter): object {
  return {
    carries,
    clients: printAll(clients),
    exitUsers: printAll(exitUsers),
    denied: printAll(denied),
    confined: confined.map(({ from, to }) => ({ from: printAll(from), to: printAll(to) })),
    permits: permits?.map(({ rule, from, to, ports }) => {
      return {
        rule,
        from: printAll(from),
        to: printAll(to),
        ports: ports.map(core.printPortRange),
      };
    }),
  };
}

function printAll(prefixes: readonly Prefix[]): readonly string[] {
  return prefixes.map(core.printPrefix);
}
