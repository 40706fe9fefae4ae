/** Questions to agents about their ends of tunnels: who may ask how often, and who waits for which answer. */
import { AppError, EXAMINING_MS, printMessage } from "@warren/api";
import type { EndFacts } from "@warren/api";
import type { Name } from "@warren/core";
import { RateLimit } from "./auth/rate-limit.ts";
import type { ConnectedAgent, Line } from "./connected-agent.ts";
import type { Clock } from "./ledger.ts";

/** Of one asker, and to one agent: an examination has its host ping for some seconds. */
const RATE = { burst: 5, perMinute: 60 } as const;

interface Waiting {
  /** Nobody answers for another. */
  readonly line: Line;
  readonly resolve: (end: EndFacts | undefined) => void;
}

export class Examinations {
  readonly #clock: Clock;
  readonly #rate = new RateLimit(RATE);
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws where somebody asks too often. */
  admit(asker: string): void {
    this.#rate.take(`from ${asker}`, this.#clock.now());
  }

  /** What the agent finds at its ends of these tunnels; undefined where it does not answer, or was asked too often. */
  ask(
    { network, node, line }: ConnectedAgent,
    peers: readonly Name[],
  ): Promise<EndFacts | undefined> {
    if (!this.#hasTime(`${network}/${node}`)) return Promise.resolve(undefined);
    const id = (this.#last += 1);
    return new Promise((resolve) => {
      const callOff = this.#clock.after(EXAMINING_MS, () => this.#end(id, undefined));
      this.#waiting.set(id, {
        line,
        resolve: (end) => {
          callOff();
          resolve(end);
        },
      });
      line.send(printMessage({ kind: "examine", id, peers }));
    });
  }

  answer(line: Line, { id, end }: { readonly id: number; readonly end: EndFacts }): void {
    if (this.#waiting.get(id)?.line === line) this.#end(id, end);
  }

  /** A line has ended; all have, where none is named. */
  giveUp(line?: Line): void {
    for (const [id, each] of this.#waiting) {
      if (line === undefined || each.line === line) this.#end(id, undefined);
    }
  }

  #end(id: number, end: EndFacts | undefined): void {
    const { resolve } = this.#waiting.get(id) ?? {};
    this.#waiting.delete(id);
    resolve?.(end);
  }

  #hasTime(node: string): boolean {
    try {
      this.#rate.take(`to ${node}`, this.#clock.now());
      return true;
    } catch (error) {
      if (error instanceof AppError) return false;
      throw error;
    }
  }
}
