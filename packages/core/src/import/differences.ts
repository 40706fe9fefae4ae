/** What a trial does otherwise than the files say, each with its place: nothing may differ in silence. */
import type { Finding, Place } from "../finding.ts";
import { printAddress } from "../ip/address.ts";
import { isSameEndpoint, printEndpoint } from "../ip/endpoint.ts";
import { comparePrefixes, hasPrefix, isOverlapping, printPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { cover, isEmptySet, prefixSet, subtract } from "../ip/prefix-set.ts";
import type { PrefixSet } from "../ip/prefix-set.ts";
import * as messages from "../messages/import.ts";
import type { Text } from "../phrase.ts";
import type { PublicKey } from "../model/keys.ts";
import { remember } from "../remember.ts";
import type { Peer } from "../plan/device.ts";
import type { Facts } from "./facts.ts";
import { compareAddresses, listed } from "./address-differences.ts";
import type { Ends } from "./address-differences.ts";
import { wholesOf } from "./parties.ts";
import type { Party, PartyEntry } from "./parties.ts";
import type { Trial } from "./trial.ts";

export function differences(facts: Facts, { devices, mesh }: Trial): readonly Finding[] {
  const clients = new Set(mesh.clients.map(({ name }) => name));
  const isClient = ({ party }: Ends): boolean => clients.has(party.name);
  const pairs = facts.parties.flatMap((party): Ends[] => {
    const made = devices.get(party.name);
    return party.device === undefined || made === undefined
      ? []
      : [{ party, device: party.device, made }];
  });
  return [
    ...compareAddresses(pairs),
    ...pairs.flatMap((ends) => [
      ...compareDevice(ends, isClient(ends)),
      ...comparePeers(facts, ends),
    ]),
  ];
}

function compareDevice({ device, made }: Ends, isClient: boolean): readonly Finding[] {
  const findings: Finding[] = [];
  const { name } = made;
  const lost = isClient ? messages.clientFieldLost : messages.fieldLost;
  const compare = (
    field: string,
    before: { value: string | number; place: Place } | undefined,
    here: string | number | undefined,
  ): void => {
    if (before === undefined || before.value === here) return;
    const how = { name, there: before.value, here: here ?? "none" };
    findings.push(messages.fieldDiffers(before.place, field, how));
  };
  compare("listen port", device.listenPort, made.listenPort);
  compare("MTU", device.mtu, made.mtu);
  compare("fwmark", device.fwmark, made.fwmark);
  const { table, dns, saveConfig } = device;
  if (table !== undefined && table.value !== String(made.table ?? "auto")) {
    findings.push(lost(table.place, "table", name));
  }
  const { servers = [], zone } = made.resolver ?? {};
  const known = new Set([...servers.map(printAddress), ...(zone === undefined ? [] : [zone])]);
  const missed = dns.find(({ value }) => !known.has(value));
  if (missed !== undefined) findings.push(lost(missed.place, "DNS", name));
  if (saveConfig?.value === true) findings.push(lost(saveConfig.place, "SaveConfig", name));
  return findings;
}

function comparePeers(facts: Facts, { party, device, made }: Ends): readonly Finding[] {
  const findings: Finding[] = [];
  const peers = new Map(made.peers.map((peer) => [peer.publicKey, peer]));
  const before = effective(party.entries);
  const after = effective(made.peers);
  const alive: string[] = [];
  for (const entry of party.entries) {
    const other = facts.byKey.get(entry.publicKey);
    if (other === undefined) continue;
    const pair = [party.name, other.name] as const;
    const peer = peers.get(entry.publicKey);
    if (peer === undefined) {
      findings.push(messages.peerLost(entry.peer.place, pair));
      continue;
    }
    findings.push(...compareEndpoints(facts, { pair, entry, peer, other }));
    const sets = [before.get(entry.publicKey), after.get(entry.publicKey)] as const;
    findings.push(...compareSets(facts, { pair, entry, other, sets }));
    if ((entry.peer.keepaliveSeconds?.value ?? 0) !== (peer.keepaliveSeconds ?? 0))
      alive.push(other.name);
  }
  for (const [key, peer] of peers) {
    if (party.byKey.has(key)) continue;
    const back = facts.byKey.get(key)?.byKey.get(party.publicKey);
    findings.push(messages.peerAdded(device.place, [party.name, peer.name], back?.peer.place));
  }
  const place = party.entries.find(({ peer }) => peer.keepaliveSeconds !== undefined)?.peer;
  if (alive.length > 0) {
    const at = place?.keepaliveSeconds?.place ?? device.place;
    findings.push(messages.keepaliveDiffers(at, party.name, listed(alive)));
  }
  return findings;
}

interface Compared {
  readonly pair: readonly [string, string];
  readonly entry: PartyEntry;
  readonly peer: Peer;
  readonly other: Party;
}

function compareEndpoints(
  facts: Facts,
  { pair, entry, peer, other }: Compared,
): readonly Finding[] {
  const before = entry.peer.endpoint;
  const after = peer.endpoint;
  if (before === undefined && after === undefined) return [];
  if (before !== undefined && after !== undefined && isSameEndpoint(before.value, after)) return [];
  // Whoever else dials it, there where the mesh now says.
  const dials = (facts.listings.get(other) ?? []).flatMap((each) => each.entry.peer.endpoint ?? []);
  const against = dials.find(({ value }) => after && isSameEndpoint(value, after))?.place;
  if (before === undefined) {
    if (after === undefined) return [];
    return [messages.endpointAdded(entry.peer.place, pair, printEndpoint(after), against)];
  }
  const there = printEndpoint(before.value);
  if (facts.swallowed.has(entry)) {
    const here = after === undefined ? undefined : printEndpoint(after);
    return [messages.endpointSwallowed(before.place, pair, { here, there })];
  }
  if (after === undefined) return [messages.endpointLost(before.place, pair, there)];
  const ends = { here: printEndpoint(after), there };
  return [messages.endpointDiffers(before.place, pair, ends, against)];
}

interface ComparedSets extends Omit<Compared, "peer"> {
  readonly sets: readonly [PrefixSet | undefined, PrefixSet | undefined];
}

function compareSets(
  facts: Facts,
  { pair, entry, other, sets: [before, after] }: ComparedSets,
): readonly Finding[] {
  const { peer } = entry;
  if (before === undefined || after === undefined) return [];
  const more = subtract(after, before);
  const idle = idleWholes(facts, entry);
  const less = subtract(subtract(before, after), prefixSet(idle));
  const place = peer.allowedIps[0]?.place ?? peer.place;
  const ended = idle.map(({ family }) => messages.familyEnded(place, pair, family));
  if (isEmptySet(more) && isEmptySet(less)) return ended;
  const against = findSender(facts, entry, { other, added: cover(more) });
  const shown = { more: shownSet(more), less: shownSet(less), against };
  return [...ended, messages.allowedIpsDiffer(place, pair, shown)];
}

/** All of a family in which nobody in the mesh has an address: it went into the tunnel, and no further. */
function idleWholes({ ranges }: Facts, { allowedIps }: PartyEntry): readonly Prefix[] {
  const used = wholesOf(allowedIps, ranges);
  return allowedIps.filter((each) => each.length === 0 && !used.includes(each));
}

/** Whoever else sends the other what this one will send it, too. */
function findSender(
  { listings }: Facts,
  own: PartyEntry,
  { other, added }: { readonly other: Party; readonly added: readonly Prefix[] },
): Place | undefined {
  if (added.length === 0) return undefined;
  for (const { entry } of listings.get(other) ?? []) {
    if (entry === own) continue;
    const same = entry.peer.allowedIps.find(({ value }) =>
      added.some((each) => isOverlapping(each, value)),
    );
    if (same !== undefined) return same.place;
  }
  return undefined;
}

function shownSet(set: PrefixSet): Text | undefined {
  return isEmptySet(set) ? undefined : listed(cover(set).map(printPrefix));
}

/** What goes to each peer in the end: WireGuard takes the longest prefix, whoever has it. */
function effective(
  peers: readonly Pick<PartyEntry, "publicKey" | "allowedIps">[],
): ReadonlyMap<PublicKey, PrefixSet> {
  const holes = nestedIn(peers.flatMap(({ allowedIps }) => allowedIps));
  return new Map(
    peers.map(({ publicKey, allowedIps }) => {
      const parts = allowedIps.flatMap((prefix) => {
        const inner = holes.get(prefix);
        return inner === undefined
          ? prefix
          : cover(subtract(prefixSet([prefix]), prefixSet(inner)));
      });
      return [publicKey, prefixSet(parts)];
    }),
  );
}

/** By each prefix that has others in it, the widest of those. */
function nestedIn(prefixes: readonly Prefix[]): ReadonlyMap<Prefix, readonly Prefix[]> {
  const nested = new Map<Prefix, Prefix[]>();
  // In this order what contains a prefix stands before it, and is still open when it comes.
  const open: Prefix[] = [];
  for (const each of prefixes.toSorted(comparePrefixes)) {
    for (let last = open.at(-1); last !== undefined && !hasPrefix(last, each); last = open.at(-1)) {
      open.pop();
    }
    const around = open.at(-1);
    if (around !== undefined) remember(nested, around, () => []).push(each);
    open.push(each);
  }
  return nested;
}
