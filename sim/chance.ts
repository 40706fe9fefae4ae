/** Chance that is the same again for the same seed. */

/** From 0 to below 1, each time another. */
export type Chance = () => number;

/** Mulberry32: 32 bits of state are plenty for what one world throws dice for. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
