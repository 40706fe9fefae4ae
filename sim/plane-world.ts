/**
 * A control plane and its agents in one process: the real server's heart and the real agents' loops, over a
 * kernel, a network, a disk and a clock that are made up. Time goes on only when it is told to.
 */
import { AppError, bundleOf } from "@warren/api";
import type { PresharedKeys } from "@warren/api";
import { Agent } from "@warren/agent";
import type { AgentWorld, StoredDevice } from "@warren/agent";
import * as core from "@warren/core";
import type { InterfaceName, Name, PrivateKey } from "@warren/core";
import { createPresharedKeys, digest, hashSecret, publicKeyOf } from "@warren/crypto";
import { joinNode, Ledger, Streams } from "@warren/server";
import type { State } from "@warren/server";
import { SimClock } from "./clock.ts";
import { SimDisk } from "./disk.ts";
import { FakeKernel, Killed } from "../tools/fake-kernel.ts";

/** A packet takes so long, one way. */
const LATENCY_MS = 5;
const OWN = "warren0" as InterfaceName;
/** As the unit of an agent has it. */
const RESTART_MS = 2000;

export class PlaneWorld {
  readonly clock = new SimClock();
  readonly disk = new SimDisk(this.clock);
  readonly network = "m" as Name;
  readonly #hosts = new Map<string, SimHost>();
  readonly #presharedKeys: PresharedKeys = createPresharedKeys(
    Buffer.alloc(32, 7).toString("base64"),
  );
  #server: { readonly ledger: Ledger; readonly streams: Streams } | undefined;
  /** The newest revision that somebody was told is there. */
  #acknowledged = 0;

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
    const ledger = await Ledger.open(this.disk.open(), this.clock);
    if (ledger.rev < this.#acknowledged) throw new Error("an acknowledged commit is lost");
    const secrets = { digest, presharedKeys: () => this.#presharedKeys, report: fail };
    this.#server = { ledger, streams: new Streams(ledger, this.clock, secrets) };
  }

  /** As kill -9 does it: nobody is told. */
  killServer(): void {
    this.disk.kill();
    this.#server = undefined;
    for (const host of this.hosts) host.cut();
  }

  /** With what somebody puts on the disk while it is away. */
  async restart(put: () => void): Promise<void> {
    this.killServer();
    put();
    this.#acknowledged = this.disk.content.rev;
    await this.startServer();
  }

  /** Ends when it is written, or refused. */
  async commit(change: (state: State) => State): Promise<void> {
    const [done] = await Promise.all([Promise.allSettled([this.begin(change)]), this.#written()]);
    for (const each of done) if (each.status === "rejected") throw each.reason;
  }

  /** Ends when its server has answered: never, where that is killed before. */
  async begin(change: (state: State) => State): Promise<void> {
    const rev = await this.ledger.commit({ actor: "sim", command: "sim" }, change);
    this.#acknowledged = Math.max(this.#acknowledged, rev);
  }

  async join(name: string): Promise<void> {
    const { network, clock } = this;
    const host = this.host(name);
    const publicKey = publicKeyOf(host.privateKey);
    const credential = hashSecret(`${name} ${clock.now()}`);
    const wish = { network, name: name as Name, publicKey, credential, at: clock.now() };
    await this.commit((state) => joinNode(state, wish));
    host.killAgent();
    host.credential = credential;
    host.isOut = false;
  }

  /** Long enough for a disk that nobody else writes to. */
  async #written(): Promise<void> {
    await this.clock.pass(20);
  }

  host(name: string): SimHost {
    const host = this.#hosts.get(name) ?? new SimHost(this, name);
    this.#hosts.set(name, host);
    return host;
  }

  /** What a host's kernel should have for its tunnel: peers by key, AllowedIPs and preshared key, then routes. */
  wanted(name: string): readonly string[] {
    const index = this.ledger.plan(this.network)?.index;
    const member = index?.byName.get(name as Name);
    if (index === undefined || member === undefined) return [];
    const device = core.device(index, member);
    const peers = device.peers.map(({ publicKey, allowedIps, presharedKeyId }) => {
      const key = presharedKeyId === undefined ? "none" : this.#presharedKeys(presharedKeyId);
      return `${publicKey} ${allowedIps.map(core.printPrefix).join()} ${key}`;
    });
    return [...peers.toSorted(), ...core.routesOf(device).toSorted()];
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
  /** Hash of that by which the server knows it. */
  #credential: string | undefined;
  /** Its disk says that it is no node any more. */
  #isRevoked = false;
  /** Where its packets come from, as the server sees it. */
  address: core.Address | undefined;
  /** What its agent says of itself. */
  status: Parameters<AgentWorld["onStatus"]>[0] | undefined;
  /** It does nothing that it is told, or keeps nothing. */
  isRefusing = false;
  /** What it has cannot be read. */
  isUnreadable = false;
  /** It was told that it is no node any more; until it joins again. */
  isOut = false;
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

  get credential(): string | undefined {
    return this.#credential;
  }

  /** Of a new join. */
  set credential(credential: string) {
    this.#credential = credential;
    this.#isRevoked = false;
  }

  get isRunning(): boolean {
    return this.#agent !== undefined;
  }

  /** To the server, as a node. */
  get isKnown(): boolean {
    const { network, ledger } = this.#world;
    const joined = ledger.state.node.get(`${network}/${this.name}`)?.joined;
    return joined !== undefined && joined.credential === this.credential;
  }

  /** In the place of the one that runs, which is killed. */
  startAgent(): void {
    this.killAgent();
    const revoked = { interface: OWN, publicKey: publicKeyOf(this.privateKey) };
    const agent = new Agent(this.#createWorld(), {
      privateKey: this.privateKey,
      version: "sim",
      interface: OWN,
      ...core.optional("device", this.#disk),
      ...(this.#isRevoked ? { revoked } : {}),
    });
    this.#agent = agent;
    void agent.run().then((how) => {
      if (how === "stopped" || this.#agent !== agent) return;
      this.#disk = this.#credential = undefined;
      this.#agent = undefined;
    });
  }

  /** In the middle of what it has the kernel do: it goes no further, and its service starts another. */
  async #die(): Promise<never> {
    const { clock } = this.#world;
    this.killAgent();
    clock.after(RESTART_MS, () => this.isRunning || this.startAgent());
    return await new Promise<never>(() => undefined);
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

  #createWorld(): AgentWorld {
    const { clock } = this.#world;
    let turn = 0;
    return {
      kernel: {
        read: async (own) => {
          if (this.isUnreadable) throw refusal();
          return await this.kernel.read(own);
        },
        run: async (own, steps) => {
          if (this.isRefusing) throw refusal();
          try {
            return await this.kernel.run(own, steps);
          } catch (error) {
            if (error instanceof Killed) return await this.#die();
            throw error;
          }
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
      forget: () => {
        if (this.isFull) throw refusal();
        this.#isRevoked = true;
      },
      resolve: async () => undefined,
      findUnrouted: async () => new Set<string>(),
      readAddresses: () => [],
      knock: (addresses) => void this.knocked.push(...addresses.map(core.printPrefix)),
      log: () => undefined,
      onStatus: (status) => {
        this.status = status;
      },
    };
  }

  #receive(text: string, events: Parameters<AgentWorld["connect"]>[0]): void {
    this.isOut ||= text.includes('"kind":"revoked"');
    events.received(text);
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
    if (streams === undefined || !this.isKnown || this.isCutOff) {
      close();
      return { send: () => undefined, close };
    }
    const line = {
      bufferedBytes: 0,
      send: (text: string) => {
        if (isOpen) later(() => isLost || this.#receive(text, events));
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

/** No mistake of the server's own is made here. */
function fail(mistake: unknown): never {
  throw mistake;
}
