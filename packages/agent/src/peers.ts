/** The peers of a tunnel, but for what they are to be: who was heard, who is to be roused, who is dialled by name. */
import * as core from "@warren/core";
import type { Device, Peer, PublicKey } from "@warren/core";
import { followedOf } from "./endpoints.ts";
import { NameFollower } from "./name-follower.ts";
import { silentAmong, turnsOf } from "./rouse.ts";
import type { Tunnel } from "./tunnel.ts";
import type { World } from "./world.ts";

export interface PeersOptions {
  /** As long as the agent lives. */
  readonly later: (delayMs: number, work: () => void) => void;
  readonly refused: (error: unknown) => void;
}

export class Peers {
  readonly #tunnel: Tunnel;
  readonly #world: World;
  readonly #options: PeersOptions;
  readonly #follower: NameFollower;
  #names: ReadonlyMap<PublicKey, core.Name> = new Map();

  constructor(tunnel: Tunnel, world: World, options: PeersOptions) {
    this.#tunnel = tunnel;
    this.#world = world;
    this.#options = options;
    this.#follower = this.#createFollower();
  }

  rouse(own: PublicKey, newcomers: readonly Peer[]): void {
    const { later, refused } = this.#options;
    for (const [delayMs, some] of turnsOf(own, newcomers)) {
      const knock = (): void => {
        const silent = silentAmong(some, this.#tunnel.peers);
        if (silent.length > 0) this.#world.knock(silent);
      };
      later(delayMs, () => void this.#tunnel.readPeers().then(knock, refused));
    }
  }

  /** Those that are dialled by name: the kernel hears of addresses alone. */
  follow({ peers, listenPort = 0 }: Device): void {
    this.#names = new Map(peers.map(({ publicKey, name }) => [publicKey, name]));
    this.#follower.follow(followedOf(peers, listenPort));
  }

  close(): void {
    this.#follower.close();
  }

  #createFollower(): NameFollower {
    const { clock, resolve: resolveNames, findUnrouted, log } = this.#world;
    return new NameFollower({
      nowMs: () => clock.now(),
      resolveNames,
      findUnrouted,
      readPeers: async () => {
        const peers = await this.#tunnel.readPeers();
        return [...peers].map(([publicKey, peer]) => ({ publicKey, ...peer }));
      },
      setEndpoints: async (set) => {
        await this.#tunnel.setEndpoints(set);
        for (const [publicKey, endpoint] of set) {
          log(core.say`${this.#names.get(publicKey) ?? publicKey} is dialled at ${endpoint} now`);
        }
      },
      failed: (cause) => log(core.say`${cause instanceof Error ? cause.message : String(cause)}`),
    });
  }
}
