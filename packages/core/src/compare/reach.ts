/** Who may start what towards whom in a mesh, by its document and lock: what the proof takes as promised. */
import { intersect, isEmptySet, prefixSet } from "../ip/prefix-set.ts";
import type { PrefixSet } from "../ip/prefix-set.ts";
import type { Lock } from "../model/lock.ts";
import type { Mesh } from "../model/mesh.ts";
import { printPortRange } from "../model/words.ts";
import { remember } from "../remember.ts";
import { mergePorts } from "../render/chains.ts";
import { exitOf, readClaims } from "../verify/claims.ts";
import type { Claims, Owner } from "../verify/claims.ts";
import { Connections } from "../verify/connections.ts";
import { readRules, Talks } from "../verify/policy-claims.ts";
import { Universe } from "../verify/universe.ts";
import { claimed } from "../verify/verify.ts";

/** Nothing is left out: every protocol and port. */
export const ANYTHING = "*";

export class Reach {
  readonly claims: Claims;
  readonly #connections: Connections;
  readonly #talks: Talks;
  readonly #owned: readonly PrefixSet[];
  readonly #limits: readonly (PrefixSet | undefined)[];
  /** What lists of rules let through, printed. */
  readonly #printed = new Map<string, string>();

  constructor(mesh: Mesh, lock: Lock) {
    this.claims = readClaims(mesh, lock, "all");
    const { owners } = this.claims;
    this.#connections = new Connections(this.claims);
    const rules = readRules(this.claims);
    this.#talks = new Talks(this.claims, rules, new Universe(claimed(this.claims, rules)));
    this.#owned = owners.map(({ owned }) => prefixSet(owned));
    this.#limits = owners.map(({ access }) => access && prefixSet(access.all));
  }

  /** `tcp/22, icmp`, or ANYTHING; undefined where nothing may start. */
  between(source: Owner, target: Owner): string | undefined {
    const rules = this.#talks.rulesBetween(source, target);
    if (rules?.length === 0) return undefined;
    if (this.#connections.isDenied(source, target)) return undefined;
    if (!this.#connections.isConnected(source, target)) return undefined;
    if (!this.#isWithin(source, target) || !this.#isWithin(target, source)) return undefined;
    return rules === undefined ? ANYTHING : this.#print(rules);
  }

  /** Whether a ping, which is no connection to any port, is let through. */
  mayPing(source: Owner, target: Owner): boolean {
    const what = this.between(source, target);
    return what === ANYTHING || (what ?? "").split(", ").includes("icmp");
  }

  /** Through whom it may leave for the internet. */
  exitOf(owner: Owner): string | undefined {
    const { owners } = this.claims;
    const exit = owner.client === undefined ? exitOf(this.claims, owner) : owners[owner.home];
    const isClientOut = [...(owner.client?.access ?? []), owner.client?.exit].some(
      (each) => each === "exit" || each === "all-but-lan" || each === exit?.name,
    );
    if (exit === undefined || exit.exits.length === 0) return undefined;
    if (owner.client !== undefined && !isClientOut) return undefined;
    return this.#talks.mayLeave(owner, exit.exits) ? exit.name : undefined;
  }

  /** Whether a client, if the first is one, has anything to do with the second. */
  #isWithin({ position }: Owner, other: Owner): boolean {
    const limit = this.#limits[position];
    const owned = this.#owned[other.position];
    return limit === undefined || owned === undefined || !isEmptySet(intersect(limit, owned));
  }

  #print(rules: readonly number[]): string {
    const key = rules.join(" ");
    return remember(this.#printed, key, () => {
      const { policy = [] } = this.claims.mesh;
      const lists = rules.map((rule) => policy[rule]?.ports ?? []);
      if (lists.some((ports) => ports.length === 0)) return ANYTHING;
      return mergePorts(lists.flat()).map(printPortRange).join(", ");
    });
  }
}
