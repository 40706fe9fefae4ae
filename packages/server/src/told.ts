/** What the agents of a network were told of last: whole devices of it, and what these are made of. */
import { entriesOf, hashOf } from "@warren/api";
import type { Digest, Entries, PresharedKeys } from "@warren/api";
import * as core from "@warren/core";
import type { Name } from "@warren/core";
import type { Side } from "./deltas.ts";
import type { Ledger } from "./ledger.ts";
import { rowsOf } from "./state.ts";

/** By which devices become entries, and entries a hash. */
export interface Means {
  readonly digest: Digest;
  readonly presharedKeys: (network: string) => PresharedKeys;
}

export class Told {
  /** Undefined where there is no mesh. */
  readonly side: Side | undefined;
  /**
   * What all devices are made of, as one short text: an agent that comes back with the same is current, and
   * no device is made to see that. After a restart a thousand of them come at once.
   */
  readonly basis: string | undefined;
  readonly #network: string;
  readonly #means: Means;

  /** As the ledger has it now. */
  constructor(ledger: Ledger, network: string, means: Means) {
    this.#network = network;
    this.#means = means;
    const index = ledger.plan(network)?.index;
    this.side = index && { index, own: new Map() };
    this.basis = index && means.digest(partsOf(ledger, network)).toString(36);
  }

  /** Undefined for whoever is not in the mesh. O(N). */
  entriesOf(node: string): Entries | undefined {
    const index = this.side?.index;
    const member = index?.byName.get(node as Name);
    if (index === undefined || member === undefined) return undefined;
    const { presharedKeys } = this.#means;
    return entriesOf(core.device(index, member), presharedKeys(this.#network));
  }

  hashOf(node: string): string | undefined {
    const entries = this.entriesOf(node);
    return entries === undefined ? undefined : hashOf(entries, this.#means.digest);
  }

  isMember(node: string): boolean {
    return this.side?.index.byName.has(node as Name) === true;
  }

  /** Whether what a member says that it has is of what there is now. */
  isOfNow({ basis, hash }: { basis?: string; hash?: string }): boolean {
    return hash !== undefined && basis !== undefined && basis === this.basis;
  }
}

/** O(N), and far less than one device. */
function partsOf(ledger: Ledger, network: string): string {
  const { state } = ledger;
  const nodes = rowsOf(state.node, network).toSorted(byKey);
  const secret = state.secret.get(`network/${network}`);
  return JSON.stringify([
    state.network.get(network),
    secret,
    nodes,
    ledger.seen(network).toSorted(byKey),
  ]);
}

function byKey([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}
