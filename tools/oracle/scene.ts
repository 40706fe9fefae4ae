/** What every part of the judge works with. */
import type { Address } from "@warren/core";
import type { Laws } from "./promises.ts";
import type { Span } from "./spans.ts";
import type { World } from "./world.ts";

export interface Scene {
  readonly laws: Laws;
  readonly world: World;
  /** Every range that document or plan name: nothing changes between their edges. */
  readonly cuts: readonly Span[];
  readonly intern: (address: Address) => Address;
}

export type Complain = (text: string) => void;
