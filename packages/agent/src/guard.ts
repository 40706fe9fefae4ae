/** Which device is tried, and which one comes back when that has cut its host off. */
import * as core from "@warren/core";
import type { StoredDevice } from "./files.ts";
import { firstOf } from "./rouse.ts";
import { Trial } from "./trial.ts";
import type { Tunnel } from "./tunnel.ts";
import type { World } from "./world.ts";

export interface GuardOptions {
  /** Asks the server for an answer, which is told by `pass`. */
  readonly ask: () => void;
  readonly refused: (error: unknown) => void;
  /** What was refused may be tried again. */
  readonly retry: () => void;
  /** This is the device again. */
  readonly takeBack: (before: StoredDevice, device: StoredDevice, why: core.Phrase) => void;
}

/** A site may have lost its uplink just then: what was refused is tried again, twice as late each time. */
const RETRY_MS = 600_000;
const LAST_RETRY_MS = 86_400_000;

export class Guard {
  readonly #world: World;
  readonly #tunnel: Tunnel;
  readonly #retry: () => void;
  readonly #trial: Trial;
  readonly #takeBack: GuardOptions["takeBack"];
  /** What the tunnel was made to be last, and before the change that is judged. */
  #device: StoredDevice | undefined;
  #before: StoredDevice | undefined;
  /** What has cut the host off, by its hash. */
  #refusal: { readonly hash: string; readonly why: core.Text } | undefined;
  /** What was refused last, and for how long. */
  #lastRefused: { readonly hash: string; readonly forMs: number } | undefined;
  #callOff: (() => void) | undefined;
  /** What the server wants now, by its hash. */
  #offered: string | undefined;

  constructor(world: World, tunnel: Tunnel, { ask, refused, retry, takeBack }: GuardOptions) {
    const { clock, knock, visit } = world;
    this.#world = world;
    this.#tunnel = tunnel;
    this.#retry = retry;
    this.#takeBack = takeBack;
    if (visit?.cutOffBy !== undefined) this.#refusal = { hash: visit.cutOffBy, why: cutOff() };
    this.#trial = new Trial({
      clock,
      isServerEnough: visit !== undefined,
      ask,
      knock: (keys) => {
        const { peers = [] } = this.#device?.bundle.device ?? {};
        knock(peers.filter(({ publicKey }) => keys.includes(publicKey)).flatMap(firstOf));
      },
      readPeers: async () => await tunnel.readPeers(),
      refused,
      failed: (silent, asked) => this.#failed(silent, asked),
    });
  }

  get isJudging(): boolean {
    return this.#trial.isRunning;
  }

  /** With each look at the kernel. */
  look(): void {
    this.#trial.look(this.#tunnel.peers);
  }

  /** The server has answered. */
  pass(): void {
    this.#trial.pass();
  }

  close(): void {
    this.#trial.pass();
    this.#callOff?.();
  }

  /** The same is of another revision, perhaps of another log. */
  confirm(device: StoredDevice): void {
    if (device.hash === this.#device?.hash) this.#device = device;
  }

  /** The server has sent it; why it is not tried again as it is, for now. */
  offer({ hash }: StoredDevice): core.Text | undefined {
    this.#offered = hash;
    return hash === this.#refusal?.hash ? this.#refusal.why : undefined;
  }

  /** The tunnel was made to be so. What is about few of many peers cuts no host off. */
  made(device: StoredDevice, done: readonly string[]): void {
    const before = this.#device;
    this.#device = device;
    const isGreat =
      done.length * 2 > this.#trial.heard.length || done.some((step) => !step.startsWith("peer"));
    if (before === undefined || before.hash === this.#refusal?.hash || !isGreat) return;
    if (!this.#trial.isRunning) this.#before = before;
    this.#trial.begin();
  }

  #failed(silent: number, asked: number): void {
    const [device, before] = [this.#device, this.#before];
    if (device === undefined || before === undefined) return;
    const why =
      asked === 0
        ? cutOff()
        : core.say`revision ${device.rev} has cut this host off and was taken back: neither the server nor ${silent} of ${asked} peers answered; mend what it changed, or restart the agent to try it again`;
    const { hash } = device;
    this.#refusal = { hash, why };
    const last = this.#lastRefused?.hash === hash ? this.#lastRefused.forMs : RETRY_MS / 2;
    const forMs = Math.min(LAST_RETRY_MS, last * 2);
    this.#lastRefused = { hash, forMs };
    this.#callOff?.();
    this.#callOff = this.#world.clock.after(forMs, () => {
      this.#refusal = undefined;
      if (this.#offered === hash) this.#retry();
    });
    this.#takeBack(before, device, why);
    // It may find no room: what was cut off is back by then.
    this.#world.visit?.noteCutOff(hash);
  }
}

function cutOff(): core.Phrase {
  return core.say`taken back: with what the server wants it is not reached any more; mend what was changed`;
}
