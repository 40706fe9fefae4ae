/**
 * A control plane and its agents in one process: the real server's heart and the real agents' loops, over a
 * kernel, a network, a disk and a clock that are made up. Time goes on only when it is told to.
 */
import { AppError, bundleOf } from "@warren/api";
import type { PresharedKeys } from "@warren/api";
import { Agent, FakeKernel } from "@warren/agent";
import type { AgentWorld, StoredDevice } from "@warren/agent";
import * as core from "@warren/core";
import type { InterfaceName, Name, PrivateKey } from "@warren/core";
import { createPresharedKeys, digest, publicKeyOf } from "@warren/crypto";
import { createMemoryStore, Ledger, Streams } from "@warren/server";
import type { State } from "@warren/server";

/** A packet takes so long, one way. */
const LATENCY_MS = 5;
const OWN = "warren0" as InterfaceName;

/** Does what was put off in its order, when time is told to go on. */
export class SimClock {
  #now = 1_000_000;
  #count = 0;
  readonly #timers = new Map<number, { readonly atMs: number; readonly work: () => void }>();

  now(): number {
    return this.#now;
  }

  after(delayMs: number, work: () => void): () => void {
    this.#count += 1;
    const id = this.#count;
    this.#timers.set(id, { atMs: this.#now + delayMs, work });
    return () => this.#timers.delete(id);
  }

  async pass(spanMs: number): Promise<void> {
    const endsAt = this.#now + spanMs;
    for (;;) {
      await settle();
      const [next] = [...this.#timers].toSorted(([, one], [, other]) => one.atMs - other.atMs);
      if (next === undefined || next[1].atMs > endsAt) break;
      this.#timers.delete(next[0]);
      this.#now = next[1].atMs;
      next[1].work();
    }
    this.#now = endsAt;
  }
}

export class PlaneWorld {
  readonly clock = new SimClock();
  readonly network = "m" as Name;
  readonly #store = createMemoryStore("epoch");
  readonly #hosts = new Map<string, SimHost>();
  readonly #presharedKeys: PresharedKeys = createPresharedKeys(
    Buffer.alloc(32, 7).toString("base64"),
  );
  #server: { readonly ledger: Ledger; readonly streams: Streams } | undefined;

  get hosts(): readonly SimHost[] {
    return [...this.#hosts.values()];
  }

  get ledger(): Ledger {
    if (this.#server === undefined) throw new Error("the server is away");
    return this.#server.ledger;
  }

  get streams(): Streams | undefined {
    return this.#server?.streams;
  }

  async startServer(): Promise<void> {
    const ledger = await Ledger.open(this.#store, this.clock);
    const secrets = { digest, presharedKeys: () => this.#presharedKeys };
    this.#server = { ledger, streams: new Streams(ledger, this.clock, secrets) };
  }

  /** As kill -9 does it: nobody is told. */
  killServer(): void {
    this.#server = undefined;
    for (const host of this.hosts) host.cut();
  }

  async commit(change: (state: State) => State): Promise<void> {
    await this.ledger.commit({ actor: "sim", command: "sim" }, change);
  }

  host(name: string): SimHost {
    const host = this.#hosts.get(name) ?? new SimHost(this, name);
    this.#hosts.set(name, host);
    return host;
  }

  /** What a host's kernel should have for its tunnel's peers: by key, AllowedIPs and preshared key. */
  wanted(name: string): readonly string[] {
    const index = this.ledger.plan(this.network)?.index;
    const member = index?.byName.get(name as Name);
    if (index === undefined || member === undefined) return [];
    return core
      .device(index, member)
      .peers.map(({ publicKey, allowedIps, presharedKeyId }) => {
        const key = presharedKeyId === undefined ? "none" : this.#presharedKeys(presharedKeyId);
        return `${publicKey} ${allowedIps.map(core.printPrefix).join()} ${key}`;
      })
      .toSorted();
  }
}

/** A host with a kernel and a disk, which outlive its agent. */
export class SimHost {
  readonly name: string;
  readonly privateKey: PrivateKey;
  kernel = new FakeKernel(publicKeyOf);
  readonly #world: PlaneWorld;
  #disk: StoredDevice | undefined;
  #agent: Agent | undefined;
  #closed: (() => void) | undefined;
  /** Where its packets come from, as the server sees it. */
  address: core.Address | undefined;
  /** It does nothing that it is told, or keeps nothing. */
  isRefusing = false;
  isFull = false;
  /** Nothing comes through. */
  isCutOff = false;
  /** Where its agents have sent something, to have a handshake begun. */
  readonly knocked: string[] = [];

  constructor(world: PlaneWorld, name: string) {
    this.#world = world;
    this.name = name;
    this.privateKey = Buffer.alloc(32, name).toString("base64") as PrivateKey;
  }

  /** In the place of the one that runs, which is killed. */
  startAgent(): void {
    this.killAgent();
    const agent = new Agent(this.#createWorld(), {
      privateKey: this.privateKey,
      version: "sim",
      interface: OWN,
      ...core.optional("device", this.#disk),
    });
    this.#agent = agent;
    void agent.run();
  }

  /** With nothing but what is on its disk. */
  boot(): void {
    this.killAgent();
    this.kernel = new FakeKernel(publicKeyOf);
    this.startAgent();
  }

  killAgent(): void {
    this.#agent?.stop();
    this.#agent = undefined;
  }

  cut(): void {
    const closed = this.#closed;
    this.#closed = undefined;
    closed?.();
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

  #createWorld(): AgentWorld {
    const { clock } = this.#world;
    let turn = 0;
    return {
      kernel: {
        read: (own) => this.kernel.read(own),
        run: async (own, steps) => {
          if (this.isRefusing) throw refusal();
          return await this.kernel.run(own, steps);
        },
      },
      clock: {
        now: () => clock.now(),
        random: () => {
          turn += 1;
          return (turn * 0.37) % 1;
        },
        after: (delayMs, work) => clock.after(delayMs, work),
      },
      digest,
      connect: (events) => this.#connect(events),
      save: (device) => {
        if (this.isFull) throw refusal();
        const bundle = bundleOf(device.entries);
        if (bundle instanceof core.Problem) throw new Error(String(bundle));
        this.#disk = { ...device, bundle };
      },
      resolve: async () => undefined,
      findUnrouted: async () => new Set<string>(),
      readAddresses: () => [],
      knock: (addresses) => void this.knocked.push(...addresses.map(core.printPrefix)),
      log: () => undefined,
      onStatus: () => undefined,
    };
  }

  /** In order, and a while later, while both are there. */
  #connect(events: Parameters<AgentWorld["connect"]>[0]): ReturnType<AgentWorld["connect"]> {
    const { clock, streams, network } = this.#world;
    const node = this.name;
    let isOpen = true;
    let isLost = false;
    const later = (work: () => void): void => void clock.after(LATENCY_MS, work);
    // What was sent before it arrives.
    const close = (): void => {
      if (isOpen) later(() => events.closed("gone", false));
      isOpen = false;
    };
    const joined =
      streams === undefined
        ? undefined
        : this.#world.ledger.state.node.get(`${network}/${node}`)?.joined;
    if (streams === undefined || joined === undefined || this.isCutOff) {
      close();
      return { send: () => undefined, close };
    }
    const line = {
      bufferedBytes: 0,
      send: (text: string) => {
        if (isOpen) later(() => isLost || events.received(text));
      },
      close,
    };
    const { receive, end } = streams.connect(
      { network, node, ...core.optional("address", this.address) },
      line,
    );
    this.#closed = () => {
      isLost = true;
      end();
      close();
    };
    later(() => isOpen && events.opened());
    return {
      send: (text) => {
        if (isOpen) later(() => isLost || receive(text));
      },
      close: () => this.cut(),
    };
  }
}

function refusal(): AppError {
  return new AppError("kernel", core.say`it is not to be`, { fix: core.say`mend the test` });
}

/** Whatever has begun and needs no clock: a step of an agent awaits some dozens of answers, one after the other. */
async function settle(): Promise<void> {
  for (let awaited = 0; awaited < 200; awaited += 1) await Promise.resolve();
}
