/** Whether somebody has set the host's clock since the server was told of it: peers may refuse its handshakes then. */
import type { AgentClock } from "./world.ts";

/** Less is what a clock is kept right by. */
const JUMP_MS = 2000;

export class WallClock {
  readonly #clock: AgentClock;
  /** Against the one that nobody sets. */
  #aheadMs: number;

  constructor(clock: AgentClock) {
    this.#clock = clock;
    this.#aheadMs = clock.wall() - clock.now();
  }

  /** How it stands, to be told. */
  tell(): number {
    const wall = this.#clock.wall();
    this.#aheadMs = wall - this.#clock.now();
    return wall;
  }

  /** How far it was set, since it was told; below 0: back. */
  readJumpMs(): number {
    const jumpMs = this.#clock.wall() - this.#clock.now() - this.#aheadMs;
    return Math.abs(jumpMs) < JUMP_MS ? 0 : jumpMs;
  }
}
