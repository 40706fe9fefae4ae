/**
 * Nodes as which hosts come by turns: a copied disk bears the other's credential. A process that comes again
 * after another one has been there shows it; one that was started anew never comes again.
 */
import * as core from "@warren/core";
import type { Address } from "@warren/core";
import type { Joined } from "./state.ts";

/** Each stays away for a quarter of a minute: after so long without a turn it is over. */
const OVER_MS = 300_000;
/** Of each node; more turns than two are no better proof. */
const MOST_KEPT = 8;

interface Turns {
  readonly current: string;
  /** Where each process came from, the last one last. */
  readonly places: ReadonlyMap<string, Address | undefined>;
  readonly provenAt: number;
}

export class Clones {
  /** They go with what the node joined by. */
  readonly #turns = new WeakMap<Joined, Turns>();

  /** A process of a node's host has come; for a visit there is another one each time. */
  note(
    node: Joined | undefined,
    { instance, isVisit = false }: { readonly instance?: string; readonly isVisit?: boolean },
    { address, at }: { readonly address?: Address; readonly at: number },
  ): void {
    if (node === undefined || instance === undefined || isVisit) return;
    const before = this.#turns.get(node);
    const { current = instance, places = new Map(), provenAt = -Infinity } = before ?? {};
    const isProven = current !== instance && places.has(instance);
    const others = [...places].filter(([each]) => each !== instance);
    this.#turns.set(node, {
      current: instance,
      places: new Map([...others, [instance, address] as const].slice(-MOST_KEPT)),
      provenAt: isProven ? at : provenAt,
    });
  }

  /** What is wrong with a node, and the way out. */
  find(node: Joined | undefined, at: number): core.Phrase | undefined {
    const turns = node && this.#turns.get(node);
    if (turns === undefined || at - turns.provenAt > OVER_MS) return undefined;
    const places = new Set(
      [...turns.places.values()].flatMap((each) => each ?? []).map(core.printAddress),
    );
    return core.say`two hosts come as this node by turns, from ${core.listTexts([...places])}: one is a copy of the other's disk; run warren leave on one: both are out then, and each joins again`;
  }
}
