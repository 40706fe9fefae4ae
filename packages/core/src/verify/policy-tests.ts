/** Tries the tests of a document, from each to each, by its rules and by what links and access keep apart. */
import { say } from "../phrase.ts";
import * as proof from "../messages/proof.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { isSameAddress, printAddress } from "../ip/address.ts";
import type { Address } from "../ip/address.ts";
import { firstAddress, hasPrefix, isHost, isWithin, lastAddress } from "../ip/prefix.ts";
import { createPrefixMap, match } from "../ip/prefix-map.ts";
import type { PrefixMap } from "../ip/prefix-map.ts";
import type { Prefix } from "../ip/prefix.ts";
import { intersect, isEmptySet, isMember, prefixSet } from "../ip/prefix-set.ts";
import type { PrefixSet } from "../ip/prefix-set.ts";
import type { Mesh, PolicyTest, PortRange, Selector } from "../model/mesh.ts";
import { printSelector } from "../model/words.ts";
import { isCovered, isMeeting } from "./admission.ts";
import { remember } from "../remember.ts";
import type { Claims, Owner } from "./claims.ts";
import type { Connections } from "./connections.ts";
import { createResolve } from "./policy-claims.ts";

/** Addresses that neither the rules nor what else a mesh says tell apart. */
interface Class {
  readonly rules: readonly number[];
  /** Whose they are; absent: nobody's in the mesh. */
  readonly owner: Owner | undefined;
  readonly addresses: Address[];
}

/** Says in `diagnostics` which tests the policy fails, each with the first flow that does. */
export function checkPolicyTests(
  claims: Claims,
  connections: Connections,
  diagnostics: Diagnostics,
): void {
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
  const ownerOf = createPrefixMap(
    owners.flatMap((owner) => owner.owned.map((prefix) => [prefix, owner] as const)),
  );
  for (const [at, test] of mesh.tests.entries()) {
    const sources = classesOf(addressesOf(test.from), { mesh, ownerOf }, starts);
    const targets = classesOf(addressesOf(test.to), { mesh, ownerOf }, takes);
    const isTried = sources.some((one) => {
      return targets.some((other) => findFlow(one.addresses, other.addresses) !== undefined);
    });
    if (!isTried) diagnostics.add(proof.testOfNobody(["tests", at]));
    const flow = findFailure(test, { sources, targets, connections }, ports);
    if (flow === undefined) continue;
    const [from, to] = [printAddress(flow[0]), printAddress(flow[1])];
    const words = say`${printSelector(test.from)} (${from}) to ${printSelector(test.to)} (${to})`;
    diagnostics.add(proof.testFails(["tests", at], test, words));
  }
}

/** Says which prefixes of a policy are of nothing that anybody has, nor of the internet behind an exit. */
export function checkSelectors({ mesh, owners }: Claims, diagnostics: Diagnostics): void {
  const owned = prefixSet(owners.flatMap((owner) => [...owner.owned, ...owner.exits]));
  const isNobodys = (selector: Selector): boolean =>
    selector.kind === "prefix" && isEmptySet(intersect(prefixSet([selector.prefix]), owned));
  for (const [at, { from, to }] of (mesh.policy ?? []).entries()) {
    const ends = [
      ...from.map((selector, place) => [selector, ["policy", at, "from", place]] as const),
      ...to.map((selector, place) => [selector, ["policy", at, "to", place]] as const),
    ];
    for (const [selector, path] of ends) {
      if (isNobodys(selector)) {
        diagnostics.add(proof.selectorOfNobody(path, printSelector(selector)));
      }
    }
  }
}

/** The first flow about which the rules say something else than the test expects. */
function findFailure(
  { port, expect }: PolicyTest,
  { sources, targets, connections }: Trial,
  ports: readonly (readonly PortRange[])[],
): readonly [Address, Address] | undefined {
  for (const source of sources) {
    for (const target of targets) {
      const flow = findFlow(source.addresses, target.addresses);
      if (flow === undefined) continue;
      const isBarred = isKeptApart(connections, [source, target], flow);
      const common = isBarred ? [] : source.rules.filter((rule) => target.rules.includes(rule));
      const allowed = allowedOf(
        common.map((rule) => ports[rule] ?? []),
        port,
      );
      if (allowed !== (expect === "allow" ? "all" : "none")) return flow;
    }
  }
  return undefined;
}

interface Trial {
  readonly sources: readonly Class[];
  readonly targets: readonly Class[];
  readonly connections: Connections;
}

/** Whether a link denies all between the two, or a client is held to less. */
function isKeptApart(
  connections: Connections,
  [{ owner: one }, { owner: other }]: readonly [Class, Class],
  [source, target]: readonly [Address, Address],
): boolean {
  if (one === undefined || other === undefined || one === other) return false;
  return connections.isDenied(one, other) || isOut(one, target) || isOut(other, source);
}

function isOut({ access }: Owner, address: Address): boolean {
  return access !== undefined && !isWithin(access.all, address);
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
  const ranges = rules.flat();
  if (isCovered(port, ranges)) return "all";
  return ranges.some((range) => isMeeting(port, range)) ? "some" : "none";
}

/** Each address is looked up once, however many tests it is in. */
function createRulesOf(sets: readonly PrefixSet[]): (address: Address) => readonly number[] {
  const known = new Map<string, readonly number[]>();
  return (address) => {
    const key = `${address.family} ${address.bits}`;
    return remember(known, key, () =>
      sets.flatMap((set, at) => (isMember(set, address) ? at : [])),
    );
  };
}

interface Owners {
  readonly mesh: Mesh;
  readonly ownerOf: PrefixMap<Owner>;
}

function classesOf(
  addresses: readonly Address[],
  { mesh, ownerOf }: Owners,
  rulesOf: (address: Address) => readonly number[],
): readonly Class[] {
  const classes = new Map<string, Class>();
  for (const address of addresses) {
    const rules = rulesOf(address);
    const owner = match(ownerOf, address)?.value;
    const isOfMesh = isWithin(mesh.network.addresses, address);
    const key = [address.family, rules.join(), owner?.name, isOfMesh].join(" ");
    remember(classes, key, () => ({ rules, owner, addresses: [] })).addresses.push(address);
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
  if (isHost(piece)) return [first];
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
