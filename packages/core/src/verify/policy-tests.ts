/** Tries the tests of a document: from each address of the one to each of the other, by its rules alone. */
import * as proof from "../messages/proof.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { addressWidth, isSameAddress, printAddress } from "../ip/address.ts";
import type { Address } from "../ip/address.ts";
import { firstAddress, hasPrefix, lastAddress } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { isMember, prefixSet } from "../ip/prefix-set.ts";
import type { PrefixSet } from "../ip/prefix-set.ts";
import type { Mesh, PolicyTest, PortRange, Selector } from "../model/mesh.ts";
import type { Claims } from "./claims.ts";
import { createResolve } from "./policy-claims.ts";

/** Addresses that the rules do not tell apart. */
interface Class {
  readonly rules: readonly number[];
  readonly addresses: Address[];
}

/** Says in `diagnostics` which tests the policy fails, each with the first flow that does. */
export function checkPolicyTests(claims: Claims, diagnostics: Diagnostics): void {
  const { mesh, owners } = claims;
  if (mesh.tests.length === 0) return;
  const resolve = createResolve(claims);
  const owned = owners.flatMap((owner) => owner.owned);
  const cuts = writtenPrefixes(mesh);
  const policy = mesh.policy ?? [{ from: everywhere(), to: everywhere(), ports: [] }];
  const starts = createRulesOf(policy.map(({ from }) => prefixSet(resolve(from))));
  const takes = createRulesOf(policy.map(({ to }) => prefixSet(resolve(to))));
  const ports = policy.map((rule) => rule.ports);
  const addressesOf = (selector: Selector): readonly Address[] => {
    const pieces =
      selector.kind === "prefix" ? inside(selector.prefix, owned) : resolve([selector]);
    return pieces.flatMap((piece) => samplesOf(piece, cuts));
  };
  for (const [at, test] of mesh.tests.entries()) {
    const sources = classesOf(addressesOf(test.from), starts);
    const targets = classesOf(addressesOf(test.to), takes);
    const flow = findFailure(test, { sources, targets }, ports);
    if (flow === undefined) continue;
    const [from, to] = flow.map(printAddress);
    diagnostics.add(proof.testFails(["tests", at], test, `${from} to ${to}`));
  }
}

/** The first flow about which the rules say something else than the test expects. */
function findFailure(
  { port, expect }: PolicyTest,
  { sources, targets }: { readonly sources: readonly Class[]; readonly targets: readonly Class[] },
  ports: readonly (readonly PortRange[])[],
): readonly [Address, Address] | undefined {
  for (const source of sources) {
    for (const target of targets) {
      const flow = findFlow(source.addresses, target.addresses);
      if (flow === undefined) continue;
      const common = source.rules.filter((rule) => target.rules.includes(rule));
      const allowed = allowedOf(
        common.map((rule) => ports[rule] ?? []),
        port,
      );
      if (allowed !== (expect === "allow" ? "all" : "none")) return flow;
    }
  }
  return undefined;
}

/** One address of each, of one family: nobody sends to himself. */
function findFlow(
  sources: readonly Address[],
  targets: readonly Address[],
): readonly [Address, Address] | undefined {
  for (const source of sources) {
    const target = targets.find(
      (each) => each.family === source.family && !isSameAddress(each, source),
    );
    if (target !== undefined) return [source, target];
  }
  return undefined;
}

/** How much of the port the rules allow; of any port at all, where none is named. */
function allowedOf(
  rules: readonly (readonly PortRange[])[],
  port: PortRange | undefined,
): "all" | "some" | "none" {
  if (rules.some((ports) => ports.length === 0)) return "all";
  if (port === undefined) return rules.length > 0 ? "all" : "none";
  const ranges = rules.flat().filter(({ protocol }) => protocol === port.protocol);
  const touching = ranges
    .filter(({ first, last }) => first <= port.last && port.first <= last)
    .sort((one, other) => one.first - other.first);
  let next = port.first;
  for (const { first, last } of touching) if (first <= next) next = Math.max(next, last + 1);
  if (next > port.last) return "all";
  return touching.length > 0 ? "some" : "none";
}

/** Each address is looked up once, however many tests it is in. */
function createRulesOf(sets: readonly PrefixSet[]): (address: Address) => readonly number[] {
  const known = new Map<string, readonly number[]>();
  return (address) => {
    const key = `${address.family} ${address.bits}`;
    const rules = known.get(key) ?? sets.flatMap((set, at) => (isMember(set, address) ? [at] : []));
    known.set(key, rules);
    return rules;
  };
}

function classesOf(
  addresses: readonly Address[],
  rulesOf: (address: Address) => readonly number[],
): readonly Class[] {
  const classes = new Map<string, Class>();
  for (const address of addresses) {
    const rules = rulesOf(address);
    const key = `${address.family} ${rules.join()}`;
    const known = classes.get(key);
    if (known === undefined) classes.set(key, { rules, addresses: [address] });
    else known.addresses.push(address);
  }
  return [...classes.values()];
}

/** What of a prefix somebody owns; nothing of it: the prefix itself. */
function inside(prefix: Prefix, owned: readonly Prefix[]): readonly Prefix[] {
  const pieces = owned.filter((each) => hasPrefix(prefix, each));
  return pieces.length === 0 ? [prefix] : pieces;
}

/** One address of each part of a prefix that the rules could tell apart. */
function samplesOf(piece: Prefix, cuts: readonly Prefix[]): readonly Address[] {
  const first = firstAddress(piece);
  if (piece.length === addressWidth(piece.family)) return [first];
  const starts = cuts
    .flatMap((cut) => (hasPrefix(piece, cut) ? [cut.bits, lastAddress(cut).bits + 1n] : []))
    .filter((bits) => bits <= lastAddress(piece).bits);
  return [...new Set([first.bits, ...starts])].map((bits) => ({ family: piece.family, bits }));
}

/** The prefixes that the policy and its groups name. */
function writtenPrefixes({ policy = [], groups }: Mesh): readonly Prefix[] {
  const selectors = [
    ...policy.flatMap(({ from, to }) => [...from, ...to]),
    ...groups.flatMap(({ members }) => members),
  ];
  return selectors.flatMap((each) => (each.kind === "prefix" ? [each.prefix] : []));
}

function everywhere(): readonly Selector[] {
  return ([4, 6] as const).map((family) => {
    return { kind: "prefix", prefix: { family, bits: 0n, length: 0 } };
  });
}
