/** A world that was drawn: everything in it happens, then all of it is mended, and it is quiet for a while. */
import { createChance } from "./chance.ts";
import { findFaults } from "./invariants.ts";
import type { WorldDraft } from "./operations.ts";
import { perform } from "./performers.ts";
import { PlaneWorld } from "./plane-world.ts";
import type { Parts } from "./plane-world.ts";
import { Play } from "./play.ts";

/** From one thing that happens to the next: mostly at once. */
const MOST_PAUSE_MS = 1500;

/** What is wrong with the world in the end: one sentence each, none when all is well. */
export async function playWorld(
  { seed, more, operations }: WorldDraft,
  parts: Partial<Parts> = {},
): Promise<readonly string[]> {
  const chance = createChance(seed);
  const play = new Play(new PlaneWorld({ chance, parts }));
  await play.begin(more);
  for (const each of operations) {
    await perform(play, each);
    await play.world.clock.pass(Math.floor(chance() ** 4 * MOST_PAUSE_MS));
  }
  await play.mend();
  return [...play.mistakes, ...(await findFaults(play.world))];
}
