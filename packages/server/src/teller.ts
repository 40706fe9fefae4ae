/** Tells agents of their devices: that nothing is new, what is, or all; and knows what they were told. */
import { deltaBetween, hashOf, isEmpty, printDelta, printMessage } from "@warren/api";
import * as core from "@warren/core";
import type { Name } from "@warren/core";
import { note } from "./connected-agent.ts";
import type { ConnectedAgent as Agent } from "./connected-agent.ts";
import { changeBetween, deltaFor } from "./deltas.ts";
import type { Change } from "./deltas.ts";
import type { Ledger } from "./ledger.ts";
import { Told } from "./told.ts";
import type { Means } from "./told.ts";

export class Teller {
  readonly #ledger: Ledger;
  readonly #means: Means;
  readonly #send: (agent: Agent, text: string) => void;
  /** Of each network. */
  readonly #told = new Map<string, Told>();
  /** What was sent since it started. */
  readonly counts = { patches: 0, snapshots: 0, bytes: 0 };

  constructor(ledger: Ledger, means: Means, send: (agent: Agent, text: string) => void) {
    this.#ledger = ledger;
    this.#means = means;
    this.#send = send;
  }

  /** What the agents of a network are told of; undefined before the first. */
  of(network: string): Told | undefined {
    return this.#told.get(network);
  }

  /** Whether they are told of what there is now. */
  isOfNow(network: string): boolean {
    return this.of(network)?.side?.index === this.#ledger.plan(network)?.index;
  }

  /** From here on they are. Undefined where there was no mesh before, or is none now. */
  renew(network: string): Change | undefined {
    const before = this.of(network)?.side;
    const after = new Told(this.#ledger, network, this.#means);
    this.#told.set(network, after);
    return before && after.side && changeBetween(before, after.side, this.#means.digest);
  }

  tellCurrent(agent: Agent): void {
    const { epoch, rev } = this.#ledger;
    agent.basis = this.of(agent.network)?.basis;
    const told = { ...core.optional("hash", agent.told), ...core.optional("basis", agent.basis) };
    this.#send(agent, printMessage({ kind: "current", epoch, rev, ...told }));
  }

  /** Whoever has nothing of this log yet is told all. */
  tellChange(agent: Agent, change: Change | undefined): void {
    const told = this.of(agent.network);
    if (told?.isMember(agent.node) !== true) return;
    if (change === undefined || agent.told === undefined || !agent.isOfThisLog) {
      return this.tellAll(agent);
    }
    const presharedKey = this.#means.presharedKeys(agent.network);
    const { delta, hashFrom } = deltaFor(change, agent.node as Name, presharedKey);
    if (isEmpty(delta)) return;
    const hash = hashFrom(agent.told);
    note(agent, hash, this.#ledger.rev);
    this.counts.patches += 1;
    // Somebody has asked for it, or it would not be in the log.
    const head = { kind: "patch", rev: this.#ledger.rev, hash, isIntended: true } as const;
    agent.basis = told.basis;
    this.#send(agent, printDelta({ ...head, ...core.optional("basis", agent.basis) }, delta));
  }

  tellAll(agent: Agent): void {
    const told = this.of(agent.network);
    const entries = told?.entriesOf(agent.node);
    if (entries === undefined) return;
    const { epoch, rev, state } = this.#ledger;
    // Of the same log somebody has asked for whatever goes; of another, only where somebody says so.
    const isConfirmed = state.network.get(agent.network)?.confirmedIn === epoch;
    const isIntended = agent.isOfThisLog || isConfirmed;
    const hash = hashOf(entries, this.#means.digest);
    note(agent, hash, rev);
    this.counts.snapshots += 1;
    agent.basis = told?.basis;
    const basis = core.optional("basis", agent.basis);
    const head = { kind: "snapshot", epoch, rev, hash, ...basis } as const;
    const delta = deltaBetween(new Map(), entries);
    this.#send(agent, printDelta(isIntended ? { ...head, isIntended } : head, delta));
  }
}
