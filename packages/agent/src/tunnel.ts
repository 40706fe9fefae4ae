/** An agent's tunnel in the kernel: makes it be as a device says, and knows what it was made to be. */
import type { Bundle } from "@warren/api";
import * as core from "@warren/core";
import type { InterfaceName, PrivateKey, PublicKey } from "@warren/core";
import { converge, remember, rememberFound, rememberGenerations } from "./converge.ts";
import { peersOf, takeDown } from "./converge.ts";
import type { Convergence, Memory } from "./converge.ts";
import { printStep } from "./kernel/kernel.ts";
import type { Kernel, PeerState } from "./kernel/kernel.ts";
import { peersAfter, peerSteps } from "./peer-steps.ts";
import { desiredOf, settingsOf } from "./reconcile.ts";
import type { Desired, OwnDevice } from "./reconcile.ts";

type Made = Omit<Convergence, "state">;

export class Tunnel {
  readonly #kernel: Kernel;
  readonly #privateKey: PrivateKey;
  readonly #interface: InterfaceName;
  readonly #memory: Memory = { endpoints: new Map(), generations: new Map(), silent: new Map() };
  #peers: ReadonlyMap<PublicKey, PeerState> = new Map();
  /** What it was made to be, where nothing has gone wrong since. */
  #settled: Bundle | undefined;
  /** It is looked at often, and changes seldom. */
  #desired: { readonly bundle: Bundle; readonly desired: Desired } | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(kernel: Kernel, privateKey: PrivateKey, own: InterfaceName) {
    this.#kernel = kernel;
    this.#privateKey = privateKey;
    this.#interface = own;
  }

  /** As they were when the kernel was looked at last. */
  get peers(): ReadonlyMap<PublicKey, PeerState> {
    return this.#peers;
  }

  /** Makes it be as a newer device says: without a look where that is about a few peers alone. */
  renew(bundle: Bundle): Promise<Made> {
    return this.#inTurn(() => this.#renew(bundle));
  }

  /** Makes it be as a device says, whatever it is. */
  restore(bundle: Bundle): Promise<Made> {
    return this.#inTurn(() => this.#restore(bundle));
  }

  readPeers(): Promise<ReadonlyMap<PublicKey, PeerState>> {
    return this.#inTurn(async () => {
      this.#peers = peersOf(await this.#kernel.read(this.#interface));
      return this.#peers;
    });
  }

  /** Of peers that are dialled by name. */
  setEndpoints(set: readonly (readonly [PublicKey, string])[]): Promise<void> {
    return this.#inTurn(async () => {
      const steps = set.flatMap(([publicKey, endpoint]) => {
        const allowedIps = this.#peers.get(publicKey)?.allowedIps;
        if (allowedIps === undefined) return [];
        return [{ kind: "peer", publicKey, change: { allowedIps, endpoint } } as const];
      });
      if (steps.length > 0) await this.#kernel.run(this.#interface, steps);
    });
  }

  takeDown(device: OwnDevice): Promise<void> {
    return this.#inTurn(async () => {
      this.#settled = undefined;
      await takeDown(this.#kernel, device);
    });
  }

  /** What one reads, and goes by, is so until it has done its work. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return await done;
  }

  async #renew(bundle: Bundle): Promise<Made> {
    const { endpoints } = this.#memory;
    const before = this.#settled && { bundle: this.#settled, peers: this.#peers };
    const steps = before && peerSteps(before, bundle, endpoints);
    if (before === undefined || steps === undefined) return await this.#restore(bundle);
    this.#settled = undefined;
    if (steps.length > 0) await this.#kernel.run(this.#interface, steps);
    remember(this.#memory, steps);
    rememberGenerations(this.#memory, bundle.device);
    this.#peers = peersAfter(this.#peers, steps);
    const old = new Set(before.bundle.device.peers);
    const changed = bundle.device.peers.filter((peer) => !old.has(peer));
    rememberFound(
      this.#memory,
      this.#peers,
      changed.map((peer) => [peer.publicKey, settingsOf(peer, bundle.presharedKeys)]),
    );
    this.#settled = bundle;
    return { done: steps.map(printStep), clashes: [], blocks: [] };
  }

  async #restore(bundle: Bundle): Promise<Made> {
    this.#settled = undefined;
    if (this.#desired?.bundle !== bundle) {
      const numeric = { ...bundle, device: core.withNumericEndpoints(bundle.device) };
      this.#desired = { bundle, desired: desiredOf(numeric, this.#privateKey) };
    }
    const { desired } = this.#desired;
    const { state, ...made } = await converge(this.#kernel, desired, this.#memory);
    this.#peers = peersOf(state);
    this.#settled = bundle;
    return made;
  }
}
