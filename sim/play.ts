/** A world that plays: what is still to be known of it between one thing that happens and the next. */
import { AppError } from "@warren/api";
import { optional, printText } from "@warren/core";
import type { Name } from "@warren/core";
import { hashSecret } from "@warren/crypto";
import { approveNode, createToken, joinNode, setNetwork } from "@warren/server";
import type { State } from "@warren/server";
import type { SimContent } from "./disk.ts";
import { Cutoffs } from "./cutoffs.ts";
import { DIALLED, MAPPED, MORE, NAMES } from "./operations.ts";
import type { PlaneWorld } from "./plane-world.ts";
import { endpointOf, foundNetwork } from "./sample-world.ts";
import type { HostDisk, SimHost } from "./sim-host.ts";
import { Traffic } from "./traffic.ts";

/** Longer than silence, every back-off, and a second look; and than a handshake holds, after which others dial anew. */
const QUIET_MS = 180_000;
/** After what cut a host off is tried again at the latest, the first time. */
const RETRIED_MS = 610_000;
/** Who is in the network before anything happens. */
const FIRST = ["a", "b", "d", "e"];

/** Nobody waits for what a command comes to. */
export class Play {
  readonly world: PlaneWorld;
  readonly mistakes: string[] = [];
  readonly backups: SimContent[] = [];
  /** Copies of hosts' disks. */
  readonly images = new Map<string, HostDisk>();
  isPutBack = false;
  /** Of who has asked to join and has heard no answer. */
  readonly #asked = new Map<string, string>();
  #secrets = 0;

  constructor(world: PlaneWorld) {
    this.world = world;
  }

  /** `more`: hosts to which nothing happens, but by what is lost of them. */
  async begin(more = 0): Promise<void> {
    const { world } = this;
    await foundNetwork(world);
    const others = MORE.slice(0, more);
    for (const [at, name] of [...NAMES, ...others].entries()) {
      const host = world.host(name);
      host.isTelling = at % 2 === 0;
      host.hasUplink = true;
      if (DIALLED.includes(name)) continue;
      host.address = { family: 4, bits: BigInt(0xc6_33_64_00 + at) };
      host.isPublic = !MAPPED.includes(name);
    }
    const cutoffs = new Cutoffs(world);
    new Traffic(world, () => cutoffs.look()).begin();
    this.backups.push(world.disk.content);
    await this.#letIn(FIRST);
    if (more > 0) this.backups.push(world.disk.content);
    await this.#letIn(others);
    await world.clock.pass(2000);
    for (const { name, disk } of world.hosts) this.images.set(name, disk);
  }

  async #letIn(names: readonly string[]): Promise<void> {
    for (const name of names) {
      this.join(name, false);
      await this.world.clock.pass(100);
      this.approve(name);
    }
  }

  write(change: (state: State) => State, answered: () => void = () => undefined): void {
    if (!this.world.isServerUp) return;
    this.world.begin(change).then(answered, (error: unknown) => {
      // Refused by a rule, or by the disk: then nothing has changed.
      if (!(error instanceof AppError)) this.mistakes.push(String(error));
    });
  }

  approve(name: string): void {
    const fields = DIALLED.includes(name) ? endpointOf(name) : {};
    this.write((state) => approveNode(state, this.world.network, name, fields));
  }

  /** What a restored store lacks is meant. */
  confirm(): void {
    const { world } = this;
    if (!world.isServerUp) return;
    const { epoch } = world.ledger;
    world.confirmed.add(epoch);
    this.write((state) => setNetwork(state, world.network, { confirmedIn: epoch }));
  }

  /** Whoever has heard no answer asks once more as before. */
  join(name: string, isByToken: boolean): void {
    const { world } = this;
    const { network, clock } = world;
    const host = world.host(name);
    this.#secrets += 1;
    const credential = this.#asked.get(name) ?? hashSecret(`${name} ${this.#secrets}`);
    this.#asked.set(name, credential);
    const token = isByToken ? hashSecret(`token ${this.#secrets}`) : undefined;
    if (token !== undefined) this.#createToken(token, name);
    const at = clock.now() + world.serverSkewMs;
    const wish = { network, name: name as Name, publicKey: host.publicKey, credential, at };
    this.write(
      (state) => joinNode(state, { ...wish, ...optional("token", token) }),
      () => {
        this.#asked.delete(name);
        host.killAgent();
        host.join(credential);
        host.startAgent();
      },
    );
  }

  /** Everything, but for what only the quiet mends. */
  async mend(): Promise<void> {
    const { world } = this;
    world.disk.isFull = false;
    for (const host of world.hosts) {
      host.isCutOff = host.isRefusing = host.isUnreadable = host.isFull = false;
      host.isLonely = host.hasUplink = false;
      host.kernel.killsAfter = undefined;
      host.spoil("agent");
      host.spoil("server");
    }
    // Hosts refuse what a store says that was put back by hand: it is to be restored.
    if (this.isPutBack) await world.restart(() => world.disk.restore(world.disk.content));
    else if (!world.isServerUp) await world.startServer();
    for (const host of world.hosts) {
      if (!host.isRunning && host.credential !== undefined) host.startAgent();
    }
    await world.clock.pass(QUIET_MS);
    if (this.#says("it would take away")) {
      this.confirm();
      await world.clock.pass(QUIET_MS);
    }
    if (this.#says("has cut this host off")) await world.clock.pass(RETRIED_MS);
    if (!world.hosts.some(({ wasSpoiled }) => wasSpoiled)) return;
    // Who was lost the last of all texts hears of that with the next one.
    await world.commit((state) => setNetwork(state, world.network, { settings: { mtu: 1400 } }));
    await world.clock.pass(QUIET_MS);
  }

  #says(what: string): boolean {
    const { hosts } = this.world;
    return hosts.some(({ status, isRunning }) => isRunning && says(status, what));
  }

  #createToken(hash: string, name: string): void {
    const { network, clock } = this.world;
    const fields = DIALLED.includes(name) ? endpointOf(name) : {};
    const row = { hash, fields, createdAt: clock.now(), createdBy: "sim", usesLeft: 1 };
    this.write((state) =>
      createToken(state, network, hash.slice(0, 8), { ...row, isApproved: true }),
    );
  }
}

function says(status: SimHost["status"], what: string): boolean {
  return printText(status?.error ?? "").includes(what);
}
