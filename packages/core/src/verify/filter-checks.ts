/**
 * Holds each device's filter against what document and lock say: who is let in where, who is passed
 * on. Knows no firewall, and nothing of how the compiler works a filter out.
 */
import * as proof from "../messages/proof.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { Prefix } from "../ip/prefix.ts";
import { prefixSet } from "../ip/prefix-set.ts";
import type { Lock } from "../model/lock.ts";
import type { Mesh, PortRange } from "../model/mesh.ts";
import type { Name } from "../model/names.ts";
import { printPortRange } from "../model/words.ts";
import type { Device, Filter, Permit } from "../plan/device.ts";
import { createResolve, ownedBy, readHoldings } from "./holdings.ts";
import type { Guest, Holding } from "./holdings.ts";
import { Universe } from "./universe.ts";

/** Says what differs. */
type Differs = (what: string) => void;

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

/** First `add` every device, so that the address space can be cut; then `check` each. */
export class FilterChecks {
  readonly #mesh: Mesh;
  readonly #holdings: ReadonlyMap<Name, Holding>;
  readonly #rules: readonly {
    readonly from: readonly Prefix[];
    readonly to: readonly Prefix[];
    readonly ports: readonly PortRange[];
  }[];
  readonly #prefixes = new Set<Prefix>();
  readonly #seen = new Set<readonly Prefix[]>();
  #scene: Scene | undefined;

  constructor(mesh: Mesh, lock: Lock) {
    const holdings = readHoldings(mesh, lock);
    const resolve = createResolve(mesh, holdings);
    this.#mesh = mesh;
    this.#holdings = new Map(holdings.map((holding) => [holding.node.name, holding]));
    this.#rules = (mesh.policy ?? []).map(({ from, to, ports }) => {
      return { from: resolve(from), to: resolve(to), ports };
    });
    for (const holding of holdings) {
      this.#addList(ownedBy(holding));
      this.#addList(holding.exits);
    }
    for (const { from, to } of this.#rules) {
      this.#addList(from);
      this.#addList(to);
    }
  }

  add({ filter: { clients, exitUsers, permits = [] } }: Device): void {
    this.#addList(clients);
    this.#addList(exitUsers);
    for (const { from, to } of permits) {
      this.#addList(from);
      this.#addList(to);
    }
  }

  check({ name, filter, firewall }: Device, diagnostics: Diagnostics): void {
    const holding = this.#holdings.get(name);
    if (holding === undefined) return;
    const differs: Differs = (what) => diagnostics.add(proof.filterDiffers(name, what));
    this.#scene ??= createScene(new Universe(this.#prefixes), this.#rules);
    const { universe } = this.#scene;
    if (firewall !== holding.node.firewall) differs("another firewall");
    if (filter.carries !== this.#isCarrier(holding)) differs("other traffic to carry");
    const clients = holding.guests.flatMap(({ addresses }) => addresses);
    if (!isSameSet(universe, filter.clients, clients)) differs("other clients");
    if (!isSameSet(universe, filter.exitUsers, this.#exitUsers(holding))) {
      differs("other users of its exit");
    }
    this.#checkConfined(filter, holding, differs);
    if ((filter.permits === undefined) !== (this.#mesh.policy === undefined)) {
      differs("another use of the policy");
    } else if (filter.permits !== undefined) {
      checkPermits(this.#scene, filter.permits, holding, differs);
    }
  }

  #addList(list: readonly Prefix[]): void {
    if (this.#seen.has(list)) return;
    this.#seen.add(list);
    for (const prefix of list) this.#prefixes.add(prefix);
  }

  #isCarrier({ node }: Holding): boolean {
    const site = this.#mesh.sites.find(({ name }) => name === node.site);
    return node.relay || site?.gateways[0] === node.name;
  }

  #exitUsers({ node: { name }, guests, exits }: Holding): readonly Prefix[] {
    if (exits.length === 0) return [];
    const users = [...this.#holdings.values()].filter(({ node }) => node.exit === name);
    const leaving = guests.filter(
      (guest) => isLeaving(guest, name) || guest.client.access.includes("all-but-lan"),
    );
    return [...users.flatMap(ownedBy), ...leaving.flatMap(({ addresses }) => addresses)];
  }

  #checkConfined({ confined }: Filter, holding: Holding, differs: Differs): void {
    const expected = holding.guests.filter(({ client: { access } }) => {
      const isOpen = access.includes("nodes") && access.includes("subnets");
      return !isOpen && !access.includes("all-but-lan");
    });
    if (confined.length !== expected.length) return differs("other clients to confine");
    const actual = new Map(confined.map(({ from, to }) => [edgesOf(from), to]));
    for (const guest of expected) {
      const to = actual.get(edgesOf(guest.addresses));
      const wanted = edgesOf(this.#accessOf(guest, holding));
      if (to === undefined || edgesOf(to) !== wanted) {
        differs(`other bounds for the client "${guest.client.name}"`);
      }
    }
  }

  #accessOf(guest: Guest, { node, exits }: Holding): readonly Prefix[] {
    const { access } = guest.client;
    const all = [...this.#holdings.values()];
    return [
      ...(access.includes("nodes") ? this.#mesh.network.addresses : []),
      ...(access.includes("subnets") ? all.flatMap(({ ranges }) => ranges) : []),
      ...(isLeaving(guest, node.name) ? exits : []),
    ];
  }
}

function createScene(
  universe: Universe,
  rules: readonly {
    readonly from: readonly Prefix[];
    readonly to: readonly Prefix[];
    readonly ports: readonly PortRange[];
  }[],
): Scene {
  const paint = (prefixes: readonly Prefix[]): Uint8Array => {
    const painted = new Uint8Array(universe.size);
    for (const prefix of prefixes) {
      const { from, to } = universe.atomsOf(prefix);
      painted.fill(1, from, to);
    }
    return painted;
  };
  return {
    universe,
    rules: rules.map(({ from, to, ports }) => ({
      from: atomsOf(universe, from),
      to: paint(to),
      ports,
      known: new Set<readonly Prefix[]>(),
    })),
  };
}

/** Rule by rule: the same sources, the same ports, and of its targets exactly those that are held here. */
function checkPermits(
  { universe, rules }: Scene,
  permits: readonly Permit[],
  holding: Holding,
  differs: Differs,
): void {
  const held = atomsOf(universe, [...ownedBy(holding), ...holding.exits]);
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
    if (!isSame) differs(`other permits than rule ${at + 1} of the policy`);
  }
  if (next < permits.length) differs("more permits than the policy has rules");
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

/** Whether the client leaves the mesh through the node, for everywhere. */
function isLeaving({ client: { access, exit } }: Guest, via: Name): boolean {
  return access.includes("exit") || exit === via;
}

function isSameSet(universe: Universe, one: readonly Prefix[], other: readonly Prefix[]): boolean {
  if (one.length === 0 && other.length === 0) return true;
  return isSameAtoms(listAtoms(universe, one), atomsOf(universe, other));
}

/** The atoms in the list's own order: lists of a filter must be sorted and disjoint. */
function listAtoms(universe: Universe, prefixes: readonly Prefix[]): readonly number[] {
  const atoms: number[] = [];
  for (const prefix of prefixes) {
    const { from, to } = universe.atomsOf(prefix);
    for (let atom = from; atom < to; atom += 1) atoms.push(atom);
  }
  return atoms;
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
