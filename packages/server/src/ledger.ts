/**
 * The single writer: holds the state, commits changes one after the other, and says which networks they
 * touch. Knows no transport; store and clock are arguments.
 */
import { AppError } from "@warren/api";
import * as core from "@warren/core";
import type { Facts, Name, Observed } from "@warren/core";
import { settle } from "./plan.ts";
import type { NetworkPlan } from "./plan.ts";
import { changedRows, stateOf } from "./state.ts";
import type { State } from "./state.ts";
import type { Store } from "./store/store.ts";

export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Calls back once; the function that it answers calls that off. */
  readonly after: (delayMs: number, work: () => void) => () => void;
}

/** What is written to the log beside the rows: who did what. */
export interface Deed {
  readonly actor: string;
  readonly command: string;
  readonly summary?: string;
  /** Throws where the state is no longer what its doer takes it for. */
  readonly check?: (state: State) => void;
}

/** Seen endpoints are gathered for so long before they are written. */
const FACTS_MS = 1000;
/** The fact that says nothing: written to see whether that works. */
const TRIED = "tried";

export class Ledger {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #listeners = new Set<(networks: ReadonlySet<string>) => void>();
  readonly #plans = new Map<string, NetworkPlan>();
  readonly #facts: Map<string, Observed>;
  readonly #unsavedFacts = new Set<string>();
  readonly #epoch: string;
  #state: State;
  #rev: number;
  #turn: Promise<unknown> = Promise.resolve();
  #commits = 0;
  /** Why the store could not be written last. */
  #refusal: AppError | undefined;
  /** Calls off what is to be written soon. */
  #callOff: (() => void) | undefined;

  static async open(store: Store, clock: Clock): Promise<Ledger> {
    return new Ledger(store, clock, await store.load());
  }

  private constructor(store: Store, clock: Clock, loaded: Awaited<ReturnType<Store["load"]>>) {
    this.#store = store;
    this.#clock = clock;
    this.#epoch = loaded.epoch;
    this.#rev = loaded.rev;
    this.#state = stateOf(loaded.rows);
    this.#facts = new Map([...loaded.facts].flatMap(([key, text]) => readFact(key, text)));
    for (const network of this.#state.network.keys()) this.#plan(network);
  }

  get state(): State {
    return this.#state;
  }

  get rev(): number {
    return this.#rev;
  }

  get epoch(): string {
    return this.#epoch;
  }

  /** Since it was opened. */
  get commits(): number {
    return this.#commits;
  }

  /** Undefined while it has no node. */
  plan(network: string): NetworkPlan | undefined {
    return this.#plans.get(network);
  }

  onChange(listener: (networks: ReadonlySet<string>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Commits what `change` makes of the state, and the addresses that new nodes are given with it. A
   * change that changes nothing is no revision. Throws what `change` throws, and AppError("invalid")
   * where the mesh would be wrong: then nothing is written. The revision at which it holds.
   */
  async commit(deed: Deed, change: (state: State) => State): Promise<number> {
    const work = this.#turn.then(() => this.#commit(deed, change));
    this.#turn = work.catch(() => undefined);
    return await work;
  }

  /** What `change` would make of it, without doing it; throws as `commit` does. */
  try({ check }: Deed, change: (state: State) => State): State {
    check?.(this.#state);
    const after = change(this.#state);
    return [...touched(this.#state, after)].reduce(
      (state, network) => settle(state, network, this.#factsOf(network)).state,
      after,
    );
  }

  /** Where a node's packets come from. Written soon, and no revision. */
  observe(network: string, node: string, observed: Observed): void {
    const key = `${network}/${node}`;
    const before = this.#facts.get(key);
    if (before !== undefined && printFact(before) === printFact(observed)) return;
    this.#facts.set(key, observed);
    this.#unsavedFacts.add(key);
    this.#flushSoon();
    this.#plan(network);
    this.#tell(new Set([network]));
  }

  /** Why the store cannot be written. After a refusal it is tried again each time that somebody asks. */
  async findRefusal(): Promise<AppError | undefined> {
    if (this.#refusal !== undefined) {
      await this.#write((store) => store.saveFacts({ set: [[TRIED, "{}"]], delete: [] })).catch(
        () => undefined,
      );
    }
    return this.#refusal;
  }

  /** Ends when all that is under way is written, or is refused. */
  async close(): Promise<void> {
    await this.#turn;
    this.#callOff?.();
    await this.#flush();
  }

  #flushSoon(): void {
    this.#callOff ??= this.#clock.after(FACTS_MS, () => {
      this.#callOff = undefined;
      // What was seen can be seen again: it waits until the store can be written.
      this.#flush().catch(() => this.#flushSoon());
    });
  }

  /** Writes what was seen and is not written yet. */
  async #flush(): Promise<void> {
    const keys = [...this.#unsavedFacts];
    this.#unsavedFacts.clear();
    const set = keys.flatMap((key): [string, string][] => {
      const fact = this.#facts.get(key);
      return fact === undefined ? [] : [[`seen/${key}`, printFact(fact)]];
    });
    try {
      if (set.length > 0) await this.#write((store) => store.saveFacts({ set, delete: [] }));
    } catch (error) {
      for (const key of keys) this.#unsavedFacts.add(key);
      throw error;
    }
  }

  async #write(work: (store: Store) => Promise<void>): Promise<void> {
    try {
      await work(this.#store);
      this.#refusal = undefined;
    } catch (error) {
      // Another one has written before: nothing is wrong with the store.
      if (error instanceof AppError && error.code !== "stale") this.#refusal = error;
      throw error;
    }
  }

  async #commit({ check, ...deed }: Deed, change: (state: State) => State): Promise<number> {
    const before = this.#state;
    check?.(before);
    const changed = change(before);
    const networks = touched(before, changed);
    const plans = new Map<string, NetworkPlan | undefined>();
    let after = changed;
    for (const network of networks) {
      const settled = settle(after, network, this.#factsOf(network));
      after = settled.state;
      plans.set(network, settled.plan);
    }
    const rows = changedRows(before, after);
    if (rows.set.length + rows.delete.length === 0) return this.#rev;
    const rev = this.#rev + 1;
    const at = this.#clock.now();
    await this.#write((store) => store.commit({ ...deed, rev, at, ...rows }));
    this.#commits += 1;
    this.#state = after;
    this.#rev = rev;
    for (const [network, plan] of plans) {
      if (plan === undefined) this.#plans.delete(network);
      else this.#plans.set(network, plan);
    }
    this.#tell(networks);
    return rev;
  }

  /** A document that was right once is right. */
  #plan(network: string): void {
    const { plan } = settle(this.#state, network, this.#factsOf(network));
    if (plan !== undefined) this.#plans.set(network, plan);
  }

  #factsOf(network: string): Facts {
    const start = `${network}/`;
    return new Map(
      [...this.#facts].flatMap(([key, seen]): [Name, Observed][] =>
        key.startsWith(start) ? [[key.slice(start.length) as Name, seen]] : [],
      ),
    );
  }

  #tell(networks: ReadonlySet<string>): void {
    for (const listener of this.#listeners) listener(networks);
  }
}

/** Networks whose mesh may be another. */
function touched(before: State, after: State): ReadonlySet<string> {
  const { set, delete: gone } = changedRows(before, after);
  return new Set(
    [...set.map(([key]) => key), ...gone].flatMap((key) => {
      const [table = "", network = ""] = key.split("/");
      return table === "network" || table === "node" ? [network] : [];
    }),
  );
}

function printFact({ endpoint, isMapped }: Observed): string {
  return JSON.stringify({ endpoint: core.printEndpoint(endpoint), isMapped });
}

function readFact(key: string, text: string): [string, Observed][] {
  const { endpoint: written, isMapped } = JSON.parse(text) as Record<string, unknown>;
  const endpoint = core.parseEndpoint(String(written));
  if (!key.startsWith("seen/") || endpoint instanceof core.Problem) return [];
  return [[key.slice("seen/".length), { endpoint, isMapped: isMapped === true }]];
}
