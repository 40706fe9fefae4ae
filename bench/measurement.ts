/** One promise: a target, and what came out, in the target's unit. Lower is better, unless `isLeast`. */
export interface Measurement {
  readonly what: string;
  readonly target: number;
  readonly measured: number;
  readonly unit: string;
  readonly isLeast?: true;
}

/** The middle of several measurements: one slow run is the machine's. */
export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
}
