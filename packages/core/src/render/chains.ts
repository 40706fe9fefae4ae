/**
 * A device's filter as chains of rules, the same for every firewall: which packets out of the tunnel
 * go on, first match first. What is not of the tunnel, and replies, pass before any rule here.
 */
import type { Family } from "../ip/address.ts";
import type { Prefix } from "../ip/prefix.ts";
import { HOST_ONLY_RANGES } from "../ip/special-ranges.ts";
import type { PortRange } from "../model/mesh.ts";
import type { InterfaceName } from "../model/names.ts";
import { isFiltering } from "../plan/device.ts";
import type { Device } from "../plan/device.ts";

export interface Chain {
  /** `input` and `forward` are entered from the system's chains of that name. At most 5 characters, but for forward. */
  readonly name: string;
  readonly rules: readonly ChainRule[];
}

/** What is absent matches everything; a list matches what is in it, and so an empty one nothing. */
export interface ChainRule {
  /** Only what goes back into the tunnel. */
  readonly isBack?: boolean;
  readonly from?: readonly Prefix[];
  readonly to?: readonly Prefix[];
  readonly ports?: readonly PortRange[];
  readonly verdict: Verdict;
}

/** `return`: on with the chain that jumped here. From a chain that was gone to, nothing comes back. */
export type Verdict =
  | "accept"
  | "drop"
  | "return"
  | { readonly jump: string }
  | { readonly goto: string };

/** Whether the device comes with rules: it has anything to filter, and a firewall to do it. */
export function hasRules(device: Device): boolean {
  return device.firewall !== "off" && isFiltering(device);
}

/** Leaves first: a chain names only those before it. */
export function chainsOf({ filter, subnets }: Device): readonly Chain[] {
  const { carries, clients, denied, confined, permits } = filter;
  const confines = confined.map(({ to }, at): Chain => {
    return { name: `c${at + 1}`, rules: [{ to, verdict: "return" }, { verdict: "drop" }] };
  });
  const limits = confined.map(({ from }, at): ChainRule => {
    return { from, verdict: { jump: `c${at + 1}` } };
  });
  const pass: Verdict = permits === undefined ? "accept" : { goto: "allow" };
  const allow = permits?.map(({ from, to, ports }): ChainRule => {
    return { from, to, ...(ports.length === 0 ? {} : { ports }), verdict: "accept" };
  });
  const isTransit = carries || clients.length > 0;
  const onwards: readonly ChainRule[] = carries
    ? [{ verdict: "accept" }]
    : [{ from: clients, verdict: "accept" }, drop()];
  const from = leavers({ filter, subnets });
  const leave: readonly ChainRule[] =
    from.length === 0
      ? []
      : [
          { to: HOST_ONLY_RANGES, verdict: "drop" },
          { from, verdict: pass },
        ];
  const refuse: readonly ChainRule[] =
    denied.length === 0 ? [] : [{ from: denied, verdict: "drop" }];
  const input = [...limits, ...refuse, ...(permits === undefined ? [] : [{ verdict: pass }])];
  const bounded = subnets.map(({ prefix }) => prefix).filter(isBounded);
  const onto: readonly ChainRule[] = bounded.length === 0 ? [] : [{ to: bounded, verdict: pass }];
  const isOpen = onto.length + leave.length > 0;
  const forward = [
    ...limits,
    ...(isTransit ? [{ isBack: true, verdict: { goto: "back" } } as const] : []),
    ...(isOpen && !isTransit ? [{ isBack: true, verdict: "drop" } as const] : []),
    ...(isOpen ? [...refuse, ...onto, ...leave] : []),
    drop(),
  ];
  return [
    ...confines,
    ...(allow === undefined ? [] : [{ name: "allow", rules: [...allow, drop()] }]),
    ...(isTransit
      ? [
          {
            name: "back",
            rules: [
              ...refuse.map((rule) => ({ ...rule, to: clients })),
              { to: clients, verdict: pass },
              ...onwards,
            ],
          },
        ]
      : []),
    ...(input.length === 0 ? [] : [{ name: "input", rules: input }]),
    { name: "forward", rules: forward },
  ];
}

/** Whether what goes to a subnet gets the host's own address; `towards` is its interface, if it names one. */
export interface Disguise {
  readonly prefix: Prefix;
  readonly towards: InterfaceName | undefined;
  readonly isMasked: boolean;
}

/** First match first: beside an exit, a subnet says for itself whether it is masqueraded. */
export function disguisesOf({ subnets }: Device): readonly Disguise[] {
  const longestFirst = subnets.toSorted((one, other) => other.prefix.length - one.prefix.length);
  return longestFirst.flatMap(({ prefix, interface: towards, masquerade }): Disguise[] => {
    const masked: Disguise[] = masquerade ? [{ prefix, towards, isMasked: true }] : [];
    const hasWider = subnets.some(
      (other) =>
        other.masquerade && !isBounded(other.prefix) && other.prefix.family === prefix.family,
    );
    const plain: Disguise = { prefix, towards: undefined, isMasked: false };
    return isBounded(prefix) && hasWider ? [...masked, plain] : masked;
  });
}

/** The prefixes of one family. */
export function ofFamily(prefixes: readonly Prefix[], family: Family): readonly Prefix[] {
  return prefixes.filter((prefix) => prefix.family === family);
}

/** The families that a rule is for; those that have no name in it. */
export function familiesOf({ from, to }: ChainRule): readonly Family[] {
  return ([4, 6] as const).filter((family) =>
    [from, to].every((list) => list === undefined || ofFamily(list, family).length > 0),
  );
}

/** The same ports, sorted and disjoint for each protocol: nft refuses what overlaps. */
export function mergePorts(ports: readonly PortRange[]): readonly PortRange[] {
  const merged: PortRange[] = [];
  for (const range of ports.toSorted(comparePorts)) {
    const last = merged.at(-1);
    if (last?.protocol !== range.protocol || last.last + 1 < range.first) merged.push(range);
    else merged[merged.length - 1] = { ...last, last: Math.max(last.last, range.last) };
  }
  return merged;
}

function comparePorts(one: PortRange, other: PortRange): number {
  if (one.protocol !== other.protocol) return one.protocol < other.protocol ? -1 : 1;
  return one.first - other.first;
}

/** Who may leave through the device's exits, in the families that they have. */
function leavers({ filter, subnets }: Pick<Device, "filter" | "subnets">): readonly Prefix[] {
  const exits = new Set(
    subnets.filter(({ prefix }) => !isBounded(prefix)).map(({ prefix }) => prefix.family),
  );
  return filter.exitUsers.filter(({ family }) => exits.has(family));
}

function isBounded({ length }: Prefix): boolean {
  return length > 0;
}

function drop(): ChainRule {
  return { verdict: "drop" };
}
