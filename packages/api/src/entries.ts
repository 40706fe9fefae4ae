/**
 * A device as it travels: keyed entries, each a JSON text. What differs between two of them is found
 * without knowing what they mean, so that no command has to say what to send.
 */
import * as core from "@warren/core";
import type { Device, Filter, Peer, Prefix, PresharedKeyId, PublicKey } from "@warren/core";
import { bundleShape } from "./bundle-shape.ts";
import type { BundleValues } from "./bundle-shape.ts";

/**
 * `device`, `filter`, `address/PREFIX`, `range/PREFIX`, `subnet/PREFIX`, `peer/KEY`, and beside the device, for the two ends of a pair alone, `psk/KEY`. Never a position: to insert one
 * renames no other.
 */
export type Entries = ReadonlyMap<string, string>;
export type Entry = readonly [key: string, text: string];

/** Of an id the key that both ends of the pair share. */
export type PresharedKeys = (id: PresharedKeyId) => core.PresharedKey;

/** A device, and what it only names: the preshared keys of its peers. */
export interface Bundle {
  readonly device: Device;
  readonly presharedKeys: ReadonlyMap<PublicKey, core.PresharedKey>;
}

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
  const { name, publicKey, presharedKeyId, allowedIps, endpoint, keepaliveSeconds } = peer;
  const value = {
    name,
    allowedIps: printAll(allowedIps),
    endpoint: endpoint === undefined ? undefined : core.printEndpoint(endpoint),
    keepaliveSeconds,
    epoch: presharedKeyId?.epoch,
  };
  const entry: Entry = [`peer/${publicKey}`, JSON.stringify(value)];
  if (presharedKeyId === undefined) return [entry];
  return [entry, [`psk/${publicKey}`, JSON.stringify(presharedKey(presharedKeyId))]];
}

/** The device again. Kinds and fields that this program does not know are a newer one's, and say nothing. */
export function bundleOf(entries: Entries): Bundle | core.Problem {
  const document: Record<string, Record<string, unknown>> = Object.create(null);
  for (const [key, text] of entries) {
    const [kind = "", ...rest] = key.split("/");
    const value: unknown = JSON.parse(text);
    if (rest.length === 0) document[kind] = value as Record<string, unknown>;
    else
      (document[kind] ??= Object.create(null) as Record<string, unknown>)[rest.join("/")] = value;
  }
  const read = core.readSent(bundleShape, document);
  if (!(read instanceof core.Problem)) return assembled(read);
  const message = core.say`cannot read what the server sends: ${read.message}`;
  return new core.Problem(message, core.say`update Warren on this host and on its server`);
}

function assembled({ device, filter, peer = [], psk = [], ...lists }: BundleValues): Bundle {
  const { address = [], range = [], subnet = [] } = lists;
  const peers = peer.map(([publicKey, { epoch, ...rest }]): Peer => {
    if (epoch === undefined) return { ...rest, publicKey };
    const presharedKeyId = core.presharedKeyId(device.publicKey, publicKey, epoch);
    return { ...rest, publicKey, presharedKeyId };
  });
  const addresses = address.map(([each]) => each);
  const offLinkRanges = range.map(([each]) => each).sort(core.comparePrefixes);
  const meshRanges = [...addresses.map(core.linkOf), ...offLinkRanges];
  return {
    device: {
      ...device,
      // The host has it, and nobody else.
      isKeyElsewhere: true,
      addresses: addresses.sort((one, other) => core.compareAddresses(one.address, other.address)),
      peers: peers.sort((one, other) => (one.name < other.name ? -1 : 1)),
      offLinkRanges,
      // Not sent: a change of one peer would be one of the host, too.
      routes: peers
        .flatMap(({ allowedIps }) => allowedIps)
        .filter((prefix) => !core.isWithin(meshRanges, prefix))
        .sort(core.comparePrefixes),
      subnets: subnet.map(([prefix, rest]) => ({ prefix, ...rest })),
      filter,
      hooks: { preUp: [], postUp: [], preDown: [], postDown: [] },
    },
    presharedKeys: new Map(psk),
  };
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
