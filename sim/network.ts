/**
 * The line between an agent and its server, as TCP and a WebSocket have it: in order and whole while it
 * stands. It breaks at any moment: then the tail of either direction is lost, and each end hears of it
 * alone and later, if not before by silence. A reader that stalls lets texts pile up at the other end.
 * What no TCP does, a text that is lost or doubled in the middle, must be asked for.
 */
import type { AgentWorld } from "@warren/agent";
import type { Streams } from "@warren/server";
import type { Chance } from "./chance.ts";
import type { SimClock } from "./clock.ts";

export type LineEvents = Parameters<AgentWorld["connect"]>[0];
type ServerLine = Parameters<Streams["connect"]>[1];
type ServerEnd = ReturnType<Streams["connect"]>;

/** Who hears nothing for so long has lost it: the agent, and the server after its pings. */
export const SILENT_MS = 45_000;
/** So long the server's WebSocket waits for the other end's farewell, and the agent's. */
const FAREWELL_MS = 30_000;
const PART_MS = 1000;
/** What one text counts that a reader leaves lying: more than a server keeps for him. */
const TEXT_BYTES = 9_000_000;

/** What a hostile network does to the next text of one direction. */
export type Spoiling = "lost" | "doubled";

export interface Ends {
  /** The server's end, once the call has come there. */
  readonly arrive: (line: ServerLine) => ServerEnd | "unknown" | "away";
  readonly events: LineEvents;
}

export interface Weather {
  readonly clock: SimClock;
  /** Of a text, one way. */
  readonly delayMs: () => number;
  readonly chance: Chance;
}

export class SimLine {
  readonly #weather: Weather;
  readonly #ends: Ends;
  readonly #toAgent: Pipe;
  readonly #toServer: Pipe;
  #server: ServerEnd | undefined;
  #isAgentThere = true;
  #isBroken = false;
  #serverHearsMs = 0;

  constructor(weather: Weather, ends: Ends) {
    this.#weather = weather;
    this.#ends = ends;
    this.#toAgent = new Pipe(weather);
    this.#toServer = new Pipe(weather);
  }

  /** The agent's end of it. Where no packet comes through, the call ends in silence. */
  call(isThrough: boolean): ReturnType<AgentWorld["connect"]> {
    if (!isThrough) this.#later(SILENT_MS, () => this.#closed("gone", false));
    else this.#toServer.push(() => this.#arrive());
    return {
      send: (text) => {
        // Without its greeting an agent is nobody to the server, for as long as the line stands.
        const mayBeSpoiled = !text.includes('"kind":"hello"');
        if (this.#isAgentThere)
          this.#toServer.push(() => this.#server?.receive(text), mayBeSpoiled);
      },
      ask: () => {
        if (this.#isAgentThere) this.#toServer.push(() => this.#answer());
      },
      close: () => {
        if (!this.#isAgentThere) return;
        this.#toServer.push(() => this.#server?.end());
        this.#later(PART_MS, () => this.#closed("gone", false));
      },
    };
  }

  /** Nothing comes through any more, of which each end hears so much later. */
  break({ agentMs, serverMs }: { readonly agentMs: number; readonly serverMs: number }): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#serverHearsMs = serverMs;
    for (const pipe of [this.#toAgent, this.#toServer]) pipe.cut();
    this.#later(agentMs, () => this.#closed("gone", false));
    this.#later(serverMs, () => this.#server?.end());
  }

  /** The agent's process is no more: its system says so to the server, if anything comes through. */
  leave(serverMs: number): void {
    this.#isAgentThere = false;
    this.break({ agentMs: Infinity, serverMs });
  }

  /** Texts for the agent, and its own, wait: it reads slowly, or packets must be sent again. */
  stall(isStalled: boolean): void {
    for (const pipe of [this.#toAgent, this.#toServer]) pipe.hold(isStalled);
  }

  spoil(direction: "agent" | "server", how: Spoiling | undefined): void {
    (direction === "agent" ? this.#toAgent : this.#toServer).spoiling = how;
  }

  #later(delayMs: number, work: () => void): void {
    if (delayMs !== Infinity) this.#weather.clock.after(delayMs, work);
  }

  #arrive(): void {
    const toAgent = this.#toAgent;
    const arrived = this.#ends.arrive({
      send: (text) => toAgent.push(() => this.#receive(text), true),
      get bufferedBytes() {
        return toAgent.held * TEXT_BYTES;
      },
      close: (why) => {
        toAgent.push(() => this.#closed(why, why === "replaced"));
        this.#later(FAREWELL_MS, () => this.break({ agentMs: SILENT_MS, serverMs: 0 }));
      },
    });
    if (typeof arrived === "string") {
      toAgent.push(() => this.#closed("gone", arrived === "unknown"));
      return;
    }
    this.#server = arrived;
    if (this.#isBroken) this.#later(this.#serverHearsMs, () => arrived.end());
    toAgent.push(() => {
      if (this.#isAgentThere) this.#ends.events.opened();
    });
  }

  #answer(): void {
    if (this.#server === undefined) return;
    this.#toAgent.push(() => {
      if (this.#isAgentThere) this.#ends.events.answered();
    });
  }

  #receive(text: string): void {
    if (this.#isAgentThere) this.#ends.events.received(text);
  }

  #closed(why: string, isLasting: boolean): void {
    if (!this.#isAgentThere) return;
    this.#isAgentThere = false;
    this.#ends.events.closed(why, isLasting, why === "replaced");
    this.break({ agentMs: Infinity, serverMs: this.#weather.delayMs() });
  }
}

/** One direction: nothing overtakes. */
class Pipe {
  readonly #weather: Weather;
  #arrivesAt = 0;
  /** What would arrive later is lost. */
  #endsAt = Infinity;
  #isHeld = false;
  readonly #waiting: (() => void)[] = [];
  spoiling: Spoiling | undefined;

  constructor(weather: Weather) {
    this.#weather = weather;
  }

  /** How many texts wait for a reader. */
  get held(): number {
    return this.#waiting.length;
  }

  push(work: () => void, mayBeSpoiled = false): void {
    const { clock, delayMs } = this.#weather;
    const how = mayBeSpoiled ? this.spoiling : undefined;
    if (how !== undefined) {
      this.spoiling = undefined;
      if (how === "lost") return;
      this.push(work);
    }
    this.#arrivesAt = Math.max(this.#arrivesAt, clock.now() + delayMs());
    clock.after(this.#arrivesAt - clock.now(), () => this.#arrive(work));
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (isHeld) return;
    for (const work of this.#waiting.splice(0)) this.#arrive(work);
  }

  /** A part of what is under way arrives yet. */
  cut(): void {
    const { clock, delayMs, chance } = this.#weather;
    this.#endsAt = clock.now() + chance() * delayMs() - 1;
    this.#waiting.length = 0;
  }

  #arrive(work: () => void): void {
    if (this.#endsAt < this.#weather.clock.now()) return;
    if (this.#isHeld) this.#waiting.push(work);
    else work();
  }
}
