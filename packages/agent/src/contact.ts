/** The agent's standing with its server: it calls, and calls again, for as long as it lives. Knows no device. */
import { printMessage, spreadMs } from "@warren/api";
import type { Text } from "@warren/core";
import { Backoff } from "./backoff.ts";
import { LOOK_MS } from "./endpoints.ts";
import type { Line, World } from "./world.ts";

export interface ContactEvents {
  opened(): void;
  received(text: string): void;
  /** The server is there: it was asked, or has taken a line. */
  answered(): void;
  /** With the reason, where the server has not welcomed it, or will not for long. */
  lost(why: Text | undefined, isReplaced: boolean): void;
}

export class Contact {
  readonly #world: Pick<World, "connect" | "clock">;
  readonly #events: ContactEvents;
  readonly #backoff = new Backoff();
  #line: Line | undefined;
  #callOff: (() => void) | undefined;
  /** Since when the line has stood. */
  #welcomedAt: number | undefined;

  constructor(world: Pick<World, "connect" | "clock">, events: ContactEvents) {
    this.#world = world;
    this.#events = events;
  }

  call(): void {
    const { connect, clock } = this.#world;
    const line = connect({
      opened: () => {
        this.#events.answered();
        this.#events.opened();
      },
      received: (text) => this.#events.received(text),
      answered: () => this.#events.answered(),
      closed: (why, isLasting, isReplaced = false) => {
        if (this.#line !== line) return;
        const now = clock.now();
        const stoodMs = now - (this.#welcomedAt ?? now);
        const isOdd = this.#welcomedAt === undefined || isLasting;
        this.#line = this.#welcomedAt = undefined;
        this.#events.lost(isOdd ? why : undefined, isReplaced);
        // Nothing is taken down: a server that has lost its memory is no reason to lose the mesh.
        const delayMs = isLasting ? LOOK_MS : this.#backoff.nextMs(clock.random(), now, stoodMs);
        this.#callOff = clock.after(delayMs, () => this.call());
      },
    });
    this.#line = line;
  }

  /** By a server that knows it, in a network of so many. */
  welcome(size: number): void {
    this.#backoff.spread(spreadMs(size));
    this.#welcomedAt ??= this.#world.clock.now();
  }

  /** The server is about to go, and wants to be called within so long. */
  spread(windowMs: number): void {
    this.#backoff.spread(windowMs);
  }

  /** For how long its line has stood. */
  get stoodMs(): number {
    const now = this.#world.clock.now();
    return now - (this.#welcomedAt ?? now);
  }

  send(text: string): void {
    this.#line?.send(text);
  }

  /** For an answer, which is told. */
  ask(): void {
    this.#line?.ask();
  }

  /** What this agent has is not what it should have: all of it is wanted. */
  resync(why: string): void {
    this.send(printMessage({ kind: "resync", why }));
  }

  /** For good. */
  close(): void {
    const line = this.#line;
    this.#line = undefined;
    this.#callOff?.();
    line?.close();
  }
}
