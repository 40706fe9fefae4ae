/** Agents by the hundred, in a few processes of their own, so that the server does not wait for them. */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Answer, Order, Target } from "./orders.ts";

const AGENTS = fileURLToPath(new URL("agents.ts", import.meta.url));
const PROCESSES = 2;
/** Who keeps a device has one of as many peers as there are agents. */
const MOST_MB = 9000;

export class Fleet {
  readonly #processes: readonly (readonly [ChildProcess, Promise<never>])[];
  #orders = 0;

  constructor() {
    this.#processes = Array.from({ length: PROCESSES }, () => {
      const child = fork(AGENTS, { execArgv: [`--max-old-space-size=${MOST_MB}`] });
      return [child, ended(child)];
    });
  }

  /** How long each join took until its device was applied, in ms. */
  async join(
    names: readonly string[],
    {
      target,
      token,
      whole,
      pauseMs = 0,
      isLate = false,
    }: { target: Target; token: string; whole: number; pauseMs?: number; isLate?: boolean },
  ): Promise<readonly number[]> {
    return await this.#order((at) => ({
      kind: "join",
      target,
      token,
      names: names.filter((_, index) => index % PROCESSES === at),
      whole: Math.ceil(whole / PROCESSES),
      pauseMs: pauseMs * PROCESSES,
      isLate,
    }));
  }

  /** When each agent but one had applied this revision, as ms since 1970. */
  async applied(rev: number, except: string): Promise<readonly number[]> {
    return await this.#order(() => ({ kind: "applied", rev, except }));
  }

  async cut(): Promise<void> {
    await this.#order(() => ({ kind: "cut" }));
  }

  /** When each agent was told that it is current, or what is new, as ms since 1970. */
  async current(after: number): Promise<readonly number[]> {
    return await this.#order(() => ({ kind: "current", after }));
  }

  close(): void {
    for (const [child] of this.#processes) child.disconnect();
  }

  async #order(orderOf: (at: number) => Order): Promise<readonly number[]> {
    this.#orders += 1;
    const id = this.#orders;
    const answers = this.#processes.map(async ([child, end], at) => {
      child.send({ id, order: orderOf(at) });
      for (;;) {
        const [answer] = (await Promise.race([once(child, "message"), end])) as [Answer];
        if (answer.id === id) return answer.numbers;
      }
    });
    return (await Promise.all(answers)).flat();
  }
}

/** What it had to say is on the terminal. */
async function ended(child: ChildProcess): Promise<never> {
  await once(child, "exit");
  throw new Error("a process of agents has ended");
}
