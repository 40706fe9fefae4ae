/**
 * Who is who among foreign devices: keys say it, and where they contradict what addresses say, the
 * mistake is told once and the address believed, so that nothing else follows from it.
 */
import type { Finding } from "../finding.ts";
import { isSameAddress, printAddress } from "../ip/address.ts";
import type { Address } from "../ip/address.ts";
import { hasAddress, isHost } from "../ip/prefix.ts";
import * as messages from "../messages/lint.ts";
import { privateKeyShown } from "../messages/lint-keys.ts";
import type { PublicKey } from "../model/keys.ts";
import type { ForeignDevice, ForeignPeer, Reading } from "../read/foreign.ts";
import { Directory, pushTo, spotOf } from "./directory.ts";
import { readFlaws } from "./flaws.ts";

export interface LintNode {
  readonly position: number;
  readonly name: string;
  readonly device: ForeignDevice;
  /** Undefined where neither the file nor another one tells it. */
  readonly publicKey: PublicKey | undefined;
  readonly peers: readonly LintPeer[];
  /** Another has the same private key: nobody can tell which of the two is meant. */
  readonly isTwin: boolean;
  /** Its reader may have lost an address or a peer of it. */
  readonly isFlawed: boolean;
  /** Who or where it is nobody can tell: its key or address is another's, or not what others know. */
  readonly isDoubtful: boolean;
}

export interface LintPeer {
  /** Position of the node that lists it. */
  readonly self: number;
  /** Position of the node that is meant; undefined when its file is not among those read. */
  readonly other: number | undefined;
  /** As messages call it. */
  readonly name: string;
  readonly peer: ForeignPeer;
  /** Its reader found mistakes that change what the entry says. */
  readonly isFlawed: boolean;
}

export function readIdentities(
  { devices, findings: read }: Reading,
  findings: Finding[],
): readonly LintNode[] {
  const flawed = readFlaws({ devices, findings: read });
  const known = new Directory(devices);
  const twins = checkTwins(known, findings);
  const doubtful = new Set([...twins, ...checkTaken(known, twins, findings)]);
  const peers = devices.map((device, self) =>
    device.peers.map((peer): LintPeer => {
      const other = known.findMeant(self, peer);
      const name = devices[other ?? -1]?.name ?? nameOf(known, peer);
      return { self, other, name, peer, isFlawed: flawed.has(peer) };
    }),
  );
  checkKeys(known, peers, twins, findings);
  checkAddresses(devices, peers, doubtful, findings);
  return devices.map((device, position) => ({
    position,
    name: device.name,
    device,
    publicKey: known.keys[position],
    peers: peers[position] ?? [],
    isTwin: twins.has(position),
    isFlawed: flawed.has(device),
    isDoubtful: doubtful.has(position),
  }));
}

/** Of who has no file here. A public key that is a private one is told nowhere. */
function nameOf(known: Directory, peer: ForeignPeer): string {
  const owner = known.devices[known.shownBy(peer) ?? -1];
  return peer.name ?? owner?.name ?? peer.publicKey.value;
}

/** Two devices with one private key: both are twins. */
function checkTwins(known: Directory, findings: Finding[]): ReadonlySet<number> {
  const twins = new Set<number>();
  for (const [position, { privateKey, place }] of known.devices.entries()) {
    const key = known.keys[position];
    const [first = position] = key === undefined ? [] : known.withKey(key);
    const twin = known.devices[first];
    if (first === position || twin === undefined) continue;
    const against = twin.privateKey?.place ?? twin.place;
    findings.push(messages.keyTwice({ place: privateKey?.place ?? place, against }, twin.name));
    twins.add(first).add(position);
  }
  return twins;
}

/** Two devices with one address, unless one is a copy of the other: those that have it. */
function checkTaken(
  known: Directory,
  twins: ReadonlySet<number>,
  findings: Finding[],
): ReadonlySet<number> {
  const taken = new Set<number>();
  for (const [position, { addresses }] of known.devices.entries()) {
    for (const { value, place } of addresses) {
      const [holder = position] = known.withAddress(value.address);
      const other = known.devices[holder];
      const same = other?.addresses.find((each) =>
        isSameAddress(each.value.address, value.address),
      );
      if (holder === position || other === undefined || twins.has(position)) continue;
      const spot = { place, against: same?.place };
      findings.push(messages.addressTwice(spot, printAddress(value.address), other.name));
      taken.add(holder).add(position);
    }
  }
  return taken;
}

/** Entries whose key is not that of the one whose address they hold. */
function checkKeys(
  known: Directory,
  peers: readonly (readonly LintPeer[])[],
  twins: ReadonlySet<number>,
  findings: Finding[],
): void {
  const wrong = new Map<number, LintPeer[]>();
  for (const each of peers.flat()) {
    const { self, other, peer } = each;
    const owner = known.devices[known.shownBy(peer) ?? -1];
    if (owner !== undefined) {
      const shown = { place: peer.publicKey.place, against: owner.privateKey?.place };
      findings.push(privateKeyShown(shown, owner.name, known.keys[other ?? -1]));
      continue;
    }
    if (twins.has(self) || twins.has(other ?? self)) continue;
    const isWrong = other !== undefined && known.keys[other] !== peer.publicKey.value;
    if (isWrong) pushTo(wrong, other, each);
    if (peer.publicKey.value !== known.keys[self]) continue;
    const spot = { place: peer.publicKey.place, against: known.devices[self]?.privateKey?.place };
    const key = isWrong ? known.keys[other] : undefined;
    findings.push(messages.peerIsSelf(spot, key));
  }
  for (const [other, entries] of wrong) {
    const device = known.devices[other];
    const own = known.keys[other];
    const key = entries[0]?.peer.publicKey;
    if (device === undefined || own === undefined || key === undefined) continue;
    const against = device.privateKey?.place ?? device.place;
    const isAgreed = entries.every(({ peer }) => peer.publicKey.value === key.value);
    const isKnown = known.devices.some(({ peers: all }) =>
      all.some(({ publicKey }) => publicKey.value === own),
    );
    if (entries.length > 1 && isAgreed && !isKnown) {
      findings.push(
        messages.publicKeyUnknown({ place: against, against: key.place }, key.value, own),
      );
      continue;
    }
    for (const { self, peer } of entries) {
      if (peer.publicKey.value === known.keys[self]) continue;
      const spot = { place: peer.publicKey.place, against };
      findings.push(messages.publicKeyDiffers(spot, device.name, own));
    }
  }
}

/** An address by which none of several others knows the device. */
function checkAddresses(
  devices: readonly ForeignDevice[],
  peers: readonly (readonly LintPeer[])[],
  doubtful: Set<number>,
  findings: Finding[],
): void {
  const listings = new Map<number, LintPeer[]>();
  for (const each of peers.flat()) if (each.other !== undefined) pushTo(listings, each.other, each);
  const owned = new Set(
    devices.flatMap(({ addresses }) => addresses.map(({ value }) => spotOf(value.address))),
  );
  for (const [position, { addresses }] of devices.entries()) {
    const others = listings.get(position) ?? [];
    if (doubtful.has(position) || others.length < 2) continue;
    for (const { value, place } of addresses) {
      const other = agreedHosts(others, value.address.family).find(
        ({ value: each }) => !owned.has(spotOf(each)),
      );
      if (other === undefined || isListed(others, value.address)) continue;
      const shown = printAddress(other.value);
      const line = `${shown}/${value.length}`;
      const spot = { place, against: other.place };
      findings.push(
        messages.addressDiffers(spot, printAddress(value.address), { address: shown, line }),
      );
      doubtful.add(position);
    }
  }
}

/** Single addresses that all of the entries have. */
function agreedHosts(entries: readonly LintPeer[], family: number): ForeignPeer["allowedIps"] {
  const hosts = entries.map(({ peer }) =>
    peer.allowedIps.filter(({ value }) => {
      return value.family === family && isHost(value);
    }),
  );
  const [first = [], ...rest] = hosts;
  return first.filter(({ value }) =>
    rest.every((list) => list.some((each) => isSameAddress(each.value, value))),
  );
}

function isListed(entries: readonly LintPeer[], address: Address): boolean {
  return entries.some(({ peer }) =>
    peer.allowedIps.some(({ value }) => hasAddress(value, address)),
  );
}
