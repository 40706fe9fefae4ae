/** Hosts that a change has cut off from everybody: each is to be back soon, if nothing else befell it. */
import type { PublicKey } from "@warren/core";
import type { Carried } from "./traffic.ts";
import type { PlaneWorld } from "./plane-world.ts";
import type { SimHost } from "./sim-host.ts";
import { OWN } from "./sim-host.ts";
import { SILENT_MS } from "./network.ts";

const BACK_MS = 20_000;
/** Who was connected and heard somebody for so long has told its agent whom to ask. */
const CALM_MS = 45_000;

interface Cut {
  readonly atMs: number;
  readonly isDue: boolean;
  /** Its line may not know of it yet. */
  readonly hasLine: boolean;
}

export class Cutoffs {
  readonly #world: PlaneWorld;
  /** Since when each is connected, and whom it has heard for long. */
  readonly #calmSince = new Map<SimHost, number>();
  readonly #heard = new Map<SimHost, readonly PublicKey[]>();
  /** Since when each is cut off, and whether it is to be back. */
  readonly #cuts = new Map<SimHost, Cut>();

  constructor(world: PlaneWorld) {
    this.#world = world;
  }

  /** Each second. */
  look(): void {
    for (const host of this.#world.hosts) {
      if (host.isSwallowed) this.#judge(host);
      else this.#note(host);
    }
  }

  #note(host: SimHost): void {
    this.#cuts.delete(host);
    const isCalm = host.isRunning && host.status?.isConnected === true && !host.isCutOff;
    if (!isCalm) this.#calmSince.delete(host);
    else if (!this.#calmSince.has(host)) this.#calmSince.set(host, this.#world.clock.now());
    const heard = [...peersOf(host)].filter(
      ([, { heardSeconds = 0 }]) => heardSeconds >= CALM_MS / 1000,
    );
    this.#heard.set(
      host,
      heard.map(([key]) => key),
    );
  }

  #judge(host: SimHost): void {
    const now = this.#world.clock.now();
    const first = { atMs: now, isDue: this.#wasCalm(host, now), hasLine: true };
    const cut = this.#cuts.get(host) ?? first;
    const hasLine = cut.hasLine && now - cut.atMs < SILENT_MS;
    this.#cuts.set(host, { ...cut, hasLine });
    if (cut.hasLine && !hasLine) host.cut();
    const befell = Math.max(host.startedAt, host.disturbedAt);
    if (!cut.isDue || befell > cut.atMs - CALM_MS || now - cut.atMs < BACK_MS) return;
    this.#world.losses.push(`${host.name} stays cut off`);
    this.#cuts.set(host, { ...cut, hasLine, isDue: false });
  }

  /** Who goes with the change is no witness. */
  #wasCalm(host: SimHost, now: number): boolean {
    const peers = peersOf(host);
    const isHeard = this.#heard.get(host)?.some((key) => peers.has(key)) === true;
    return isHeard && now - (this.#calmSince.get(host) ?? now) >= CALM_MS;
  }
}

function peersOf(host: SimHost): ReadonlyMap<PublicKey, Carried> {
  const { link } = host.kernel.peek(OWN);
  return link?.kind === "wireguard" ? link.peers : new Map();
}
