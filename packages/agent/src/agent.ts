/**
 * The agent's loop: whatever comes (a newer device, a look at the clock, an answer to a name), the kernel is
 * read, and made as the newest device says. Lives without its server as long as it must. Its kernel, clock,
 * disk and line are arguments.
 */
import { AppError, printMessage, readServerMessage, spreadMs } from "@warren/api";
import type { ServerMessage } from "@warren/api";
import * as core from "@warren/core";
import type { PrivateKey, PublicKey } from "@warren/core";
import { Backoff } from "./backoff.ts";
import { converge, summaryOf, takeDown } from "./converge.ts";
import type { Memory } from "./converge.ts";
import { followedOf, LOOK_MS } from "./endpoints.ts";
import type { StoredDevice } from "./files.ts";
import { takeIn } from "./intake.ts";
import type { KernelState, PeerState } from "./kernel/kernel.ts";
import { NameFollower } from "./name-follower.ts";
import { desiredOf } from "./reconcile.ts";
import type { OwnDevice } from "./reconcile.ts";
import { firstOf, silentAmong, turnsOf } from "./rouse.ts";
import type { Line, Status, World } from "./world.ts";

export interface AgentOptions {
  readonly privateKey: PrivateKey;
  readonly version: string;
  /** Of the tunnel on this host: its owner may have chosen another than the network's. */
  readonly interface: core.InterfaceName;
  /** The last device, where there is one. */
  readonly device?: StoredDevice;
  /** What is left of a network that has taken this host out: it goes, and nothing else is done. */
  readonly revoked?: OwnDevice;
}

/** As `printStep` says it. */
const LINK_MADE = "link +";
/** Of a device that its last run has applied. */
const FROM_DISK = "from disk";
/** What somebody changes by hand is put right so soon. */
const HEAL_MS = 8000;

export class Agent {
  readonly #world: World;
  readonly #privateKey: PrivateKey;
  readonly #version: string;
  readonly #interface: core.InterfaceName;
  readonly #memory: Memory = { endpoints: new Map() };
  #device: StoredDevice | undefined;
  #line: Line | undefined;
  readonly #backoff = new Backoff();
  #status: Status = { isConnected: false, isWaiting: false };
  /** Each stands until that very thing has come right. */
  readonly #troubles = new Map<"line" | "device" | "kernel", core.Text>();
  /** Since when the line has stood. */
  #welcomedAt: number | undefined;
  #peers: ReadonlyMap<PublicKey, PeerState> = new Map();
  #turn: Promise<void> = Promise.resolve();
  // Of the host's device; empty when it begins with one that the others know.
  #appliedHash: string | undefined;
  /** Where the server has been told that the tunnel listens: the others dial it there. */
  #toldPort: number | undefined;
  /** The server was told why not: it is to hear of the mending, too. */
  #hasFailed = false;
  #isDue = false;
  #isEnded = false;
  #revoked: { readonly device: OwnDevice | undefined } | undefined;
  #callOff = new Set<() => void>();
  readonly #follower: NameFollower;
  readonly #ended = Promise.withResolvers<"stopped" | "revoked">();

  constructor(world: World, options: AgentOptions) {
    const { privateKey, version, interface: own, device, revoked } = options;
    this.#world = world;
    this.#privateKey = privateKey;
    this.#version = version;
    this.#interface = own;
    this.#device = device === undefined ? undefined : this.#named(device);
    this.#status = { ...this.#status, ...core.optional("rev", device?.rev) };
    this.#appliedHash = device && FROM_DISK;
    this.#toldPort = device?.bundle.device.listenPort;
    this.#revoked = revoked && { device: revoked };
    this.#follower = this.#createFollower();
  }

  /** Until it is stopped, or taken out of its network. The tunnel is up before the server has been called. */
  async run(): Promise<"stopped" | "revoked"> {
    await this.#converge();
    // It may have been stopped meanwhile: a line that it opens now would be closed by nobody.
    if (this.#revoked === undefined && !this.#isEnded) this.#call();
    this.#look();
    return await this.#ended.promise;
  }

  /** The tunnel stays. */
  stop(): void {
    this.#end("stopped");
  }

  #end(how: "stopped" | "revoked"): void {
    this.#isEnded = true;
    this.#follower.close();
    for (const off of this.#callOff) off();
    this.#line?.close();
    this.#ended.resolve(how);
  }

  #later(delayMs: number, work: () => void): void {
    const off = this.#world.clock.after(delayMs, () => {
      this.#callOff.delete(off);
      if (!this.#isEnded) work();
    });
    this.#callOff.add(off);
  }

  /** Again and again: what is by hand, and what is silent. */
  #look(): void {
    this.#later(HEAL_MS, () => {
      void this.#converge().then(() => this.#report());
      this.#look();
    });
  }

  #call(): void {
    const line = this.#world.connect({
      opened: () => this.#greet(),
      received: (text) => this.#receive(text),
      closed: (why, isLasting) => {
        if (this.#line !== line || this.#isEnded) return;
        this.#line = undefined;
        if (this.#revoked !== undefined) return;
        const { random, now } = this.#world.clock;
        const stoodMs = now() - (this.#welcomedAt ?? now());
        if (this.#welcomedAt === undefined || isLasting) this.#troubles.set("line", why);
        this.#welcomedAt = undefined;
        this.#note({ isConnected: false });
        // Nothing is taken down: a server that has lost its memory is no reason to lose the mesh.
        const delayMs = isLasting ? LOOK_MS : this.#backoff.nextMs(random(), stoodMs);
        this.#later(delayMs, () => this.#call());
      },
    });
    this.#line = line;
  }

  #greet(): void {
    const { epoch, rev, hash } = this.#device ?? {};
    this.#toldPort = this.#device?.bundle.device.listenPort;
    const hello = {
      kind: "hello",
      version: this.#version,
      addresses: this.#world.readAddresses().map(core.printAddress),
      ...core.optional("epoch", epoch),
      ...core.optional("rev", rev),
      ...core.optional("hash", hash),
      ...core.optional("listenPort", this.#device?.bundle.device.listenPort),
    };
    this.#line?.send(JSON.stringify(hello));
  }

  #receive(text: string): void {
    const message = readServerMessage(text);
    if (message instanceof core.Problem) {
      // A kind of message that is newer than this agent is no reason to part.
      return this.#world.log(message.message);
    }
    switch (message.kind) {
      case "waiting":
        // A device of before is no reason to go: the server's store may be older than the approval.
        this.#welcome({ isWaiting: true });
        break;
      case "current":
        this.#troubles.delete("device");
        this.#welcome({ isWaiting: false, rev: message.rev });
        if (this.#device !== undefined) this.#keep({ ...this.#device, ...message });
        break;
      case "patch":
      case "snapshot":
        this.#welcome({ isWaiting: false, rev: message.rev });
        this.#take(message);
        break;
      case "bye":
        this.#backoff.spread(message.seconds * 1000);
        break;
      case "revoked":
        this.#leave();
        break;
    }
  }

  #welcome(more: Partial<Status>): void {
    this.#backoff.spread(spreadMs(this.#peers.size + 1));
    this.#welcomedAt ??= this.#world.clock.now();
    this.#troubles.delete("line");
    this.#note({ isConnected: true, ...more });
  }

  #take(message: Extract<ServerMessage, { set: unknown }>): void {
    const taken = takeIn(this.#device, message, this.#world.digest);
    switch (taken.kind) {
      case "unfit":
        this.#line?.send(printMessage({ kind: "resync", why: taken.why }));
        return;
      case "refused":
        this.#troubles.set("device", core.say`${taken.problem.message}; ${taken.problem.fix}`);
        this.#note({});
        this.#tell(message.rev, message.hash, taken.problem.message);
        return;
      case "device":
        this.#troubles.delete("device");
        this.#keep(taken.device);
        void this.#converge();
    }
  }

  #keep(device: StoredDevice): void {
    this.#device = this.#named(device);
    // Without it the tunnel is right all the same; only a boot without the server would bring the old one.
    this.#write(() => this.#world.save(device));
  }

  /** A disk that is full is no reason to end. */
  #write(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#refused(error);
    }
  }

  /** By the world, which is told; a mistake of ours is thrown on. */
  #refused(error: unknown): AppError {
    if (!(error instanceof AppError)) throw error;
    this.#world.log(core.say`${error.text}\n  ${error.fix}`);
    return error;
  }

  #named({ epoch, rev, hash, entries, bundle }: StoredDevice): StoredDevice {
    const device = { ...bundle.device, interface: this.#interface };
    return { epoch, rev, hash, entries, bundle: { ...bundle, device } };
  }

  #tell(rev: number, hash: string, error?: core.Text): void {
    const text = error === undefined ? undefined : core.printText(error);
    this.#line?.send(printMessage({ kind: "applied", rev, hash, ...core.optional("error", text) }));
  }

  /** One thing at a time at the kernel; what comes meanwhile is done after it, with the newest device. */
  #converge(): Promise<void> {
    this.#isDue = true;
    return this.#inTurn(async () => {
      if (!this.#isDue || this.#isEnded) return;
      this.#isDue = false;
      if (this.#revoked !== undefined) await this.#takeDown(this.#revoked.device);
      else if (this.#device !== undefined) await this.#apply(this.#device);
    });
  }

  /** A mistake of ours ends the process: its service starts it again, and the tunnel goes on meanwhile. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(work);
    return this.#turn;
  }

  async #apply({ bundle, rev, hash }: StoredDevice): Promise<void> {
    const { kernel, log } = this.#world;
    // What was only seen of others makes another device, and no revision.
    const isNew = this.#appliedHash !== hash;
    const known = this.#peers;
    try {
      const numeric = { ...bundle, device: core.withNumericEndpoints(bundle.device) };
      const { done, state, clashes, blocks } = await converge(
        kernel,
        desiredOf(numeric, this.#privateKey),
        this.#memory,
      );
      const what = isNew ? core.say`revision ${rev}` : core.say`put right`;
      if (done.length > 0) log(core.say`${what}: ${summaryOf(done)}`);
      this.#peers = peersOf(state);
      if (isNew) {
        for (const each of clashes)
          log(core.say`${each} is on another interface here, and stays there`);
        for (const { message } of blocks) log(core.say`${message}`);
        this.#follower.follow(followedOf(bundle.device.peers, bundle.device.listenPort ?? 0));
      }
      this.#troubles.delete("kernel");
      // A newcomer tells where it listens once it does; when a link went, others speak by its old keys.
      const isElsewhere = this.#toldPort !== bundle.device.listenPort;
      if (this.#appliedHash === undefined || isElsewhere) this.#greet();
      else if (done.includes(LINK_MADE)) this.#world.knock(bundle.device.peers.flatMap(firstOf));
      if (isNew && this.#appliedHash !== FROM_DISK) {
        const { publicKey: own, peers } = bundle.device;
        this.#rouse(
          own,
          peers.filter(({ publicKey }) => !known.has(publicKey)),
        );
      }
      this.#appliedHash = hash;
      this.#note({ applied: rev, device: bundle.device });
      if (isNew || this.#hasFailed) this.#tell(rev, hash);
      this.#hasFailed = false;
    } catch (error) {
      const { text } = this.#refused(error);
      this.#troubles.set("kernel", text);
      this.#note({});
      this.#hasFailed = true;
      this.#tell(rev, hash, text);
    }
  }

  #rouse(own: PublicKey, peers: readonly core.Peer[]): void {
    for (const [delayMs, some] of turnsOf(own, peers)) {
      const knock = (): void => {
        const silent = silentAmong(some, this.#peers);
        if (silent.length > 0) this.#world.knock(silent);
      };
      this.#later(delayMs, () => {
        this.#readPeers().then(knock, (error: unknown) => void this.#refused(error));
      });
    }
  }

  async #readPeers(): Promise<void> {
    this.#peers = peersOf(await this.#world.kernel.read(this.#interface));
  }

  /** Peers that are dialled by name: the kernel hears of addresses alone. */
  #createFollower(): NameFollower {
    const { kernel, clock, resolve: resolveNames, findUnrouted, log } = this.#world;
    return new NameFollower({
      nowMs: () => clock.now(),
      resolveNames,
      findUnrouted,
      readPeers: async () => {
        await this.#readPeers();
        return [...this.#peers].map(([publicKey, peer]) => ({ publicKey, ...peer }));
      },
      setEndpoints: async (set) => {
        const { device } = this.#device?.bundle ?? {};
        const steps = set.flatMap(([publicKey, endpoint]) => {
          const allowedIps = this.#peers.get(publicKey)?.allowedIps;
          if (allowedIps === undefined) return [];
          return [{ kind: "peer", publicKey, change: { allowedIps, endpoint } } as const];
        });
        if (device !== undefined && steps.length > 0) await kernel.run(device.interface, steps);
        const names = new Map(device?.peers.map(({ publicKey, name }) => [publicKey, name]));
        for (const [publicKey, endpoint] of set) {
          log(core.say`${names.get(publicKey) ?? publicKey} is dialled at ${endpoint} now`);
        }
      },
      failed: (cause) => log(core.say`${cause instanceof Error ? cause.message : String(cause)}`),
    });
  }

  #report(): void {
    const { device } = this.#device?.bundle ?? {};
    if (device === undefined || this.#line === undefined || !this.#status.isConnected) return;
    const peers = [...this.#peers].map(
      ([publicKey, { endpoint, handshakeSeconds, received, sent }]) => ({
        publicKey,
        received,
        sent,
        ...core.optional("endpoint", endpoint),
        ...core.optional("handshakeSeconds", handshakeSeconds),
      }),
    );
    this.#line.send(printMessage({ kind: "report", peers }));
  }

  /** It was taken out of the network: nobody there answers it any more, nor does any start bring it back. */
  #leave(): void {
    this.#revoked = { device: this.#device?.bundle.device };
    this.#device = undefined;
    this.#write(() => this.#world.forget());
    this.#line?.close();
    void this.#converge();
  }

  /** Again at each look, until the kernel has let go. */
  async #takeDown(device: OwnDevice | undefined): Promise<void> {
    try {
      if (device !== undefined) await takeDown(this.#world.kernel, device);
      this.#end("revoked");
    } catch (error) {
      this.#troubles.set("kernel", this.#refused(error).text);
      this.#note({ isConnected: false });
    }
  }

  #note(more: Partial<Status>): void {
    const { error: _, ...status } = this.#status;
    const [first, ...others] = this.#troubles.values();
    const error = first && others.reduce((all, each) => core.say`${all}; ${each}`, first);
    this.#status = { ...status, ...more, ...core.optional("error", error) };
    this.#write(() => this.#world.onStatus(this.#status));
  }
}

function peersOf({ link }: KernelState): ReadonlyMap<PublicKey, PeerState> {
  return link?.kind === "wireguard" ? link.peers : new Map();
}
