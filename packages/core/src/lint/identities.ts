/**
 * Who is who among foreign devices: keys say it, and where they contradict what addresses say, the
 * mistake is told once and the address believed, so that nothing else follows from it.
 */
import type { Finding } from "../finding.ts";
import { isSameAddress, printAddress } from "../ip/address.ts";
import type { Address } from "../ip/address.ts";
import { linkOf, printInterfaceAddress } from "../ip/interface-address.ts";
import { hasAddress, isHost } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import * as messages from "../messages/lint.ts";
import { privateKeyShown } from "../messages/lint-keys.ts";
import type { PublicKey } from "../model/keys.ts";
import type { ForeignDevice, ForeignPeer, Reading } from "../read/foreign.ts";
import { Directory } from "./directory.ts";
import { readFlaws } from "./flaws.ts";

export interface LintNode {
  readonly position: number;
  readonly name: string;
  readonly device: ForeignDevice;
  readonly addresses: readonly Address[];
  /** What its addresses put on its link. */
  readonly links: readonly Prefix[];
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
  /** Who lists it. */
  readonly self: LintNode;
  /** Who is meant; undefined when its file is not among those read. */
  readonly other: LintNode | undefined;
  /** As messages call it. */
  readonly name: string;
  readonly peer: ForeignPeer;
  /** Its reader found mistakes that change what the entry says. */
  readonly isFlawed: boolean;
}

interface Draft extends LintNode {
  readonly peers: LintPeer[];
  isDoubtful: boolean;
}

export function readIdentities(reading: Reading, findings: Finding[]): readonly LintNode[] {
  const { devices } = reading;
  const flawed = readFlaws(reading);
  const known = new Directory(devices);
  const twins = checkTwins(known, devices, findings);
  const doubtful = twins.union(checkTaken(known, devices, twins, findings));
  const nodes = devices.map((device, position): Draft => {
    const addresses = device.addresses.map(({ value }) => value);
    return {
      position,
      name: device.name,
      device,
      addresses: addresses.map(({ address }) => address),
      links: addresses.map(linkOf).filter((range) => !isHost(range)),
      publicKey: known.keyOf(device),
      peers: [],
      isTwin: twins.has(device),
      isFlawed: flawed.has(device),
      isDoubtful: doubtful.has(device),
    };
  });
  const nodeOf = new Map(nodes.map((node) => [node.device, node]));
  for (const self of nodes) {
    for (const peer of self.device.peers) {
      const meant = known.findMeant(self.device, peer);
      const other = meant && nodeOf.get(meant);
      const name = other?.name ?? nameOf(known, peer);
      self.peers.push({ self, other, name, peer, isFlawed: flawed.has(peer) });
    }
  }
  const peers = nodes.flatMap((node) => node.peers);
  checkKeys(known, peers, findings);
  checkAddresses(known, nodes, peers, findings);
  return nodes;
}

/** Of who has no file here. A public key that is a private one is told nowhere. */
function nameOf(known: Directory, peer: ForeignPeer): string {
  return peer.name ?? known.shownBy(peer)?.name ?? peer.publicKey.value;
}

/** Two devices with one private key: both are twins. */
function checkTwins(
  known: Directory,
  devices: readonly ForeignDevice[],
  findings: Finding[],
): ReadonlySet<ForeignDevice> {
  const twins = new Set<ForeignDevice>();
  for (const device of devices) {
    const key = known.keyOf(device);
    const [twin = device] = key === undefined ? [] : known.withKey(key);
    if (twin === device) continue;
    const against = twin.privateKey?.place ?? twin.place;
    const place = device.privateKey?.place ?? device.place;
    findings.push(messages.keyTwice({ place, against }, twin.name));
    twins.add(twin).add(device);
  }
  return twins;
}

/** Two devices with one address, unless one is a copy of the other: those that have it. */
function checkTaken(
  known: Directory,
  devices: readonly ForeignDevice[],
  twins: ReadonlySet<ForeignDevice>,
  findings: Finding[],
): ReadonlySet<ForeignDevice> {
  const taken = new Set<ForeignDevice>();
  for (const device of devices) {
    for (const { value, place } of device.addresses) {
      const [other = device] = known.withAddress(value.address);
      if (other === device || twins.has(device)) continue;
      const same = other.addresses.find((each) => isSameAddress(each.value.address, value.address));
      const spot = { place, against: same?.place };
      findings.push(messages.addressTwice(spot, printAddress(value.address), other.name));
      taken.add(other).add(device);
    }
  }
  return taken;
}

/** Entries whose key is not that of the one whose address they hold. */
function checkKeys(known: Directory, peers: readonly LintPeer[], findings: Finding[]): void {
  const wrong: LintPeer[] = [];
  for (const each of peers) {
    const { self, other, peer } = each;
    const { value, place } = peer.publicKey;
    const owner = known.shownBy(peer);
    if (owner !== undefined) {
      const shown = { place, against: owner.privateKey?.place };
      findings.push(privateKeyShown(shown, owner.name, other?.publicKey));
      continue;
    }
    if (self.isTwin || other?.isTwin === true) continue;
    const isWrong = other !== undefined && other.publicKey !== value;
    if (isWrong) wrong.push(each);
    if (value !== self.publicKey) continue;
    const spot = { place, against: self.device.privateKey?.place };
    findings.push(messages.peerIsSelf(spot, isWrong ? other.publicKey : undefined));
  }
  for (const [other, entries] of Map.groupBy(wrong, (each) => each.other)) {
    const own = other?.publicKey;
    const key = entries[0]?.peer.publicKey;
    if (other === undefined || own === undefined || key === undefined) continue;
    const against = other.device.privateKey?.place ?? other.device.place;
    const isAgreed = entries.every(({ peer }) => peer.publicKey.value === key.value);
    const isKnown = peers.some(({ peer }) => peer.publicKey.value === own);
    if (entries.length > 1 && isAgreed && !isKnown) {
      const spot = { place: against, against: key.place };
      findings.push(messages.publicKeyUnknown(spot, key.value, own));
      continue;
    }
    for (const { self, peer } of entries) {
      if (peer.publicKey.value === self.publicKey) continue;
      const spot = { place: peer.publicKey.place, against };
      findings.push(messages.publicKeyDiffers(spot, other.name, own));
    }
  }
}

/** An address by which none of several others knows the device. */
function checkAddresses(
  known: Directory,
  nodes: readonly Draft[],
  peers: readonly LintPeer[],
  findings: Finding[],
): void {
  const listings = Map.groupBy(peers, ({ other }) => other);
  for (const node of nodes) {
    const others = listings.get(node) ?? [];
    if (node.isDoubtful || others.length < 2) continue;
    for (const { value, place } of node.device.addresses) {
      const { address, length } = value;
      const other = agreedHosts(others, address.family).find(
        (each) => known.withAddress(each.value).length === 0,
      );
      if (other === undefined || isListed(others, address)) continue;
      const line = printInterfaceAddress({ address: other.value, length });
      const spot = { place, against: other.place };
      const shown = { address: printAddress(other.value), line };
      findings.push(messages.addressDiffers(spot, printAddress(address), shown));
      node.isDoubtful = true;
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
