/** A host of the simulation: a kernel, a disk and a way to the server, which outlive its agent. */
import { AppError, bundleOf } from "@warren/api";
import type { Agent, AgentWorld, Step, StoredDevice } from "@warren/agent";
import * as core from "@warren/core";
import type { InterfaceName, PrivateKey } from "@warren/core";
import { digest, publicKeyOf } from "@warren/crypto";
import { FakeKernel, Killed } from "../tools/fake-kernel.ts";
import type { SimClock } from "./clock.ts";
import type { LineEvents, SimLine, Spoiling } from "./network.ts";
import { SILENT_MS } from "./network.ts";

export const OWN = "warren0" as InterfaceName;
/** Through this, for whoever has a route to it into the tunnel, lies the way to everything outside. */
export const UPLINK = "192.0.2.0/24";
/** As the unit of an agent has it. */
const RESTART_MS = 2000;
/** Longer than from one second's traffic to the next. */
const SWALLOWED_MS = 1100;

/** What a host is in: everything but itself. */
export interface Surroundings {
  readonly clock: SimClock;
  readonly Agent: typeof Agent;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Of a program that asks the kernel, or has it do something. */
  readonly kernelMs: () => number;
  readonly createLine: (host: SimHost, events: LineEvents) => SimLine;
  /** Before the kernel does them for an agent. */
  readonly watch: (host: SimHost, steps: readonly Step[]) => void;
  /** Before an agent keeps another device. */
  readonly keep: (host: SimHost, before: StoredDevice | undefined, device: StoredDevice) => void;
}

/** What is on its disk: which agents write, and an image brings back. */
export interface HostDisk {
  readonly device: StoredDevice | undefined;
  /** Hash of that by which the server knows it. */
  readonly credential: string | undefined;
  readonly isRevoked: boolean;
}

export class SimHost {
  readonly name: string;
  readonly privateKey: PrivateKey;
  readonly publicKey: core.PublicKey;
  kernel = new FakeKernel(publicKeyOf);
  readonly #around: Surroundings;
  disk: HostDisk = { device: undefined, credential: undefined, isRevoked: false };
  #agent: Agent | undefined;
  /** Of the agent: what it has begun goes no further once that is over. */
  #life = { isOver: true };
  #line: SimLine | undefined;
  /** Where its packets come from, as the server sees it. */
  address: core.Address | undefined;
  /** That is its own: nothing translates it. */
  isPublic = false;
  /** What its agent says of itself. */
  status: Parameters<AgentWorld["onStatus"]>[0] | undefined;
  /** What its agent wanted to keep last, and with what it began. */
  kept: StoredDevice | undefined;
  begunWith: StoredDevice | undefined;
  #wanted: StoredDevice | undefined;
  /** It does nothing that it is told, or keeps nothing. */
  isRefusing = false;
  /** What it has cannot be read. */
  isUnreadable = false;
  /** Its kernel says when somebody has changed something. */
  isTelling = true;
  /** It was told that it is no node any more; until it joins again. */
  isOut = false;
  /** And could not write it down: whoever starts next does not know it. */
  #isForgetful = false;
  isFull = false;
  /** Of its own clock. */
  clockAheadMs = 0;
  /** Nothing comes through to the server. */
  isCutOff = false;
  /** Nothing comes through to other hosts. */
  isLonely = false;
  /** A route to its uplink leads everything into the tunnel. */
  hasUplink = false;
  /** When its agent was started last, and when something else befell it. */
  startedAt = -Infinity;
  disturbedAt = -Infinity;
  /** How often its agents have taken back what cut it off. */
  takesBack = 0;
  /** They have refused what they were told: whatever comes after it does not fit to what they have. */
  hasRefused = false;
  #stalls = 0;
  /** The server's word for why it ended a line that stood, and how often its agents have asked for all. */
  readonly ends: string[] = [];
  resyncs = 0;
  /** Since when its agents have had each peer in the kernel. */
  readonly peersSince = new Map<core.PublicKey, number>();
  /** How often its agents have had the kernel do something. */
  runs = 0;
  /** Texts of its lines may have been lost or doubled in the middle. */
  wasSpoiled = false;
  /** Where its agents have sent something, to have a handshake begun. */
  readonly knocked: string[] = [];

  constructor(around: Surroundings, name: string) {
    this.#around = around;
    this.name = name;
    this.privateKey = Buffer.alloc(32, name).toString("base64") as PrivateKey;
    this.publicKey = publicKeyOf(this.privateKey);
  }

  get credential(): string | undefined {
    return this.disk.credential;
  }

  /** Its agent was killed before: it has another credential now. */
  join(credential: string): void {
    this.disk = { ...this.disk, credential, isRevoked: false };
    this.isOut = false;
    this.ends.length = 0;
  }

  /** What it sends ends in its own tunnel. */
  get isSwallowed(): boolean {
    return this.hasUplink && this.kernel.peek(OWN).routes.has(UPLINK);
  }

  /** Nothing comes through to the server, for the one reason or the other. */
  get isAway(): boolean {
    return this.isCutOff || this.isSwallowed;
  }

  get isRunning(): boolean {
    return this.#agent !== undefined;
  }

  /** In the place of the one that runs, which is killed. */
  startAgent(): void {
    this.killAgent();
    const life = { isOver: false };
    const { device, isRevoked } = this.disk;
    if (this.#isForgetful) {
      this.isOut = this.#isForgetful = false;
      this.ends.length = 0;
    }
    const revoked = { interface: OWN, publicKey: this.publicKey };
    this.begunWith = this.#wanted = device;
    this.startedAt = this.#around.clock.now();
    const agent = new this.#around.Agent(this.#createWorld(life), {
      privateKey: this.privateKey,
      version: "sim",
      interface: OWN,
      ...core.optional("device", device),
      ...(isRevoked ? { revoked } : {}),
    });
    this.#life = life;
    this.#agent = agent;
    void agent.run().then((how) => {
      if (how === "stopped" || this.#agent !== agent) return;
      this.disk = { device: undefined, credential: undefined, isRevoked: false };
      this.killAgent();
    });
  }

  /** With nothing but what is on its disk. */
  boot(): void {
    this.killAgent();
    this.kernel = new FakeKernel(publicKeyOf);
    this.peersSince.clear();
    this.startAgent();
  }

  /** As kill -9 does it: it does nothing more, and its system ends its line. */
  killAgent(): void {
    this.#life.isOver = true;
    this.#line?.leave(this.isAway ? SILENT_MS : 0);
    this.#line = undefined;
    this.#agent?.stop();
    this.#agent = undefined;
  }

  /** The line that stands is lost, and each end hears of it so much later. */
  cut({ agentMs = 0, serverMs = 0 } = {}): void {
    this.#line?.break({ agentMs, serverMs });
  }

  /** For so long, if it lives: then it was silence for too long. */
  stall(spanMs: number): void {
    const line = this.#line;
    line?.stall(true);
    this.#stalls += 1;
    const stall = this.#stalls;
    this.#around.clock.after(Math.min(spanMs, SILENT_MS), () => {
      if (spanMs >= SILENT_MS) line?.break({ agentMs: 0, serverMs: SILENT_MS / 3 });
      else if (this.#stalls === stall) line?.stall(false);
    });
  }

  /** With what it sends nothing comes through for now. */
  holdSwallowed(): void {
    if (this.isSwallowed) this.stall(SWALLOWED_MS);
  }

  spoil(direction: "agent" | "server", how?: Spoiling): void {
    this.#line?.spoil(direction, how);
    this.wasSpoiled ||= how !== undefined;
  }

  async peers(): Promise<readonly string[]> {
    const { link } = await this.kernel.read(OWN);
    if (link?.kind !== "wireguard") return [];
    return [...link.peers]
      .map(
        ([key, { allowedIps, presharedKey }]) =>
          `${key} ${[...allowedIps].join()} ${presharedKey ?? "none"}`,
      )
      .toSorted();
  }

  async routes(): Promise<readonly string[]> {
    return [...(await this.kernel.read(OWN)).routes].toSorted();
  }

  /** Whatever is of the tunnel; all of it is to be gone when its host is out. */
  async leftovers(): Promise<readonly string[]> {
    const { firewalls: _, hostRoutes: __, ...state } = await this.kernel.read(OWN);
    return Object.entries(state).flatMap(([what, value]) => {
      const isEmpty =
        (Array.isArray(value) && value.length === 0) ||
        ((value instanceof Set || value instanceof Map) && value.size === 0);
      return isEmpty ? [] : [what];
    });
  }

  /** As somebody does it by hand. */
  async removePeers(): Promise<void> {
    const { link } = await this.kernel.read(OWN);
    const keys = link?.kind === "wireguard" ? [...link.peers.keys()] : [];
    await this.kernel.run(
      OWN,
      keys.map((publicKey) => ({ kind: "peer-gone", publicKey })),
    );
  }

  async endpoints(): Promise<readonly string[]> {
    const { link } = await this.kernel.read(OWN);
    if (link?.kind !== "wireguard") return [];
    return [...link.peers.values()].flatMap(({ endpoint }) => endpoint ?? []).toSorted();
  }

  async linkIndex(): Promise<number | undefined> {
    const { link } = await this.kernel.read(OWN);
    return link?.kind === "wireguard" ? link.index : undefined;
  }

  /** Of one process: once its life is over it hears no answer, and nothing that it does is done. */
  #createWorld(life: { readonly isOver: boolean }): AgentWorld {
    const { clock, random } = this.#around;
    const startedAt = clock.now();
    const unless = (work: () => void): void => {
      if (!life.isOver) work();
    };
    return {
      kernel: this.#createKernel(life),
      clock: {
        now: () => clock.now() - startedAt,
        wall: () => Math.floor(clock.now()) + this.clockAheadMs,
        random,
        after: (delayMs, work) => clock.after(delayMs, () => unless(work)),
      },
      digest,
      connect: (events) => this.#connect(life, events),
      save: (device) => unless(() => this.#save(device)),
      forget: () => unless(() => this.#forget()),
      resolve: async () => undefined,
      findUnrouted: async () => new Set<string>(),
      readAddresses: () => (this.address !== undefined && this.isPublic ? [this.address] : []),
      examine: () => undefined,
      knock: (addresses) => unless(() => this.knocked.push(...addresses.map(core.printPrefix))),
      log: (text) => {
        if (core.printText(text).includes("has cut this host off")) this.takesBack += 1;
      },
      onStatus: (status) =>
        unless(() => {
          this.status = status;
          this.hasRefused ||= core.printText(status.error ?? "").includes("refused: ");
        }),
    };
  }

  #createKernel(life: { readonly isOver: boolean }): AgentWorld["kernel"] {
    const kernel = this.kernel;
    return {
      // Some kernels tell nobody of what others do.
      ...(this.isTelling ? { watch: (own, changed) => kernel.watch(own, changed) } : {}),
      read: async (own) => {
        await this.#pause(life);
        if (this.isUnreadable) throw refusal();
        return await kernel.read(own);
      },
      run: async (own, steps) => {
        await this.#pause(life);
        if (this.isRefusing) throw refusal();
        this.runs += 1;
        this.#around.watch(this, steps);
        try {
          const refused = await kernel.run(own, steps);
          this.holdSwallowed();
          await this.#pause(life);
          return refused;
        } catch (error) {
          if (error instanceof Killed) return await this.#die();
          throw error;
        }
      },
      watch: (own, changed) => kernel.watch(own, changed),
    };
  }

  /** As long as a program takes; whoever is killed meanwhile goes no further. */
  async #pause(life: { readonly isOver: boolean }): Promise<void> {
    const ms = this.#around.kernelMs();
    if (ms > 0) await new Promise<void>((goOn) => void this.#around.clock.after(ms, goOn));
    if (life.isOver) await new Promise<never>(() => undefined);
  }

  /** In the middle of what it has the kernel do; its service starts another. */
  async #die(): Promise<never> {
    this.killAgent();
    this.#around.clock.after(RESTART_MS, () => this.isRunning || this.startAgent());
    return await new Promise<never>(() => undefined);
  }

  #save(device: Omit<StoredDevice, "bundle">): void {
    const bundle = bundleOf(device.entries);
    if (bundle instanceof core.Problem) throw new Error(String(bundle));
    const wanted = { ...device, bundle };
    this.#around.keep(this, this.#wanted, wanted);
    this.#wanted = this.kept = wanted;
    if (this.isFull) throw refusal();
    this.disk = { ...this.disk, device: this.kept };
  }

  #forget(): void {
    this.#isForgetful = this.isFull;
    if (this.isFull) throw refusal();
    this.disk = { ...this.disk, isRevoked: true };
  }

  #connect(
    life: { readonly isOver: boolean },
    events: LineEvents,
  ): ReturnType<AgentWorld["connect"]> {
    // One that was just killed calls nobody; what it holds then is in nobody's way.
    if (life.isOver) return { send: () => undefined, ask: () => undefined, close: () => undefined };
    const line = this.#around.createLine(this, {
      opened: () => events.opened(),
      received: (text) => {
        this.isOut ||= text.includes('"kind":"revoked"');
        events.received(text);
      },
      answered: () => events.answered(),
      closed: (why, isLasting, isReplaced) => {
        this.ends.push(core.printText(why));
        events.closed(why, isLasting, isReplaced);
      },
    });
    this.#line = line;
    const called = line.call(!this.isAway);
    return {
      send: (text) => {
        if (text.includes('"kind":"resync"')) this.resyncs += 1;
        called.send(text);
      },
      ask: () => called.ask(),
      close: () => called.close(),
    };
  }
}

function refusal(): AppError {
  return new AppError("kernel", core.say`it is not to be`, { fix: core.say`mend the test` });
}
