/** Who is in somebody else's mesh: one party a public key, whether its own file was read or not. */
import type { Finding, Place } from "../finding.ts";
import type { Family } from "../ip/address.ts";
import { createPrefixMap } from "../ip/prefix-map.ts";
import type { PrefixMap } from "../ip/prefix-map.ts";
import { hostPrefix, printPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { isEmptySet, prefixSet, subtract } from "../ip/prefix-set.ts";
import * as messages from "../messages/import.ts";
import type { PublicKey } from "../model/keys.ts";
import { parseName } from "../model/names.ts";
import type { Name } from "../model/names.ts";
import { Problem } from "../problem.ts";
import type { ForeignDevice, ForeignPeer } from "../read/foreign.ts";

export interface Party {
  readonly name: Name;
  readonly publicKey: PublicKey;
  /** Where it is first spoken of. */
  readonly place: Place;
  /** Absent: only others speak of it. */
  readonly device?: ForeignDevice;
  /** Whom its own file lists, as WireGuard takes it. */
  readonly entries: readonly PartyEntry[];
  readonly byKey: ReadonlyMap<PublicKey, PartyEntry>;
}

export interface PartyEntry {
  readonly publicKey: PublicKey;
  readonly peer: ForeignPeer;
  /** What is sent to the peer: of a prefix that stands at two, the later has it. */
  readonly allowedIps: readonly Prefix[];
}

/** Sorted by name; `findings` says who was left out, and whose name had to be another. */
export function readParties(
  devices: readonly ForeignDevice[],
  findings: Finding[],
): readonly Party[] {
  const sorted = devices.toSorted((one, other) => compare(one.name, other.name));
  const byKey = identify(sorted, findings);
  const names = new Names(findings);
  const parties = [...byKey].map(([publicKey, device]): Party => {
    const entries = entriesOf(device, publicKey, findings);
    const lists = { entries, byKey: new Map(entries.map((each) => [each.publicKey, each])) };
    return { name: names.give(device), publicKey, place: device.place, device, ...lists };
  });
  const known = new Set(byKey.keys());
  // Those of strangers are empty, and not walked.
  for (const { entries } of parties) {
    for (const { publicKey, peer } of entries) {
      if (known.has(publicKey)) continue;
      known.add(publicKey);
      const name = names.giveStranger(peer);
      parties.push({ name, publicKey, place: peer.place, entries: [], byKey: new Map() });
    }
  }
  return parties.sort((one, other) => compare(one.name, other.name));
}

/** Devices by their keys; of two with one key the first. */
function identify(
  devices: readonly ForeignDevice[],
  findings: Finding[],
): ReadonlyMap<PublicKey, ForeignDevice> {
  const byKey = new Map<PublicKey, ForeignDevice>();
  for (const device of devices) {
    const key = device.publicKey?.value;
    const first = key === undefined ? undefined : byKey.get(key);
    if (first !== undefined) findings.push(messages.deviceTwice(device, first.place));
    else if (key !== undefined) byKey.set(key, device);
  }
  for (const device of devices) {
    if (device.publicKey !== undefined) continue;
    const key = keyOf(device, devices, byKey);
    if (key === undefined) findings.push(messages.deviceWithoutKey(device));
    else byKey.set(key, device);
  }
  return byKey;
}

/** Whom others list with one of its addresses, or by its name: its key is on the host alone. */
function keyOf(
  device: ForeignDevice,
  devices: readonly ForeignDevice[],
  known: ReadonlyMap<PublicKey, unknown>,
): PublicKey | undefined {
  const own = device.addresses.map(({ value }) => printPrefix(hostPrefix(value.address)));
  const strangers = devices
    .filter((other) => other !== device)
    .flatMap(({ peers }) => peers.filter(({ publicKey }) => !known.has(publicKey.value)));
  const meant = strangers.filter(
    ({ name, allowedIps }) =>
      allowedIps.some(({ value }) => own.includes(printPrefix(value))) ||
      (own.length === 0 && name === device.name),
  );
  const keys = new Set(meant.map(({ publicKey }) => publicKey.value));
  return keys.size === 1 ? [...keys][0] : undefined;
}

function entriesOf(
  device: ForeignDevice,
  own: PublicKey,
  findings: Finding[],
): readonly PartyEntry[] {
  const owners = ownersOf(device, findings);
  const entries = device.peers.flatMap((peer): PartyEntry[] => {
    const publicKey = peer.publicKey.value;
    if (publicKey === own) {
      findings.push(messages.peerIsItself(device, peer));
      return [];
    }
    const prefixes = peer.allowedIps.map(({ value }) => value);
    const kept = prefixes.filter((prefix) => owners.get(printPrefix(prefix)) === peer);
    return [{ publicKey, peer, allowedIps: kept }];
  });
  return withWholes(entries);
}

/** Of each prefix the last peer that it stands at. */
function ownersOf({ peers }: ForeignDevice, findings: Finding[]): ReadonlyMap<string, ForeignPeer> {
  const owners = new Map<string, ForeignPeer>();
  const clashes = new Map<string, { place: Place; against: Place; count: number }>();
  for (const peer of peers) {
    for (const { value, place } of peer.allowedIps) {
      const printed = printPrefix(value);
      const before = owners.get(printed);
      owners.set(printed, peer);
      if (before === undefined || before === peer) continue;
      const count = (clashes.get(printed)?.count ?? 1) + 1;
      clashes.set(printed, { place, against: before.place, count });
    }
  }
  for (const [prefix, { place, against, count }] of clashes) {
    findings.push(messages.prefixTwice(place, prefix, against, count));
  }
  return owners;
}

/**
 * Parts that together are a whole family, as many write it, are the /0 that they stand for; not where a
 * second peer has everything, too, and the longer prefixes decide.
 */
function withWholes(entries: readonly PartyEntry[]): readonly PartyEntry[] {
  return ([4, 6] as const).reduce((all, family) => {
    const parts = new Map(all.map((entry) => [entry, partsOfAll(entry.allowedIps, family)]));
    const holders = all.filter((entry) => parts.get(entry)?.size !== 0);
    return all.map((entry) => {
      if (holders.length !== 1 || holders[0] !== entry) return entry;
      const rest = entry.allowedIps.filter((each) => parts.get(entry)?.has(each) !== true);
      return { ...entry, allowedIps: [{ family, bits: 0n, length: 0 }, ...rest] };
    });
  }, entries);
}

/** As few as together hold every address of a family; none, where all of them do not. */
function partsOfAll(list: readonly Prefix[], family: Family): ReadonlySet<Prefix> {
  const sorted = list
    .filter((each) => each.family === family)
    .sort((one, other) => one.length - other.length);
  const parts = new Set<Prefix>();
  // Fewer addresses than there are cannot be all: mostly nothing more has to be asked.
  if (sorted.reduce((sum, { length }) => sum + 2 ** -length, 0) < 1) return parts;
  let rest = prefixSet([{ family, bits: 0n, length: 0 }]);
  for (const each of sorted) {
    rest = subtract(rest, prefixSet([each]));
    parts.add(each);
    if (isEmptySet(rest)) return parts;
  }
  return new Set();
}

/** The families of which a list has everything; where the mesh has no address, nobody can use them. */
export function wholesOf(list: readonly Prefix[], ranges: readonly Prefix[]): readonly Prefix[] {
  return list.filter(({ length, family }) => {
    return length === 0 && ranges.some((range) => range.family === family);
  });
}

/** Whom packets go to by these lists. Without exits, which reach everybody. */
export function routesOf(
  peers: readonly Pick<PartyEntry, "publicKey" | "allowedIps">[],
): PrefixMap<PublicKey> {
  return createPrefixMap(
    peers.flatMap(({ publicKey, allowedIps }) =>
      allowedIps.filter(({ length }) => length > 0).map((prefix) => [prefix, publicKey] as const),
    ),
  );
}

/** Gives every party a name that a mesh can use, and nobody else has. */
class Names {
  readonly #findings: Finding[];
  readonly #taken = new Set<string>();
  #strangers = 0;

  constructor(findings: Finding[]) {
    this.#findings = findings;
  }

  give({ name, place }: ForeignDevice): Name {
    const given = this.#free(fitted(name) ?? "node");
    if (given !== name) this.#findings.push(messages.nameChanged(place, name, given));
    return given;
  }

  /** What a comment says is a hint, and no name that anybody relies on. */
  giveStranger({ name }: ForeignPeer): Name {
    const hint = name === undefined ? undefined : fitted(name);
    if (hint !== undefined) return this.#free(hint);
    this.#strangers += 1;
    return this.#free(`peer-${this.#strangers}`);
  }

  #free(wanted: string): Name {
    let text = wanted;
    for (let number = 2; this.#taken.has(text) || text === "hosts"; number += 1) {
      text = `${wanted.slice(0, 56)}-${number}`;
    }
    this.#taken.add(text);
    const name = parseName(text);
    if (name instanceof Problem) throw new Error(String(name));
    return name;
  }
}

/** The nearest DNS label, if there is anything in the text that can stand in one. */
function fitted(text: string): string | undefined {
  const plain = text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
  const label = plain.replaceAll(/[^a-z0-9]+/g, "-").slice(0, 60);
  const trimmed = label.replaceAll(/^-+|-+$/g, "");
  return trimmed === "" ? undefined : trimmed;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
