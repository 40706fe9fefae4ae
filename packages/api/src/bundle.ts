/** What an agent makes of the entries that it was sent: a device again. */
import * as core from "@warren/core";
import type { Device, Peer, Prefix, PublicKey } from "@warren/core";
import { bundleShape, peersShape } from "./bundle-shape.ts";
import type { BundleValues } from "./bundle-shape.ts";
import type { Delta } from "./delta.ts";
import type { Entries, Entry } from "./entries.ts";

/** A device, and what it only names: the preshared keys of its peers. */
export interface Bundle {
  readonly device: Device;
  readonly presharedKeys: ReadonlyMap<PublicKey, core.PresharedKey>;
}

/** The device again. Kinds and fields that this program does not know are a newer one's, and say nothing. */
export function bundleOf(entries: Entries): Bundle | core.Problem {
  const read = core.readSent(bundleShape, documentOf(entries));
  return read instanceof core.Problem ? unreadable(read) : assembled(read);
}

/**
 * What `bundleOf` makes of the entries after a delta, from what it made of those before. Where peers alone
 * are others it costs as much as these: whoever did not change is the same object as before.
 */
export function bundleAfter(before: Bundle, after: Entries, delta: Delta): Bundle | core.Problem {
  const keys = [...delta.set.map(([key]) => key), ...delta.delete];
  const changed = new Set(keys.map((key) => PEER_KEY.exec(key)?.[1]));
  if (changed.has(undefined)) return bundleOf(after);
  const some = [...changed].flatMap((key) => [`peer/${key}`, `psk/${key}`]);
  const entries = some.flatMap((key): Entry[] => {
    const text = after.get(key);
    return text === undefined ? [] : [[key, text]];
  });
  const read = core.readSent(peersShape, documentOf(entries));
  if (read instanceof core.Problem) return unreadable(read);
  const { device } = before;
  const [gone, kept] = partition(device.peers, ({ publicKey }) => changed.has(publicKey));
  const fresh = peersOf(device.publicKey, read.peer);
  const peers = sorted([...kept, ...fresh]);
  const [routesGone, routes] = [gone, fresh].map((some) => {
    return routesOf(some, device).map(core.printPrefix).join();
  });
  const keysKept = [...before.presharedKeys].filter(([key]) => !changed.has(key));
  return {
    device: {
      ...device,
      peers,
      routes: routesGone === routes ? device.routes : routesOf(peers, device),
    },
    presharedKeys: new Map([...keysKept, ...(read.psk ?? [])]),
  };
}

const PEER_KEY = /^(?:peer|psk)\/(.+)$/;

function documentOf(entries: Iterable<Entry>): object {
  const document: Record<string, Record<string, unknown>> = Object.create(null);
  for (const [key, text] of entries) {
    const [kind = "", ...rest] = key.split("/");
    const value: unknown = JSON.parse(text);
    if (rest.length === 0) document[kind] = value as Record<string, unknown>;
    else
      (document[kind] ??= Object.create(null) as Record<string, unknown>)[rest.join("/")] = value;
  }
  return document;
}

function unreadable(why: core.Problem): core.Problem {
  const message = core.say`cannot read what the server sends: ${why.message}`;
  return new core.Problem(message, core.say`update Warren on this host and on its server`);
}

function assembled({ device, filter, peer, psk = [], ...lists }: BundleValues): Bundle {
  const { address = [], range = [], subnet = [] } = lists;
  const peers = sorted(peersOf(device.publicKey, peer));
  const ranges = {
    addresses: address
      .map(([each]) => each)
      .sort((one, other) => core.compareAddresses(one.address, other.address)),
    offLinkRanges: range.map(([each]) => each).sort(core.comparePrefixes),
  };
  return {
    device: {
      ...device,
      ...ranges,
      // The host has it, and nobody else.
      isKeyElsewhere: true,
      peers,
      routes: routesOf(peers, ranges),
      subnets: subnet.map(([prefix, rest]) => ({ prefix, ...rest })),
      filter,
      hooks: { preUp: [], postUp: [], preDown: [], postDown: [] },
    },
    presharedKeys: new Map(psk),
  };
}

function peersOf(own: PublicKey, peer: BundleValues["peer"] = []): readonly Peer[] {
  return peer.map(([publicKey, { epoch, ...rest }]): Peer => {
    if (epoch === undefined) return { ...rest, publicKey };
    const presharedKeyId = core.presharedKeyId(own, publicKey, epoch);
    return { ...rest, publicKey, presharedKeyId };
  });
}

function sorted(peers: readonly Peer[]): readonly Peer[] {
  return peers.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/** Not sent: a change of one peer would be one of the host, too. */
function routesOf(
  peers: readonly Peer[],
  { addresses, offLinkRanges }: Pick<Device, "addresses" | "offLinkRanges">,
): readonly Prefix[] {
  const meshRanges = [...addresses.map(core.linkOf), ...offLinkRanges];
  return peers
    .flatMap(({ allowedIps }) => allowedIps)
    .filter((prefix) => !core.isWithin(meshRanges, prefix))
    .sort(core.comparePrefixes);
}

function partition<T>(all: readonly T[], isFirst: (each: T) => boolean): readonly [T[], T[]] {
  const [first, second]: readonly [T[], T[]] = [[], []];
  for (const each of all) (isFirst(each) ? first : second).push(each);
  return [first, second];
}
