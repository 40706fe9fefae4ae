/** The policy as the compiler asks about it: each rule's sets of addresses, and who may talk to whom. */
import type { Family } from "../ip/address.ts";
import { isEmptySet, prefixSet, subtract } from "../ip/prefix-set.ts";
import type { Mesh, PortRange } from "../model/mesh.ts";
import type { Name } from "../model/names.ts";
import type { Permit } from "./device.ts";
import type { Member } from "./member.ts";
import { createSelect } from "./selection.ts";
import type { Selection } from "./selection.ts";

export interface Policy {
  readonly rules: readonly PolicyRule[];
  readonly profiles: readonly Profile[];
  /** Each member's place among the profiles. */
  readonly places: ReadonlyMap<Member, number>;
}

interface PolicyRule {
  readonly from: Selection;
  readonly to: Selection;
  readonly ports: readonly PortRange[];
}

/** What the rules mean for a member: all that mayTalk must know of it. Two bits a rule in each set: see bitOf. */
interface Profile {
  /** Rules by which anything of it may start. */
  readonly starts: Bits;
  /** Rules by which somebody may start towards anything of it. */
  readonly takes: Bits;
  /** The exit that it uses. */
  readonly exit: Name | undefined;
  /** Where others use it as their exit: its name, and the rules to addresses that nobody in the mesh owns. */
  readonly offer: { readonly name: Name; readonly takes: Bits } | undefined;
}

type Bits = Uint32Array;

const FAMILIES = [4, 6] as const;

/** Undefined when the mesh has no policy: then all may talk to all. */
export function createPolicy(mesh: Mesh, members: readonly Member[]): Policy | undefined {
  if (mesh.policy === undefined) return undefined;
  const select = createSelect(mesh, members);
  const rules = mesh.policy.map(({ from, to, ports }): PolicyRule => {
    return { from: select(from), to: select(to), ports };
  });
  const starts = bitsOf(
    members,
    rules.map(({ from }) => from),
  );
  const takes = bitsOf(
    members,
    rules.map(({ to }) => to),
  );
  const offers = offersOf(mesh, members, rules);
  const profiles: Profile[] = [];
  const known = new Map<string, number>();
  const places = new Map<Member, number>();
  for (const [at, member] of members.entries()) {
    const { name, exit } = member.node;
    const profile = { starts: starts(at), takes: takes(at), exit, offer: offers.get(name) };
    const key = [profile.starts, profile.takes, exit, profile.offer?.name].join(" ");
    const place = known.get(key) ?? profiles.push(profile) - 1;
    known.set(key, place);
    places.set(member, place);
  }
  return { rules, profiles, places };
}

/** Whether anything of one node's may start towards anything of the other's, either way; O(rules / 32). */
export function mayTalk(policy: Policy, one: Member, other: Member): boolean {
  const first = policy.profiles[profileOf(policy, one)];
  const second = policy.profiles[profileOf(policy, other)];
  if (first === undefined || second === undefined) return false;
  return mayStart(first, second) || mayStart(second, first);
}

/** A small number, the same for members about whom mayTalk always answers alike. */
export function profileOf(policy: Policy, member: Member): number {
  return policy.places.get(member) ?? -1;
}

/** What the rules let in at a member, in their order. */
export function permitsOf(policy: Policy, self: Member): readonly Permit[] {
  const families = new Set(self.exits.map(({ family }) => family));
  const near = self.prefixes.filter(({ family }) => !families.has(family));
  return policy.rules.flatMap(({ from, to, ports }, rule): Permit[] => {
    if (families.size === 0 && !to.owners[4].has(self) && !to.owners[6].has(self)) return [];
    // Behind an exit lies everything of its family.
    const far = families.size === 0 ? [] : to.prefixes.filter(({ family }) => families.has(family));
    const own = near.flatMap((prefix) => to.chosen.get(prefix) ?? []);
    if (from.prefixes.length === 0 || far.length + own.length === 0) return [];
    const [v4, v6] = families.has(4) ? [far, own] : [own, far];
    return [{ rule, from: from.prefixes, to: [...v4, ...v6], ports }];
  });
}

function mayStart(source: Profile, target: Profile): boolean {
  if (isMeeting(source.starts, target.takes)) return true;
  const { offer } = target;
  if (offer === undefined || source.exit !== offer.name) return false;
  return isMeeting(source.starts, offer.takes);
}

function isMeeting(one: Bits, other: Bits): boolean {
  for (let at = 0; at < one.length; at += 1) {
    if (((one[at] ?? 0) & (other[at] ?? 0)) !== 0) return true;
  }
  return false;
}

/** For each member, by its place, which of the selections have anything of it. */
function bitsOf(
  members: readonly Member[],
  selections: readonly Selection[],
): (at: number) => Bits {
  const width = widthOf(selections);
  const all = new Uint32Array(width * members.length);
  const places = new Map(members.map((member, at) => [member, at]));
  for (const [rule, { owners }] of selections.entries()) {
    for (const family of FAMILIES) {
      for (const owner of owners[family]) {
        setBit(all, (places.get(owner) ?? 0) * width * 32 + bitOf(rule, family));
      }
    }
  }
  return (at) => all.subarray(at * width, (at + 1) * width);
}

/** A flow has one family: a rule that joins somebody's IPv4 with another's IPv6 lets nothing start. */
function bitOf(rule: number, family: Family): number {
  return 2 * rule + (family === 4 ? 0 : 1);
}

function widthOf(rules: readonly unknown[]): number {
  return Math.ceil((2 * rules.length) / 32);
}

function setBit(bits: Bits, bit: number): void {
  bits[bit >>> 5] = (bits[bit >>> 5] ?? 0) | (1 << (bit & 31));
}

/** The exits that are used, each with the rules to addresses of its families that nobody in the mesh owns. */
function offersOf(
  { network }: Mesh,
  members: readonly Member[],
  rules: readonly PolicyRule[],
): ReadonlyMap<Name, { readonly name: Name; readonly takes: Bits }> {
  const used = new Set(members.map(({ node }) => node.exit));
  const exits = members.filter(({ node }) => used.has(node.name));
  if (exits.length === 0) return new Map();
  const owned = prefixSet([...network.addresses, ...members.flatMap(({ prefixes }) => prefixes)]);
  const outside = rules.map(({ to }) => {
    const isOutside = (family: Family): boolean => {
      const reached = prefixSet(to.prefixes.filter((each) => each.family === family));
      return !isEmptySet(subtract(reached, owned));
    };
    return { 4: isOutside(4), 6: isOutside(6) };
  });
  return new Map(
    exits.map(({ node: { name }, exits: ranges }) => {
      const takes = new Uint32Array(widthOf(rules));
      for (const [rule, families] of outside.entries()) {
        for (const { family } of ranges) if (families[family]) setBit(takes, bitOf(rule, family));
      }
      return [name, { name, takes }];
    }),
  );
}
