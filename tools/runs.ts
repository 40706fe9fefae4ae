/** How often a property is tried: its own number in a check, many times that while fuzzing. */
export function runs(count: number): { numRuns: number; seed?: number } {
  const factor = Number(process.env["WARREN_FUZZ_FACTOR"]) || 1;
  const seed = process.env["WARREN_FUZZ_SEED"];
  return { numRuns: count * factor, ...(seed === undefined ? {} : { seed: Number(seed) }) };
}
