/**
 * The agent's loop: whatever comes (a newer device, a look at the clock, an answer to a name), the kernel is
 * read, and made as the newest device says. Lives without its server as long as it must. Its kernel, clock,
 * disk and line are arguments.
 */
import { AppError, printMessage, readServerMessage } from "@warren/api";
import type { Bundle, ServerMessage } from "@warren/api";
import * as core from "@warren/core";
import type { PrivateKey } from "@warren/core";
import { Contact } from "./contact.ts";
import { summaryOf } from "./converge.ts";
import { Alarm, driftOf } from "./drift.ts";
import type { StoredDevice } from "./files.ts";
import { takeIn } from "./intake.ts";
import { printGreeting } from "./greeting.ts";
import { Guard } from "./guard.ts";
import { Journal } from "./journal.ts";
import { Kept } from "./kept.ts";
import { Peers } from "./peers.ts";
import type { OwnDevice } from "./reconcile.ts";
import { Reports } from "./reports.ts";
import { forgottenAmong } from "./rouse.ts";
import { Standing } from "./standing.ts";
import { Tunnel } from "./tunnel.ts";
import { WallClock } from "./wall-clock.ts";
import type { Status, World } from "./world.ts";

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

/** Of a device that its last run has applied. */
const FROM_DISK = "from disk";
/** What somebody changes by hand is put right so soon, also where nobody tells of it. */
const HEAL_MS = 8000;
/** Whoever takes turns with another loses its line before that. */
const ALONE_MS = 60_000;

export class Agent {
  readonly #world: World;
  readonly #tunnel: Tunnel;
  readonly #version: string;
  readonly #interface: core.InterfaceName;
  readonly #kept: Kept;
  readonly #contact: Contact;
  readonly #journal: Journal;
  readonly #alarm: Alarm;
  readonly #standing: Standing;
  readonly #guard: Guard;
  #turn: Promise<void> = Promise.resolve();
  // Of the host's device; empty when it begins with one that the others know.
  #appliedHash: string | undefined;
  /** What the server says that the device is made of: it knows by that whether there is anything new. */
  #basis: string | undefined;
  /** Where the server has been told that the tunnel listens: the others dial it there. */
  #toldPort: number | undefined;
  /** By the server, which has told of a device or has heard why not. */
  #isAwaited = false;
  readonly #wallClock: WallClock;
  readonly #instance: string;
  #isDue = false;
  #isEnded = false;
  #revoked: { readonly device: OwnDevice | undefined } | undefined;
  #callOff = new Set<() => void>();
  readonly #reports = new Reports();
  readonly #peers: Peers;
  readonly #ended = Promise.withResolvers<"stopped" | "revoked">();

  constructor(world: World, options: AgentOptions) {
    const { privateKey, version, interface: own, device, revoked } = options;
    this.#world = world;
    this.#tunnel = new Tunnel(world.kernel, privateKey, own);
    this.#version = version;
    this.#interface = own;
    this.#kept = new Kept(device, {
      interface: own,
      isJudged: () => this.#guard.isJudging || this.#isEnded,
      write: (each) => this.#write(() => world.save(each)),
    });
    const tell = (status: Status): void => void this.#write(() => world.onStatus(status));
    this.#standing = new Standing(tell, device?.rev);
    this.#appliedHash = device && FROM_DISK;
    this.#wallClock = new WallClock(world.clock);
    this.#instance = `${world.clock.wall()} ${world.clock.random()}`;
    this.#toldPort = device?.bundle.device.listenPort;
    this.#revoked = revoked && { device: revoked };
    this.#journal = new Journal(world.log, () => world.clock.now());
    this.#contact = this.#createContact();
    this.#alarm = new Alarm(world.clock.after, () => void this.#converge());
    this.#guard = new Guard(world, this.#tunnel, {
      ask: () => this.#contact.ask(),
      refused: (error) => void this.#refused(error),
      retry: () => this.#contact.resync("what was taken back is tried again"),
      takeBack: (before, taken, why) => this.#takeBack(before, taken, why),
    });
    this.#peers = new Peers(this.#tunnel, world, {
      later: (delayMs, work) => this.#later(delayMs, work),
      refused: (error) => void this.#refused(error),
    });
  }

  /** Until it is stopped, or taken out of its network. The tunnel is up before the server has been called. */
  async run(): Promise<"stopped" | "revoked"> {
    const deaf = this.#world.kernel.watch?.(this.#interface, () => this.#alarm.hear());
    if (deaf !== undefined) this.#callOff.add(deaf);
    await this.#converge();
    // It may have been stopped meanwhile: a line that it opens now would be closed by nobody.
    if (this.#revoked === undefined && !this.#isEnded) this.#contact.call();
    this.#look();
    return await this.#ended.promise;
  }

  /** The tunnel stays. */
  stop(): void {
    this.#end("stopped");
  }

  #end(how: "stopped" | "revoked"): void {
    this.#isEnded = true;
    this.#peers.close();
    this.#guard.close();
    this.#alarm.close();
    for (const off of this.#callOff) off();
    this.#contact.close();
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
      this.#alarm.rest();
      this.#compareClocks();
      if (this.#contact.stoodMs > ALONE_MS) this.#standing.right("clone");
      void this.#converge().then(() => {
        this.#guard.look();
        this.#report();
      });
      this.#look();
    });
  }

  /** Peers refuse the handshakes of a host whose clock went back: the server has them forget. */
  #compareClocks(): void {
    const jumpMs = this.#wallClock.readJumpMs();
    const seconds = Math.round(-jumpMs / 1000);
    if (jumpMs < 0) this.#world.log(core.say`this host's clock went back by ${seconds} s`);
    if (jumpMs !== 0) this.#greet();
  }

  #createContact(): Contact {
    return new Contact(this.#world, {
      opened: () => this.#greet(),
      received: (text) => this.#receive(text),
      answered: () => {
        this.#guard.pass();
        this.#kept.write();
      },
      lost: (why, isReplaced) => {
        const what = isReplaced ? "clone" : "line";
        if (why === undefined) this.#standing.note({ isConnected: false });
        else this.#standing.wrong(what, why, { isConnected: false });
      },
    });
  }

  #greet(): void {
    this.#reports.forget();
    this.#toldPort = this.#kept.device?.bundle.device.listenPort;
    const [instance, now] = [this.#instance, this.#wallClock.tell()];
    const self = { version: this.#version, instance, now };
    this.#contact.send(printGreeting(this.#world, self, this.#kept.device, this.#basis));
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
        this.#standing.right("device");
        this.#welcome({ isWaiting: false, rev: message.rev });
        if (this.#kept.device !== undefined) this.#confirm(this.#kept.device, message);
        break;
      case "patch":
      case "snapshot":
        this.#welcome({ isWaiting: false, rev: message.rev });
        this.#take(message);
        break;
      case "bye":
        this.#contact.spread(message.seconds * 1000);
        break;
      case "examine":
        this.#world.examine(message, this.#kept.device, (told) => this.#contact.send(told));
        break;
      case "revoked":
        this.#leave();
        break;
    }
  }

  #welcome(more: Partial<Status>): void {
    this.#contact.welcome(this.#tunnel.peers.size + 1);
    this.#standing.right("line");
    this.#standing.note({ isConnected: true, ...more });
  }

  #take(message: Extract<ServerMessage, { set: unknown }>): void {
    const taken = takeIn(this.#kept.device, message, this.#world.digest);
    switch (taken.kind) {
      case "unfit":
        this.#contact.resync(taken.why);
        return;
      case "refused":
        return this.#refuse(message, taken.problem.message, taken.problem.fix);
      case "device": {
        const why = this.#guard.offer(taken.device);
        if (why !== undefined) return this.#refuse(message, why);
        this.#standing.right("device");
        this.#basis = message.basis;
        this.#isAwaited = true;
        this.#kept.take(taken.device);
        void this.#converge();
      }
    }
  }

  #confirm(
    device: StoredDevice,
    { hash, epoch, rev, basis }: Extract<ServerMessage, { kind: "current" }>,
  ): void {
    if ((hash ?? device.hash) !== device.hash) return this.#contact.resync("it has another");
    this.#basis = basis;
    if (device.epoch === epoch && device.rev === rev) return;
    this.#kept.take({ ...device, epoch, rev });
    this.#guard.confirm({ ...device, epoch, rev });
    this.#kept.write();
  }

  #refuse(what: Pick<StoredDevice, "rev" | "hash">, why: core.Text, fix?: core.Text): void {
    this.#standing.wrong("device", fix === undefined ? why : core.say`${why}; ${fix}`);
    this.#tell(what.rev, what.hash, why);
  }

  /** Also after a reboot. */
  #takeBack(before: StoredDevice, device: StoredDevice, why: core.Phrase): void {
    this.#world.log(why);
    this.#basis = undefined;
    this.#kept.take(before);
    void this.#converge().then(() => this.#refuse(device, why));
  }

  /** A disk that is full is no reason to end. Whether it was written. */
  #write(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#refused(error);
      return false;
    }
  }

  /** By the world, which is told; a mistake of ours is thrown on. */
  #refused(error: unknown): AppError {
    if (!(error instanceof AppError)) throw error;
    this.#journal.tell(core.say`${error.text}\n  ${error.fix}`);
    return error;
  }

  #tell(rev: number, hash: string, error?: core.Text): void {
    const text = error === undefined ? undefined : core.printText(error);
    this.#contact.send(
      printMessage({ kind: "applied", rev, hash, ...core.optional("error", text) }),
    );
  }

  /** One thing at a time at the kernel; what comes meanwhile is done after it, with the newest device. */
  #converge(): Promise<void> {
    this.#isDue = true;
    // A mistake of ours ends the process: its service starts it again, and the tunnel goes on meanwhile.
    this.#turn = this.#turn.then(async () => {
      if (!this.#isDue || this.#isEnded) return;
      this.#isDue = false;
      if (this.#revoked !== undefined) await this.#takeDown(this.#revoked.device);
      else if (this.#kept.device !== undefined) await this.#apply(this.#kept.device);
    });
    return this.#turn;
  }

  async #apply(stored: StoredDevice): Promise<void> {
    const { bundle, rev, hash } = stored;
    // What was only seen of others makes another device, and no revision.
    const isNew = this.#appliedHash !== hash;
    const known = this.#tunnel.peers;
    try {
      const done = isNew ? await this.#renew(stored) : await this.#restore(bundle);
      // What would begin now nobody would end.
      if (this.#isEnded) return;
      if (isNew) this.#peers.follow(bundle.device);
      this.#standing.right("kernel");
      // A newcomer tells where it listens once it does; when a link went, others speak by its old keys.
      const isElsewhere = this.#toldPort !== bundle.device.listenPort;
      if (this.#appliedHash === undefined || isElsewhere) this.#greet();
      else this.#world.knock(forgottenAmong(bundle.device.peers, done));
      if (isNew && this.#appliedHash !== FROM_DISK) {
        const { publicKey: own, peers } = bundle.device;
        this.#peers.rouse(
          own,
          peers.filter(({ publicKey }) => !known.has(publicKey)),
        );
      }
      if (isNew) this.#guard.made(stored, done);
      this.#kept.tried(stored);
      this.#appliedHash = hash;
      this.#standing.note({ applied: rev, device: bundle.device });
      if (isNew || this.#isAwaited) this.#tell(rev, hash);
      this.#isAwaited = false;
    } catch (error) {
      const { text } = this.#refused(error);
      this.#kept.tried(stored);
      this.#standing.wrong("kernel", text);
      this.#isAwaited = true;
      this.#tell(rev, hash, text);
    }
  }

  /** Answers what was done. */
  async #renew({ bundle, rev }: StoredDevice): Promise<readonly string[]> {
    const { log } = this.#world;
    const { done, clashes, blocks } = await this.#tunnel.renew(bundle);
    if (done.length > 0) log(core.say`revision ${rev}: ${summaryOf(done)}`);
    for (const each of clashes)
      log(core.say`${each} is on another interface here, and stays there`);
    for (const { message } of blocks) log(core.say`${message}`);
    return done;
  }

  /** As it was made before: whatever differs was changed by somebody else. */
  async #restore(bundle: Bundle): Promise<readonly string[]> {
    const { done } = await this.#tunnel.restore(bundle);
    if (done.length > 0) this.#tellDrift(done, bundle.device);
    return done;
  }

  #tellDrift(done: readonly string[], { peers }: core.Device): void {
    const names = new Map(peers.map(({ publicKey, name }) => [publicKey, name]));
    this.#journal.tell(
      core.say`put right: ${driftOf(done, names)}`,
      core.say`look for another program that changes ${this.#interface}, and stop it`,
    );
  }

  #report(): void {
    const { device } = this.#kept.device?.bundle ?? {};
    if (device === undefined || !this.#standing.isConnected) return;
    const report = this.#reports.next(this.#tunnel.peers, this.#world.clock.now());
    const now = this.#world.clock.wall();
    if (report !== undefined) this.#contact.send(printMessage({ ...report, now }));
  }

  /** It was taken out of the network: nobody there answers it any more, nor does any start bring it back. */
  #leave(): void {
    this.#revoked ??= { device: this.#kept.device?.bundle.device };
    this.#kept.drop();
    this.#write(() => this.#world.forget());
    this.#contact.close();
    void this.#converge();
  }

  /** Again at each look, until the kernel has let go. */
  async #takeDown(device: OwnDevice | undefined): Promise<void> {
    try {
      if (device !== undefined) await this.#tunnel.takeDown(device);
      this.#end("revoked");
    } catch (error) {
      this.#standing.wrong("kernel", this.#refused(error).text, { isConnected: false });
    }
  }
}
