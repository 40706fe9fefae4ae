/** How often a property is tried: its own number in a check, many times that while fuzzing. */

/** `fuzzed`: what is multiplied while fuzzing, where a check has no time for as many. */
export function runs(count: number, fuzzed = count): { numRuns: number; seed?: number } {
  const factor = Number(process.env["WARREN_FUZZ_FACTOR"]) || 1;
  const seed = process.env["WARREN_FUZZ_SEED"];
  const numRuns = factor === 1 ? count : fuzzed * factor;
  return { numRuns, ...(seed === undefined ? {} : { seed: Number(seed) }) };
}
