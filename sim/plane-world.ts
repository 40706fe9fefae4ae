/**
 * A control plane and its agents in one process: the real server's heart and the real agents' loops, over a
 * kernel, a network, a disk and a clock that are made up. Time goes on only when it is told to.
 */
import { printMessage } from "@warren/api";
import type { PresharedKeys } from "@warren/api";
import { Agent } from "@warren/agent";
import type { Step, StoredDevice } from "@warren/agent";
import * as core from "@warren/core";
import type { Index, Name } from "@warren/core";
import { createPresharedKeys, digest, hashSecret } from "@warren/crypto";
import { Door, joinNode, Ledger, Sessions, Streams } from "@warren/server";
import type { State } from "@warren/server";
import type { Chance } from "./chance.ts";
import { SimClock } from "./clock.ts";
import { SimDisk } from "./disk.ts";
import { SimLine } from "./network.ts";
import type { Ends, LineEvents } from "./network.ts";
import { SimHost } from "./sim-host.ts";

/** A packet takes so long, one way, where no chance decides; and at most, where it does. */
const LATENCY_MS = 5;
const MOST_LATENCY_MS = 80;
const MOST_KERNEL_MS = 15;
const WRITE_MS = 2;
const MOST_WRITE_MS = 200;

export interface WorldOptions {
  /** Decides how long everything takes; without, all takes the same. */
  readonly chance?: Chance;
  /** What stands for the real parts. */
  readonly parts?: Partial<Parts>;
}

export interface Parts {
  readonly Agent: typeof Agent;
  readonly Ledger: typeof Ledger;
  readonly Streams: typeof Streams;
}

/** What the server meant for a network, from when on. */
interface Plan {
  readonly atMs: number;
  readonly index: Index | undefined;
}

export class PlaneWorld {
  readonly clock = new SimClock();
  readonly disk: SimDisk;
  readonly network = "m" as Name;
  readonly #hosts = new Map<string, SimHost>();
  readonly #presharedKeys: PresharedKeys = createPresharedKeys(
    Buffer.alloc(32, 7).toString("base64"),
  );
  readonly #parts: Parts;
  readonly #chance: Chance | undefined;
  #server: { readonly ledger: Ledger; readonly streams: Streams; readonly door: Door } | undefined;
  readonly #plans: Plan[] = [];
  #deeds = 0;
  /** The deed of each revision that somebody was told is there. */
  #acknowledged = new Map<number, string | undefined>();
  /** The server's own clock, which somebody sets, against the world's. */
  serverSkewMs = 0;
  /** What an agent took from its host without being told to. */
  readonly losses: string[] = [];
  /** Logs in which somebody has said that what they lack is meant. */
  readonly confirmed = new Set<string>();

  constructor({ chance, parts }: WorldOptions = {}) {
    this.#parts = { Agent, Ledger, Streams, ...parts };
    this.#chance = chance;
    this.disk = new SimDisk(this.clock, () =>
      chance === undefined ? WRITE_MS : Math.ceil(chance() ** 3 * MOST_WRITE_MS),
    );
  }

  get hosts(): readonly SimHost[] {
    return [...this.#hosts.values()];
  }

  get isServerUp(): boolean {
    return this.#server !== undefined;
  }

  get ledger(): Ledger {
    if (this.#server === undefined) throw new Error("the server is away");
    return this.#server.ledger;
  }

  get streams(): Streams | undefined {
    return this.#server?.streams;
  }

  async startServer(): Promise<void> {
    const { clock } = this;
    const serverClock = {
      now: () => clock.now() + this.serverSkewMs,
      after: (delayMs: number, work: () => void) => clock.after(delayMs, work),
    };
    const ledger = await this.#parts.Ledger.open(this.disk.open(), serverClock);
    this.#checkLog();
    const secrets = { digest, presharedKeys: () => this.#presharedKeys, report: fail };
    const streams = new this.#parts.Streams(ledger, serverClock, secrets);
    const note = (): void => {
      const index = ledger.plan(this.network)?.index;
      if (this.#plans.at(-1)?.index !== index) this.#plans.push({ atMs: clock.now(), index });
    };
    note();
    ledger.onChange(note);
    // Hosts of the simulation come with the hash itself.
    const secrecy = { hashSecret: (hash: string) => hash, localToken: "" };
    const door = new Door({ ledger, clock: serverClock, sessions: new Sessions() }, secrecy);
    this.#server = { ledger, streams, door };
  }

  #checkLog(): void {
    const { log } = this.disk.content;
    if (new Set(log).size < log.length) throw new Error("a commit is there twice");
    for (const [rev, deed] of this.#acknowledged) {
      if (deed === undefined || log[rev - 1] !== deed) {
        throw new Error("an acknowledged commit is lost");
      }
    }
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
    this.#acknowledged = new Map();
    await this.startServer();
  }

  /** Ends when it is written, or refused. */
  async commit(change: (state: State) => State): Promise<void> {
    await this.clock.until(this.begin(change));
  }

  /** Ends when its server has answered: never, where that is killed before. */
  async begin(change: (state: State) => State): Promise<void> {
    this.#deeds += 1;
    const deed = { actor: "sim", command: `deed ${this.#deeds}` };
    const rev = await this.ledger.commit(deed, change);
    // Where it changed nothing it is another's.
    this.#acknowledged.set(rev, this.disk.content.log[rev - 1]);
  }

  async join(name: string): Promise<void> {
    const { network, clock } = this;
    const host = this.host(name);
    const credential = hashSecret(`${name} ${clock.now()}`);
    const wish = { network, name: name as Name, publicKey: host.publicKey, credential };
    await this.commit((state) => joinNode(state, { ...wish, at: clock.now() }));
    host.killAgent();
    host.join(credential);
  }

  host(name: string): SimHost {
    const host = this.#hosts.get(name) ?? this.#createHost(name);
    this.#hosts.set(name, host);
    return host;
  }

  /** To the server, as a node. */
  isKnown(host: SimHost): boolean {
    const joined = this.ledger.state.node.get(`${this.network}/${host.name}`)?.joined;
    return joined !== undefined && joined.credential === host.credential;
  }

  /** What a host's device should be; undefined where it is no node. */
  deviceOf(name: string): core.Device | undefined {
    return deviceIn(this.ledger.plan(this.network)?.index, name);
  }

  presharedKey(id: core.PresharedKeyId): core.PresharedKey {
    return this.#presharedKeys(id);
  }

  /** What a host's kernel should have for its tunnel: peers by key, AllowedIPs and preshared key, then routes. */
  wanted(name: string): readonly string[] {
    const device = this.deviceOf(name);
    if (device === undefined) return [];
    const peers = device.peers.map(({ publicKey, allowedIps, presharedKeyId }) => {
      const key = presharedKeyId === undefined ? "none" : this.#presharedKeys(presharedKeyId);
      return `${publicKey} ${allowedIps.map(core.printPrefix).join()} ${key}`;
    });
    return [...peers.toSorted(), ...core.routesOf(device).toSorted()];
  }

  /** Another host, with what is on this one's disk. */
  copyOf(host: SimHost): SimHost {
    const copy = this.#createHost(host.name);
    copy.disk = host.disk;
    return copy;
  }

  #createHost(name: string): SimHost {
    const chance = this.#chance;
    let turn = 0;
    const random = (): number => {
      turn += 1;
      return chance?.() ?? (turn * 0.37) % 1;
    };
    return new SimHost(
      {
        clock: this.clock,
        Agent: this.#parts.Agent,
        random,
        kernelMs: () => (chance === undefined ? 0 : Math.ceil(chance() * MOST_KERNEL_MS)),
        createLine: (host, events) => this.#createLine(host, events),
        watch: (host, steps) => this.#watch(host, steps),
        keep: (host, before, device) => this.#checkLoss(host, before, device),
      },
      name,
    );
  }

  #createLine(host: SimHost, events: LineEvents): SimLine {
    const { clock } = this;
    const chance = this.#chance;
    const weather = {
      clock,
      delayMs: () =>
        chance === undefined ? LATENCY_MS : Math.ceil(chance() ** 2 * MOST_LATENCY_MS),
      chance: chance ?? (() => 0),
    };
    return new SimLine(weather, { events, arrive: (line) => this.#arrive(host, line) });
  }

  #arrive(host: SimHost, line: Parameters<Ends["arrive"]>[0]): ReturnType<Ends["arrive"]> {
    const server = this.#server;
    if (server === undefined || server.streams.isStopped || host.isAway) return "away";
    const caller = server.door.identifyNode(host.credential ?? "");
    if (caller === "unknown") return caller;
    if (caller === "revoked") {
      const turnAway = (): void => {
        line.send(printMessage({ kind: "revoked" }));
        line.close("revoked");
      };
      return { receive: turnAway, end: () => undefined };
    }
    const { network, node } = caller;
    const { receive, end } = server.streams.connect(
      { network, node, ...core.optional("address", host.address) },
      line,
    );
    // A process that was killed hears nothing.
    const unlessKilled = (work: () => void): void => {
      if (this.#server === server) work();
    };
    return {
      receive: (text) => unlessKilled(() => receive(text)),
      end: () => unlessKilled(end),
    };
  }

  /** A peer goes from a host only if the server, or the disk that its agent began with, was without it while it was there. */
  #watch(host: SimHost, steps: readonly Step[]): void {
    const { peersSince } = host;
    for (const step of steps) {
      if (step.kind === "link") {
        peersSince.clear();
        if (!step.isAdded && !host.isOut && !host.disk.isRevoked) {
          this.losses.push(`${host.name} loses its tunnel`);
        }
      }
      if (step.kind === "peer" && !peersSince.has(step.publicKey)) {
        peersSince.set(step.publicKey, this.clock.now());
      }
      if (step.kind !== "peer-gone") continue;
      if (!this.#mayGo(host, step.publicKey)) {
        this.losses.push(`${host.name} loses its peer ${this.#nameOf(step.publicKey)}`);
      }
      peersSince.delete(step.publicKey);
    }
  }

  /** Of another log, which may lack anything, most of the peers are taken from nobody unless that is meant. */
  #checkLoss(
    host: SimHost,
    before: StoredDevice | undefined,
    { epoch, bundle }: StoredDevice,
  ): void {
    if (before === undefined || before.epoch === epoch || host.takesBack > 0) return;
    if (this.confirmed.has(epoch)) return;
    const left = new Set(bundle.device.peers.map(({ publicKey }) => publicKey));
    const { peers } = before.bundle.device;
    const gone = peers.filter(({ publicKey }) => !left.has(publicKey)).length;
    if (gone <= 5 || gone * 10 <= peers.length * 3) return;
    this.losses.push(`${host.name} loses ${gone} of ${peers.length} peers at once`);
  }

  #mayGo(host: SimHost, peer: core.PublicKey): boolean {
    const { begunWith, kept, peersSince } = host;
    // Whose clock went back is forgotten, and known anew.
    const isWithout = (device: core.Device | undefined): boolean =>
      device?.peers.every((each) => each.publicKey !== peer || each.generation !== undefined) ===
      true;
    // What was taken back may have brought it.
    if (host.takesBack > 0 && isWithout(kept?.bundle.device)) return true;
    const since = peersSince.get(peer);
    if (since === undefined || isWithout(begunWith?.bundle.device)) return true;
    return this.#plans.some(({ index }, at) => {
      const endsAt = this.#plans[at + 1]?.atMs ?? Infinity;
      return endsAt >= since && isWithout(deviceIn(index, host.name));
    });
  }

  #nameOf(key: core.PublicKey): string {
    return this.hosts.find(({ publicKey }) => publicKey === key)?.name ?? key;
  }
}

function deviceIn(index: Index | undefined, name: string): core.Device | undefined {
  const member = index?.byName.get(name as Name);
  return index === undefined || member === undefined ? undefined : core.device(index, member);
}

/** No mistake of the server's own is made here. */
function fail(mistake: unknown): never {
  throw mistake;
}
