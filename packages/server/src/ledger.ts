/**
 * The single writer: holds the state, commits changes one after the other, and says which networks they
 * touch. Knows no transport; store and clock are arguments.
 */
import { AppError } from "@warren/api";
import * as core from "@warren/core";
import type { Facts, Name } from "@warren/core";
import { planWith, settle } from "./plan.ts";
import type { NetworkPlan } from "./plan.ts";
import { printObserved, printSeen, readSeen } from "./seen.ts";
import type { Seen } from "./seen.ts";
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
/** What was seen of a node: `seen/NETWORK/NODE`. */
const SEEN = "seen/";
/** Of what is asked at once: no transaction takes long. */
const MOST_AT_ONCE = 64;
/**
 * After a commit it rests for a part of what that took: with each turn of the loop whoever is about to ask
 * comes but one step nearer, and in a large mesh one transaction for thirty costs as much as one for three.
 */
const REST_SHARE = 4;
const LONGEST_REST_MS = 250;
/** The fact that says nothing: written to see whether that works. */
const TRIED = "tried";

export class Ledger {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #listeners = new Set<(networks: ReadonlySet<string>) => void>();
  readonly #plans = new Map<string, NetworkPlan>();
  readonly #troubles = new Map<string, AppError>();
  readonly #facts = new Map<string, Map<Name, Seen>>();
  /** By the keys of their rows: undefined takes one away. */
  readonly #unsavedFacts = new Map<string, Seen | undefined>();
  readonly #epoch: string;
  #state: State;
  #rev: number;
  readonly #asked: Asked[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  #restsUntil = 0;
  #isClosing = false;
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
    for (const [key, text] of loaded.facts) this.#recall(key, text);
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

  /** Undefined while it has no node, and while there is trouble. */
  plan(network: string): NetworkPlan | undefined {
    return this.#plans.get(network);
  }

  /** Why there is no plan of what an older program has let in: until it is mended, hosts keep what they have. */
  trouble(network: string): AppError | undefined {
    return this.#troubles.get(network);
  }

  /** Where the nodes of a network were seen, as it is stored. */
  seen(network: string): readonly (readonly [node: string, fact: string])[] {
    return [...this.#factsOf(network)].map(([node, observed]) => [node, printObserved(observed)]);
  }

  onChange(listener: (networks: ReadonlySet<string>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Commits what `change` makes of the state, and the addresses that new nodes are given with it. A
   * change that changes nothing is no revision. Throws what `change` throws, and AppError("invalid")
   * where the mesh would be wrong: then nothing is written. What is asked at one moment is judged at its
   * end. The revision at which it holds.
   */
  async commit(deed: Deed, change: (state: State) => State): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#asked.push({ deed, change, resolve, reject });
    this.#turn = this.#turn.then(() => this.#commitAsked());
    return await promise;
  }

  /** The rows that `change` would change, without doing it; throws as `commit` does. */
  try(deed: Deed, change: (state: State) => State): Rows {
    const { steps } = this.#draft([{ deed, change }]);
    return steps[0]?.rows ?? { set: [], delete: [] };
  }

  seenOf(network: string, node: Name): Seen {
    return this.#factsOf(network).get(node) ?? {};
  }

  /** What is seen of a node now, beside what was seen before. Written soon, and no revision. */
  observe(network: string, node: Name, seen: Seen): void {
    const facts = this.#factsOf(network);
    const before = this.seenOf(network, node);
    const after = { ...before, ...seen };
    if (printSeen(before) === printSeen(after)) return;
    this.#facts.set(network, new Map(facts).set(node, after));
    this.#saveSoon(network, node, after);
    if (printObserved(after) === printObserved(before)) return;
    const plan = this.#plans.get(network);
    if (plan === undefined) return;
    this.#plans.set(network, planWith(plan, this.#factsOf(network)));
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
    this.#isClosing = true;
    await this.#turn;
    this.#callOff?.();
    await this.#flush();
  }

  #saveSoon(network: string, node: string, seen: Seen | undefined): void {
    this.#unsavedFacts.set(`${SEEN}${network}/${node}`, seen);
    this.#flushSoon();
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
    const unsaved = [...this.#unsavedFacts];
    if (unsaved.length === 0) return;
    this.#unsavedFacts.clear();
    const set = unsaved.flatMap(([key, seen]): [string, string][] =>
      seen === undefined ? [] : [[key, printSeen(seen)]],
    );
    const gone = unsaved.flatMap(([key, seen]) => (seen === undefined ? [key] : []));
    try {
      await this.#write((store) => store.saveFacts({ set, delete: gone }));
    } catch (error) {
      for (const [key, seen] of unsaved) {
        if (!this.#unsavedFacts.has(key)) this.#unsavedFacts.set(key, seen);
      }
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

  /** What was asked meanwhile is one transaction; where something in it is refused, each is one of its own. */
  async #commitAsked(): Promise<void> {
    if (this.#asked.length === 0) return;
    await this.#rest();
    const begin = this.#clock.now();
    const all = this.#asked.splice(0, MOST_AT_ONCE);
    try {
      await this.#commit(all);
    } catch (error) {
      const [first, ...others] = all;
      if (others.length === 0) first?.reject(error);
      else for (const each of all) await this.#commit([each]).catch(each.reject);
    }
    const end = this.#clock.now();
    this.#restsUntil = end + (end - begin) / REST_SHARE;
  }

  async #rest(): Promise<void> {
    const ms = Math.floor(Math.min(LONGEST_REST_MS, this.#restsUntil - this.#clock.now()));
    if (ms <= 0 || this.#isClosing) return;
    await new Promise<void>((rested) => {
      this.#clock.after(ms, rested);
    });
  }

  async #commit(all: readonly Asked[]): Promise<void> {
    const { state, plans, steps } = this.#draft(all);
    const at = this.#clock.now();
    const revs: number[] = [];
    const commits = steps.flatMap(({ deed: { check: _, ...said }, rows }) => {
      const before = revs.at(-1) ?? this.#rev;
      const isChange = rows.set.length + rows.delete.length > 0;
      const rev = isChange ? before + 1 : before;
      revs.push(rev);
      return isChange ? [{ ...said, rev, at, ...rows }] : [];
    });
    if (commits.length > 0) {
      await this.#write((store) => store.commit(...commits));
      this.#commits += commits.length;
      this.#state = state;
      this.#rev = revs.at(-1) ?? this.#rev;
      this.#forget(commits.flatMap((each) => each.delete));
      this.#replan(plans);
    }
    for (const [index, { resolve }] of all.entries()) resolve(revs[index] ?? this.#rev);
  }

  #replan(plans: ReadonlyMap<string, PlannedBy>): void {
    for (const [network, { plan, facts }] of plans) {
      this.#troubles.delete(network);
      const now = this.#factsOf(network);
      // Something may have been seen while the store wrote.
      if (plan === undefined) this.#plans.delete(network);
      else this.#plans.set(network, now === facts ? plan : planWith(plan, now));
    }
    this.#tell(new Set(plans.keys()));
  }

  #draft(all: readonly Change[]): Draft {
    const steps: Step[] = [];
    let state = this.#state;
    for (const { deed, change } of all) {
      deed.check?.(state);
      const changed = change(state);
      steps.push({ deed, rows: changedRows(state, changed) });
      state = changed;
    }
    const before = state;
    const plans = new Map<string, PlannedBy>();
    for (const network of new Set(steps.flatMap(({ rows }) => [...networksIn(rows)]))) {
      const facts = this.#factsOf(network);
      const settled = settle(state, network, facts);
      state = settled.state;
      plans.set(network, { facts, ...core.optional("plan", settled.plan) });
    }
    return { state, plans, steps: withAddresses(steps, changedRows(before, state).set) };
  }

  /** What was let in was right; a newer program may see it otherwise, and must serve the other networks. */
  #plan(network: string): void {
    try {
      const { plan } = settle(this.#state, network, this.#factsOf(network));
      if (plan !== undefined) this.#plans.set(network, plan);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.#troubles.set(network, error);
    }
  }

  #factsOf(network: string): ReadonlyMap<Name, Seen> {
    return this.#facts.get(network) ?? new Map();
  }

  #recall(key: string, text: string): void {
    if (!key.startsWith(SEEN)) return;
    const [network = "", node = ""] = key.slice(SEEN.length).split("/");
    const facts = this.#facts.get(network) ?? new Map<Name, Seen>();
    this.#facts.set(network, facts.set(node as Name, readSeen(text)));
  }

  /** Of nodes that are no more, what was seen. */
  #forget(rows: readonly string[]): void {
    const kept = new Map<string, Map<Name, Seen>>();
    for (const [table, network = "", node = ""] of rows.map((row) => row.split("/"))) {
      const facts = kept.get(network) ?? new Map(this.#factsOf(network));
      if (table !== "node" || !facts.delete(node as Name)) continue;
      kept.set(network, facts);
      this.#saveSoon(network, node, undefined);
    }
    for (const [network, facts] of kept) this.#facts.set(network, facts);
  }

  #tell(networks: ReadonlySet<string>): void {
    for (const listener of this.#listeners) listener(networks);
  }
}

type Rows = ReturnType<typeof changedRows>;

/** A plan, and the facts that it is of. */
interface PlannedBy {
  readonly plan?: NetworkPlan;
  readonly facts: Facts;
}

interface Change {
  readonly deed: Deed;
  readonly change: (state: State) => State;
}

interface Asked extends Change {
  readonly resolve: (rev: number) => void;
  readonly reject: (why: unknown) => void;
}

/** What one change makes of the rows. */
interface Step {
  readonly deed: Deed;
  readonly rows: Rows;
}

/** What changes make of the state, one after the other. */
interface Draft {
  readonly state: State;
  /** Of the networks that they touch. */
  readonly plans: ReadonlyMap<string, PlannedBy>;
  readonly steps: readonly Step[];
}

/** With the addresses that new nodes were given: in the rows where these were set last. */
function withAddresses(steps: readonly Step[], given: Rows["set"]): readonly Step[] {
  const left = new Map(given);
  const whole = steps.toReversed().map(({ deed, rows }): Step => {
    const set = rows.set.map(([key, text]) => {
      const settled = left.get(key) ?? text;
      left.delete(key);
      return [key, settled] as const;
    });
    return { deed, rows: { set, delete: rows.delete } };
  });
  const [last, ...others] = whole;
  if (last === undefined) return [];
  const { deed, rows } = last;
  return [...others.toReversed(), { deed, rows: { ...rows, set: [...rows.set, ...left] } }];
}

/** Networks whose mesh may be another. */
function networksIn({ set, delete: gone }: Rows): ReadonlySet<string> {
  return new Set(
    [...set.map(([key]) => key), ...gone].flatMap((key) => {
      const [table = "", network = ""] = key.split("/");
      return table === "network" || table === "node" ? [network] : [];
    }),
  );
}
