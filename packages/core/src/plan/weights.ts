/** What ways weigh, one weight a vertex: numbers side by side, since meshes of many carriers compare millions. */

/** Compared field by field. Whole numbers: the sum of a path is the same from both of its ends. */
export interface Weight {
  /** Millionths of the unit that the mesh counts money in, for a GiB. */
  readonly cost: number;
  readonly hops: number;
  /** Makes paths that are alike in all else differ; see tieOf. */
  readonly tie: number;
}

/** By the id of a vertex; Infinity where there is no way. */
export class Weights {
  readonly size: number;
  readonly #costs: Float64Array;
  readonly #hops: Float64Array;
  readonly #ties: Float64Array;

  constructor(size: number) {
    this.size = size;
    this.#costs = new Float64Array(size).fill(Infinity);
    this.#hops = new Float64Array(size);
    this.#ties = new Float64Array(size);
  }

  has(id: number): boolean {
    return this.#costs[id] !== Infinity;
  }

  of(id: number): Weight {
    const cost = this.#costs[id] ?? Infinity;
    return { cost, hops: this.#hops[id] ?? 0, tie: this.#ties[id] ?? 0 };
  }

  set(id: number, { cost, hops, tie }: Weight): void {
    this.#costs[id] = cost;
    this.#hops[id] = hops;
    this.#ties[id] = tie;
  }

  copy(): Weights {
    const copy = new Weights(this.size);
    copy.#costs.set(this.#costs);
    copy.#hops.set(this.#hops);
    copy.#ties.set(this.#ties);
    return copy;
  }

  isLess(one: number, other: number): boolean {
    return isLess(this.of(one), this.of(other));
  }

  /** Takes each way that is shorter by `first` and then as `more` says; `row` is told where it begins. */
  relax(first: Weight, more: Weights, row?: Int32Array, begin = 0): void {
    for (let id = 0; id < this.size; id += 1) {
      const cost = first.cost + (more.#costs[id] ?? Infinity);
      const known = this.#costs[id] ?? Infinity;
      // Mostly there is nothing to be won: weights are made for the rest alone.
      if (cost > known || cost === Infinity) continue;
      const hops = first.hops + (more.#hops[id] ?? 0);
      const tie = first.tie + (more.#ties[id] ?? 0);
      if (cost === known && !isLess({ cost, hops, tie }, this.of(id))) continue;
      this.set(id, { cost, hops, tie });
      if (row !== undefined) row[id] = begin;
    }
  }
}

function isLess(one: Weight, other: Weight): boolean {
  if (one.cost !== other.cost) return one.cost < other.cost;
  if (one.hops !== other.hops) return one.hops < other.hops;
  return one.tie < other.tie;
}
