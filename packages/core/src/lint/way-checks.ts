/**
 * Walks packets between the addresses of foreign devices, hop by hop: where the longest match sends
 * them, and whether the one who takes them expects them from there, because AllowedIPs is that filter, too.
 */
import type { Address, Family } from "../ip/address.ts";
import { printAddress } from "../ip/address.ts";
import { linkOf } from "../ip/interface-address.ts";
import { hasAddress, hasPrefix, hostPrefix, isHost, isWithin, printPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { replaceAllowedIps, writeAllowedIps } from "../messages/lint.ts";
import * as messages from "../messages/lint-pairs.ts";
import { remember } from "../remember.ts";
import type { LintNode, LintPeer } from "./identities.ts";
import type { Pair } from "./pair-checks.ts";
import { entryAt, hasOthers, lineWith } from "./scene.ts";
import type { Entry, Scene } from "./scene.ts";

/** A packet's way passes a node: from whom it comes, and by which entry. */
export interface Passage {
  readonly node: LintNode;
  readonly family: Family;
  readonly entry: Entry;
}

/** The nodes on whose way packets of others pass, each once a family. */
export function checkWays(scene: Scene, pairs: readonly Pair[]): readonly Passage[] {
  checkNeighbours(scene, pairs);
  const walker = new Walker(scene);
  const sound = scene.nodes.filter(({ isDoubtful }) => !isDoubtful);
  for (const source of sound) {
    for (const target of sound) {
      if (source !== target) walker.walkAll(source, target);
    }
  }
  walker.tell();
  return walker.passages;
}

/** Two that list each other take each other's packets, or neither sends any. */
function checkNeighbours(scene: Scene, pairs: readonly Pair[]): void {
  for (const { one, other } of pairs) {
    if (one.isFlawed || other.isFlawed) scene.blamed.add(one).add(other);
    if (scene.blamed.has(one) || scene.blamed.has(other)) continue;
    checkNeighbour(scene, one, other);
    if (!scene.blamed.has(one)) checkNeighbour(scene, other, one);
  }
}

/** `there` is the other's entry for the sender: does it hold the address that packets come from? */
function checkNeighbour(scene: Scene, here: LintPeer, there: LintPeer): void {
  const { universe, findings, blamed } = scene;
  const [sender, taker] = [here.self, there.self];
  if (sender.isDoubtful || taker.isDoubtful) return;
  for (const target of taker.addresses) {
    const source = sourceFor(sender, target);
    const sent = entryAt(scene, sender, universe.hostAtom(target));
    if (source === undefined || sent?.peer !== here) continue;
    const taken = entryAt(scene, taker, universe.hostAtom(source));
    if (taken?.peer === there || !isWanted(scene, taker, here, taken)) continue;
    const strange = there.peer.allowedIps.find(({ value }) => isStrange(scene, there, value));
    const wrong = strange ?? there.peer.allowedIps[0];
    const own = hostPrefix(source);
    const kept = strange === undefined && wrong !== undefined ? [wrong.value] : [];
    const line = wrong === undefined ? [printPrefix(own)] : lineWith(there, wrong, [own, ...kept]);
    const spot = { place: wrong?.place ?? there.peer.place, against: sent.place };
    const way = {
      sources: [printAddress(source)],
      from: sender.name,
      at: taker.name,
      isPassedOn: false,
    };
    findings.push(messages.pathOneWay(spot, way, writeAllowedIps(line)));
    blamed.add(here).add(there);
    if (taken !== undefined) blamed.add(taken.peer);
    return;
  }
}

/**
 * Whether the taker wants packets of the sender itself. One that sends to no node of the mesh, only to
 * what is behind, and has nothing behind it, may do without: many a laptop is set up so.
 */
function isWanted(
  scene: Scene,
  taker: LintNode,
  here: LintPeer,
  taken: Entry | undefined,
): boolean {
  const hasMore = here.peer.allowedIps.some(
    ({ value }) => !taker.addresses.some((own) => hasAddress(value, own)),
  );
  const entries = scene.tables[taker.position]?.entries ?? [];
  return (
    taken !== undefined ||
    hasMore ||
    entries.some(
      ({ value }) =>
        (isHost(value) && isWithin(taker.links, value)) || hasOthers(scene, taker, [value]),
    )
  );
}

/** A single address on the link that nobody in the folder has: a misspelling, where another is missed. */
function isStrange({ nodes }: Scene, { self }: LintPeer, prefix: Prefix): boolean {
  if (!isHost(prefix) || !isWithin(self.links, prefix)) return false;
  return !nodes.some(({ addresses }) => addresses.some((each) => hasAddress(prefix, each)));
}

/** Which of its addresses a host sends from: one of the target's range before the first of the family. */
function sourceFor({ device }: LintNode, target: Address): Address | undefined {
  const own = device.addresses.filter(({ value }) => value.address.family === target.family);
  const near = own.find(({ value }) => hasAddress(linkOf(value), target));
  return (near ?? own[0])?.value.address;
}

/** A packet on its way. */
interface Packet {
  readonly source: LintNode;
  readonly target: LintNode;
  readonly from: Address;
  readonly to: Address;
}

/** Entries of a packet's way, and how it ends: there, where nobody knows more, or at one who does not take it. */
interface Walk {
  readonly entries: readonly Entry[];
  readonly end: "there" | "unknown" | "refused" | "round";
}

/** Follows packets, and gathers what becomes of them. */
class Walker {
  readonly #scene: Scene;
  readonly #passages = new Map<string, Passage>();
  /** By the entry that a packet was refused at: the packets that nobody there expects. */
  readonly #refused = new Map<LintPeer, { readonly entry: Entry; readonly packets: Packet[] }>();
  /** What was refused on its way, to be told when all rounds are known. */
  readonly #dropped: {
    readonly packet: Packet;
    readonly entries: readonly Entry[];
    readonly at: LintNode;
  }[] = [];
  readonly #told = new Set<Entry>();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  get passages(): readonly Passage[] {
    return [...this.#passages.values()];
  }

  walkAll(source: LintNode, target: LintNode): void {
    for (const to of target.addresses) {
      const from = sourceFor(source, to);
      if (from === undefined) continue;
      const packet = { source, target, from, to };
      const walk = this.#walk(packet);
      if (walk.end === "there") this.#pass(walk, to.family);
      else if (walk.entries.length > 0) this.#fail(packet, walk);
    }
  }

  #walk({ source, target, from, to }: Packet): Walk {
    const { universe, blamed } = this.#scene;
    const entries: Entry[] = [];
    const [sent, back] = [universe.hostAtom(to), universe.hostAtom(from)];
    for (let at = source; at !== target;) {
      const entry = entryAt(this.#scene, at, sent);
      const next = entry?.peer.other;
      if (entry === undefined || next === undefined || blamed.has(entry.peer)) {
        return { entries, end: "unknown" };
      }
      entries.push(entry);
      if (entries.some(({ peer }) => peer.self === next)) return { entries, end: "round" };
      const taken = entryAt(this.#scene, next, back);
      if (taken !== undefined && blamed.has(taken.peer)) return { entries, end: "unknown" };
      if (taken?.peer.other !== at) return { entries, end: "refused" };
      at = next;
    }
    return { entries, end: "there" };
  }

  #pass({ entries }: Walk, family: Family): void {
    for (const entry of entries.slice(0, -1)) {
      const node = entry.peer.other;
      if (node === undefined) continue;
      const key = `${node.position} ${family}`;
      remember(this.#passages, key, () => ({ node, family, entry }));
    }
  }

  #fail(packet: Packet, { entries, end }: Walk): void {
    const at = entries.at(-1)?.peer.other;
    if (end === "round") this.#tellRound(packet.to, entries);
    if (end === "refused" && at !== undefined) this.#dropped.push({ packet, entries, at });
  }

  /** The narrowest prefix of a round is told: wide ones are there to hold others as well. */
  #tellRound(to: Address, entries: readonly Entry[]): void {
    const begin = entries.findIndex(({ peer }) => peer.self === entries.at(-1)?.peer.other);
    const round = entries.slice(begin);
    const [wrong, other] = round.toSorted((a, b) => b.value.length - a.value.length);
    if (wrong === undefined || round.some((entry) => this.#told.has(entry))) return;
    for (const entry of round) this.#told.add(entry);
    const names = round.map(({ peer }) => peer.self.name);
    const spot = { place: wrong.place, against: other?.place };
    const prefix = printPrefix(hostPrefix(to));
    const fix = replaceAllowedIps(printPrefix(wrong.value), lineWith(wrong.peer, wrong, []));
    this.#scene.findings.push(messages.pathLoops(spot, prefix, names, fix));
  }

  #refuse(packet: Packet, entries: readonly Entry[], at: LintNode): void {
    const { source, target, from } = packet;
    const [first, last] = [entries[0], entries.at(-1)];
    if (first === undefined || last === undefined) return;
    const sender = last.peer.self;
    if (entries.some((entry) => this.#told.has(entry))) return;
    // What has no other way goes to the exit, and nobody says that the target is there.
    if (entries.some(({ value }) => value.length === 0)) return;
    const expected = entryAt(this.#scene, at, this.#scene.universe.hostAtom(from));
    // Whoever has a default way expects nobody by it.
    if (expected !== undefined && expected.value.length > 0) {
      const isAtHome = at !== source && this.#hold(source, at);
      const wrong = isAtHome ? first : expected;
      const against = isAtHome ? expected : last;
      if (!this.#isNew(wrong)) return;
      const spot = { place: wrong.place, against: against.place };
      const way = { source: source.name, target: target.name, from: sender.name, at: at.name };
      const prefix = printPrefix(hostPrefix(isAtHome ? packet.to : from));
      const better = isAtHome ? at.name : sender.name;
      const line = lineWith(wrong.peer, wrong, []);
      const fix = messages.movePrefix(
        { prefix, peer: better },
        { wrong: printPrefix(wrong.value), line },
      );
      this.#scene.findings.push(messages.pathAsymmetric(spot, way, fix));
      return;
    }
    if (!isMeant(packet, first)) return;
    const entry = at.peers.find(({ other }) => other === sender);
    if (entry === undefined || this.#scene.blamed.has(entry)) return;
    if (!isWanted(this.#scene, at, last.peer, undefined)) return;
    remember(this.#refused, entry, () => ({ entry: last, packets: [] })).packets.push(packet);
  }

  /** Whether packets between the two get through. */
  #hold(source: LintNode, target: LintNode): boolean {
    return target.addresses.some((to) => {
      const from = sourceFor(source, to);
      return from !== undefined && this.#walk({ source, target, from, to }).end === "there";
    });
  }

  #isNew(entry: Entry): boolean {
    if (this.#told.has(entry)) return false;
    this.#told.add(entry);
    return true;
  }

  /** What was gathered: all sources that one entry lacks make one finding. */
  tell(): void {
    const { findings } = this.#scene;
    for (const { packet, entries, at } of this.#dropped) this.#refuse(packet, entries, at);
    for (const [peer, { entry, packets }] of this.#refused) {
      const sources = [...new Set(packets.map(({ from }) => printAddress(from)))];
      const missing = [...new Set(packets.map(({ from }) => from))].map(hostPrefix);
      const [first] = peer.peer.allowedIps;
      const line =
        first === undefined
          ? missing.map(printPrefix)
          : lineWith(peer, first, [first.value, ...missing]);
      const spot = { place: first?.place ?? peer.peer.place, against: entry.place };
      const way = { sources, from: peer.name, at: peer.self.name, isPassedOn: true };
      findings.push(messages.pathOneWay(spot, way, writeAllowedIps(line)));
    }
  }
}

/**
 * Whether an entry names the target, and not all that is there: a range with the next hop itself in it,
 * or with the whole of the target's link, is the usual way to say "the rest of the mesh".
 */
function isMeant({ target }: Packet, { value, peer: { other: next } }: Entry): boolean {
  if (next === undefined || value.length === 0) return false;
  // Neighbours were looked at before.
  if (next === target) return false;
  const isWide = next.addresses.some((address) => hasAddress(value, address));
  return !isWide && !target.links.some((range) => hasPrefix(value, range));
}
