/**
 * Holds each device's filter against what document and lock say: who is let in where, who is passed
 * on. Knows no firewall, and nothing of how the compiler works a filter out.
 */
import { say } from "../phrase.ts";
import type { Phrase } from "../phrase.ts";
import * as proof from "../messages/proof.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { Prefix } from "../ip/prefix.ts";
import { prefixSet } from "../ip/prefix-set.ts";
import type { PortRange } from "../model/mesh.ts";
import { printPortRange } from "../model/words.ts";
import type { Device, Filter, Permit } from "../plan/device.ts";
import type { Claims, Owner } from "./claims.ts";
import { carries } from "./connections.ts";
import type { Connections } from "./connections.ts";
import { clientsOf, heldBy } from "./policy-claims.ts";
import type { RuleClaim } from "./policy-claims.ts";
import { listAtoms, paint } from "./universe.ts";
import type { Universe } from "./universe.ts";

/** Says what differs. */
type Differs = (what: Phrase) => void;

/** One rule of the document, in atoms. */
interface Promised {
  readonly from: readonly number[];
  /** By atom: 1 where it is meant. */
  readonly to: Uint8Array;
  readonly ports: readonly PortRange[];
  /** Lists that were found to be `from` already: all devices share them. */
  readonly known: Set<readonly Prefix[]>;
}

interface Scene {
  readonly universe: Universe;
  readonly rules: readonly Promised[];
}

export class FilterChecks {
  readonly #claims: Claims;
  readonly #connections: Connections;
  readonly #universe: Universe;
  readonly #rules: readonly Promised[] | undefined;

  /** `rules` are those of the claims, as readRules reads them. */
  constructor(
    claims: Claims,
    rules: readonly RuleClaim[] | undefined,
    connections: Connections,
    universe: Universe,
  ) {
    this.#claims = claims;
    this.#connections = connections;
    this.#universe = universe;
    this.#rules = rules?.map(({ from, to, ports }) => ({
      from: atomsOf(universe, from),
      to: paint(universe, to),
      ports,
      known: new Set<readonly Prefix[]>(),
    }));
  }

  check({ filter, firewall }: Device, owner: Owner, diagnostics: Diagnostics): void {
    const { node, name } = owner;
    if (node === undefined) return;
    const differs: Differs = (what) => diagnostics.add(proof.filterDiffers(name, what));
    const entering = clientsOf(this.#claims, owner);
    if (firewall !== node.firewall) differs(say`another firewall`);
    if (filter.carries !== carries(owner)) differs(say`other traffic to carry`);
    const isSame = (one: readonly Prefix[], other: readonly Prefix[]): boolean =>
      isSameAtoms(listAtoms(this.#universe, one), atomsOf(this.#universe, other));
    const clients = entering.flatMap(({ owned }) => owned);
    if (!isSame(filter.clients, clients)) differs(say`other clients`);
    if (!isSame(filter.exitUsers, this.#exitUsers(owner, entering))) {
      differs(say`other users of its exit`);
    }
    if (!isSame(filter.denied, this.#denied(owner))) differs(say`others denied`);
    checkConfined(filter, entering, differs);
    if ((filter.permits === undefined) !== (this.#rules === undefined)) {
      differs(say`another use of the policy`);
    } else if (filter.permits !== undefined && this.#rules !== undefined) {
      const held = atomsOf(this.#universe, [...heldBy(this.#claims, owner), ...owner.exits]);
      const scene = { universe: this.#universe, rules: this.#rules };
      checkPermits(scene, filter.permits, held, differs);
    }
  }

  /** Lists deny everywhere else: who carries, or has an exit's /0, has everybody in them. */
  #denied(owner: Owner): readonly Prefix[] {
    if (!carries(owner) && owner.node?.exit === undefined) return [];
    return this.#claims.owners
      .filter((other) => other !== owner && this.#connections.isDenied(owner, other))
      .flatMap(({ owned }) => owned);
  }

  #exitUsers({ name, exits }: Owner, entering: readonly Owner[]): readonly Prefix[] {
    if (exits.length === 0) return [];
    const users = this.#claims.owners.filter(({ node }) => node?.exit === name);
    const leaving = entering.filter(({ client }) => {
      const words = client?.access ?? [];
      return client?.exit === name || words.includes("exit") || words.includes("all-but-lan");
    });
    return [...users.flatMap(({ owned }) => owned), ...leaving.flatMap(({ owned }) => owned)];
  }
}

/** A client that may not go wherever a node may is held to its access. */
function checkConfined({ confined }: Filter, entering: readonly Owner[], differs: Differs): void {
  const expected = entering.filter(({ client }) => {
    const words = client?.access ?? [];
    const isOpen = words.includes("nodes") && words.includes("subnets");
    return !isOpen || words.includes("all-but-lan");
  });
  if (confined.length !== expected.length) return differs(say`other clients to confine`);
  const actual = new Map(confined.map(({ from, to }) => [edgesOf(from), to]));
  for (const { name, owned, access } of expected) {
    const to = actual.get(edgesOf(owned));
    if (to === undefined || edgesOf(to) !== edgesOf(access?.all ?? [])) {
      differs(say`other bounds for the client "${name}"`);
    }
  }
}

/** Rule by rule: the same sources, the same ports, and of its targets exactly those that are held here. */
function checkPermits(
  { universe, rules }: Scene,
  permits: readonly Permit[],
  held: readonly number[],
  differs: Differs,
): void {
  let next = 0;
  for (const [at, rule] of rules.entries()) {
    const expected = rule.from.length === 0 ? [] : held.filter((atom) => rule.to[atom] === 1);
    const permit = permits[next]?.rule === at ? permits[next] : undefined;
    if (permit !== undefined) next += 1;
    const isSame =
      permit === undefined
        ? expected.length === 0
        : expected.length > 0 &&
          isSameAtoms(listAtoms(universe, permit.to), expected) &&
          isSource(universe, permit.from, rule) &&
          isSamePorts(permit.ports, rule.ports);
    if (!isSame) differs(say`other permits for rule ${at + 1} of the policy`);
  }
  if (next < permits.length) differs(say`more permits`);
}

function isSource(universe: Universe, list: readonly Prefix[], rule: Promised): boolean {
  if (rule.known.has(list)) return true;
  const isSame = isSameAtoms(listAtoms(universe, list), rule.from);
  if (isSame) rule.known.add(list);
  return isSame;
}

function isSamePorts(one: readonly PortRange[], other: readonly PortRange[]): boolean {
  return one === other || printPorts(one) === printPorts(other);
}

function printPorts(ports: readonly PortRange[]): string {
  return ports.map(printPortRange).join();
}

/** Sorted, each once. */
function atomsOf(universe: Universe, prefixes: readonly Prefix[]): readonly number[] {
  return [...new Set(listAtoms(universe, prefixes))].sort((one, other) => one - other);
}

function isSameAtoms(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((atom, at) => atom === other[at]);
}

/** The same text for the same set of addresses. */
function edgesOf(prefixes: readonly Prefix[]): string {
  return prefixSet(prefixes).edges.join(" ");
}
