/** Which tunnels anything passes over that the policy allows: the others are not made. */
import type { Member } from "./member.ts";
import type { Paths, Vertex } from "./paths.ts";
import { mayTalk, profileOf } from "./policy.ts";
import type { Policy } from "./policy.ts";

/** Nodes that are alike in their paths and in what the policy says of them. */
interface Kind {
  readonly id: number;
  readonly members: Member[];
}

const UNKNOWN = 0;
const YES = 1;
const NO = 2;

export class Traffic {
  readonly #paths: Paths;
  readonly #policy: Policy | undefined;
  readonly #kindOf = new Map<Member, Kind>();
  /** Ordered pairs of kinds between which something goes that is for others, or from others. */
  readonly #passed = new Set<number>();
  /** What isUsed has said of two kinds. */
  readonly #used: Int8Array;
  readonly #kindCount: number;

  constructor(members: readonly Member[], paths: Paths, policy: Policy | undefined) {
    this.#paths = paths;
    this.#policy = policy;
    const kinds = policy === undefined ? [] : this.#classify(members, policy);
    this.#kindCount = kinds.length;
    this.#used = new Int8Array(kinds.length ** 2);
    if (!paths.hasCarriers) return;
    for (const one of kinds) {
      for (const other of kinds) this.#follow(one, other);
    }
  }

  /** Whether the two may talk at all, either way. */
  isAllowed(one: Member, other: Member): boolean {
    if (this.#paths.isDenied(one, other)) return false;
    return this.#policy === undefined || mayTalk(this.#policy, one, other);
  }

  /** Whether anything allowed goes over the tunnel between the two, for themselves or for others. */
  isUsed(one: Member, other: Member): boolean {
    if (this.#policy === undefined) return true;
    // A million pairs are asked about, and few kinds of them are there.
    const key = this.#keyOf(one, other);
    const known = this.#used[key] ?? UNKNOWN;
    if (known !== UNKNOWN) return known === YES;
    const isUsed = this.isAllowed(one, other) || this.#passed.has(key);
    this.#used[key] = isUsed ? YES : NO;
    return isUsed;
  }

  #classify(members: readonly Member[], policy: Policy): readonly Kind[] {
    const kinds = new Map<string, Kind>();
    for (const member of members) {
      const vertex: Vertex = this.#paths.vertexOf(member);
      const name = `${vertex.id} ${profileOf(policy, member)}`;
      const kind = kinds.get(name) ?? { id: kinds.size, members: [] };
      kind.members.push(member);
      kinds.set(name, kind);
      this.#kindOf.set(member, kind);
    }
    return [...kinds.values()];
  }

  #follow(one: Kind, other: Kind): void {
    const source = one.members[0];
    const target = one === other ? one.members[1] : other.members[0];
    if (source === undefined || target === undefined) return;
    // What goes directly is answered without being remembered.
    if (this.#paths.next(source, target) === target || !this.isAllowed(source, target)) return;
    let at = source;
    for (const next of this.#paths.way(source, target)) {
      this.#passed.add(this.#keyOf(at, next));
      this.#passed.add(this.#keyOf(next, at));
      at = next;
    }
  }

  #keyOf(one: Member, other: Member): number {
    const first = this.#kindOf.get(one)?.id ?? 0;
    return first * this.#kindCount + (this.#kindOf.get(other)?.id ?? 0);
  }
}
