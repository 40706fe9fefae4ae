/**
 * A kernel in memory, for simulations: it does what the real one does with what we say, and has no
 * packets of its own. What happens to it from outside comes by `disturb`, what it carried by `carry`.
 */
import { AppError } from "@warren/api";
import { say } from "@warren/core";
import type { Admission, FirewallTexts, HostRoute, InterfaceName, PrivateKey } from "@warren/core";
import type { PublicKey } from "@warren/core";
import { admissionId, policyRuleId } from "@warren/agent";
import type { ForeignLink, Kernel, KernelState, Link, PeerChange } from "@warren/agent";
import type { PeerState, PolicyRule, Setting, Step } from "@warren/agent";

/** What does not hang on an interface. */
export interface FakeHost {
  readonly firewalls?: FirewallTexts;
  readonly hostRoutes?: readonly HostRoute[];
}

/** What hangs on the name of an interface. */
export interface FakeInterface {
  readonly link: Link | ForeignLink | undefined;
  readonly addresses: ReadonlySet<string>;
  readonly routes: ReadonlySet<string>;
  readonly table: string | undefined;
  readonly settings: ReadonlyMap<Setting, boolean>;
  readonly admissions: readonly Admission[];
  readonly policyRules: readonly PolicyRule[];
}

const NOTHING: FakeInterface = {
  link: undefined,
  addresses: new Set(),
  routes: new Set(),
  table: undefined,
  settings: new Map(),
  admissions: [],
  policyRules: [],
};

const FIRST_PORT = 30_000;

/** Whoever has a kernel do something is gone in the middle of it. */
export class Killed extends Error {}

export class FakeKernel implements Kernel {
  readonly #publicKeyOf: (privateKey: PrivateKey) => PublicKey;
  readonly #host: FakeHost;
  readonly #interfaces = new Map<InterfaceName, FakeInterface>();
  readonly #listeners = new Set<() => void>();
  #links = 0;
  /** Once: so many steps of a run are done, and no more. */
  killsAfter: number | undefined;

  constructor(publicKeyOf: (privateKey: PrivateKey) => PublicKey, host: FakeHost = {}) {
    this.#publicKeyOf = publicKeyOf;
    this.#host = host;
  }

  async read(name: InterfaceName): Promise<KernelState> {
    const { link, table, ...rest } = this.#of(name);
    return {
      ...rest,
      ...(link === undefined ? {} : { link }),
      ...(table === undefined ? {} : { table }),
      firewalls: this.#host.firewalls ?? {},
      hostRoutes: this.#host.hostRoutes ?? [],
    };
  }

  async run(name: InterfaceName, all: readonly Step[]): Promise<readonly Admission[]> {
    const steps = all.slice(0, this.killsAfter);
    for (let at = 0; at < steps.length; at += 1) {
      const peers = peersFrom(steps, at);
      const step = steps[at];
      if (peers.length > 0) this.#setPeers(name, peers);
      else if (step !== undefined) this.#do(name, step);
      at += Math.max(0, peers.length - 1);
    }
    if (steps.length === all.length) return [];
    this.killsAfter = undefined;
    throw new Killed("by kill -9");
  }

  /** Somebody else changes something: `change` is given what there is. */
  disturb(name: InterfaceName, change: (now: FakeInterface) => Partial<FakeInterface>): void {
    const now = this.#of(name);
    this.#interfaces.set(name, { ...now, ...change(now) });
    for (const changed of this.#listeners) changed();
  }

  /** As it is at this moment. */
  peek(name: InterfaceName): FakeInterface {
    return this.#of(name);
  }

  /** Packets came and went: nobody is told of these. */
  carry(name: InterfaceName, peers: Link["peers"]): void {
    const now = this.#of(name);
    if (now.link?.kind !== "wireguard") return;
    this.#interfaces.set(name, { ...now, link: { ...now.link, peers } });
  }

  /** It tells of everything, whosesoever it is. */
  watch(_name: InterfaceName, changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  #of(name: InterfaceName): FakeInterface {
    return this.#interfaces.get(name) ?? NOTHING;
  }

  #do(name: InterfaceName, step: Step): void {
    const { admissions, policyRules, settings } = this.#of(name);
    const change = (part: Partial<FakeInterface>): void => this.disturb(name, () => part);
    switch (step.kind) {
      case "link":
        return change(step.isAdded ? this.#create(name) : GONE);
      case "table":
        return change({ table: step.text });
      case "setting":
        return change({ settings: mapWith(settings, step.setting, step.isAdded || undefined) });
      case "admission": {
        const id = admissionId(step.admission);
        const others = admissions.filter((each) => admissionId(each) !== id);
        return change({ admissions: step.isAdded ? [...others, step.admission] : others });
      }
      case "policy-rule": {
        const id = policyRuleId(step.rule);
        const others = policyRules.filter((each) => policyRuleId(each) !== id);
        return change({ policyRules: step.isAdded ? [...others, step.rule] : others });
      }
      case "peer":
        return this.#setPeers(name, [step]);
      case "device":
      case "peer-gone":
      case "mtu":
      case "up":
      case "address":
      case "route":
        return change(this.#onLink(name, step));
    }
  }

  #create(name: InterfaceName): Pick<FakeInterface, "link"> {
    if (this.#of(name).link !== undefined) throw refusal(name, "File exists");
    this.#links += 1;
    const unset = { kind: "wireguard", isUp: false, mtu: 1420, fwmark: 0 } as const;
    const numbers = { index: this.#links + 1, listenPort: FIRST_PORT + this.#links };
    return { link: { ...unset, ...numbers, peers: new Map() } };
  }

  #setPeers(name: InterfaceName, steps: readonly PeerStep[]): void {
    const { link } = this.#of(name);
    if (link?.kind !== "wireguard") throw refusal(name, "Cannot find device");
    // It takes itself for no peer.
    const others = steps.filter(({ publicKey }) => publicKey !== link.publicKey);
    this.disturb(name, () => ({ link: { ...link, peers: withPeers(link.peers, others) } }));
  }

  #onLink(name: InterfaceName, step: LinkStep): Partial<FakeInterface> {
    const { link, addresses, routes } = this.#of(name);
    if (link?.kind !== "wireguard") throw refusal(name, "Cannot find device");
    switch (step.kind) {
      case "device": {
        const { privateKey, ...rest } = step.change;
        if (privateKey === undefined) return { link: { ...link, ...rest } };
        const publicKey = this.#publicKeyOf(privateKey);
        const peers = mapWith(link.peers, publicKey, undefined);
        return { link: { ...link, ...rest, publicKey, peers } };
      }
      case "peer-gone":
        return { link: { ...link, peers: mapWith(link.peers, step.publicKey, undefined) } };
      case "mtu":
        return { link: { ...link, mtu: step.mtu } };
      case "up":
        return { link: { ...link, isUp: true } };
      case "address": {
        const left = setWith(addresses, step.address, step.isAdded);
        // With the last address of IPv4 go its routes.
        const has4 = [...left].some((each) => !each.includes(":"));
        const kept =
          has4 || step.isAdded ? routes : new Set([...routes].filter((each) => each.includes(":")));
        return { addresses: left, routes: kept };
      }
      case "route":
        if (!link.isUp) throw refusal(name, "Network is down");
        if (!step.isAdded && !routes.has(step.route)) throw refusal(name, "No such process");
        return { routes: setWith(routes, step.route, step.isAdded) };
    }
  }
}

type LinkStep = Exclude<
  Step,
  { readonly kind: "link" | "table" | "setting" | "admission" | "policy-rule" | "peer" }
>;

/** With a link goes what hangs on it. */
const GONE: Partial<FakeInterface> = { link: undefined, addresses: new Set(), routes: new Set() };

type PeerStep = Extract<Step, { readonly kind: "peer" }>;

/** Those that stand side by side, since each copy of a thousand peers takes its time. */
function peersFrom(steps: readonly Step[], start: number): readonly PeerStep[] {
  const peers: PeerStep[] = [];
  for (let at = start; at < steps.length; at += 1) {
    const step = steps[at];
    if (step?.kind !== "peer") break;
    peers.push(step);
  }
  return peers;
}

/** Each prefix belongs to one peer: to the last that was given it. */
function withPeers(
  peers: ReadonlyMap<PublicKey, PeerState>,
  steps: readonly PeerStep[],
): ReadonlyMap<PublicKey, PeerState> {
  const after = new Map(peers);
  const isKept = ({ publicKey, change }: PeerStep): boolean =>
    [...change.allowedIps].join() === [...(peers.get(publicKey)?.allowedIps ?? [])].join();
  const owners = new Map<string, PublicKey>();
  // Who owns what costs time where there are thousands, and matters where it changes.
  for (const [key, { allowedIps }] of steps.every(isKept) ? [] : peers)
    for (const each of allowedIps) owners.set(each, key);
  for (const { publicKey, change } of steps) {
    for (const each of change.allowedIps) {
      const owner = owners.get(each);
      const state = owner === undefined ? undefined : after.get(owner);
      if (owner !== undefined && state !== undefined) {
        after.set(owner, { ...state, allowedIps: setWith(state.allowedIps, each, false) });
      }
      owners.set(each, publicKey);
    }
    after.set(publicKey, changed(after.get(publicKey), change));
  }
  return after;
}

function changed(
  state: PeerState = { allowedIps: new Set(), keepaliveSeconds: 0, received: 0, sent: 0 },
  { presharedKey, ...change }: PeerChange,
): PeerState {
  const { presharedKey: before = "none", ...rest } = state;
  const secret = presharedKey ?? before;
  return { ...rest, ...change, ...(secret === "none" ? {} : { presharedKey: secret }) };
}

function mapWith<K, V>(map: ReadonlyMap<K, V>, key: K, value: V | undefined): ReadonlyMap<K, V> {
  const after = new Map(map);
  if (value === undefined) after.delete(key);
  else after.set(key, value);
  return after;
}

function setWith<T>(set: ReadonlySet<T>, each: T, isIn: boolean): ReadonlySet<T> {
  const after = new Set(set);
  if (isIn) after.add(each);
  else after.delete(each);
  return after;
}

function refusal(name: InterfaceName, why: string): AppError {
  return new AppError("kernel", say`cannot change interface ${name}: ${why}`, {
    fix: say`this kernel is a simulation: look at what was asked of it`,
  });
}
