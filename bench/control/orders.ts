/** What the bench and a process full of agents say to each other: one order, one answer. */

export interface Target {
  readonly port: number;
  readonly pin: string;
}

export type Order =
  /** Join by this token, and run. Answers how long each took to be in, in ms. */
  | {
      readonly kind: "join";
      readonly target: Target;
      readonly token: string;
      readonly names: readonly string[];
      /** Between one and the next, in ms; 0: as fast as they come. */
      readonly pauseMs: number;
    }
  /** Answers when each but one, for whom nothing is new, had applied this revision, as ms since 1970. */
  | { readonly kind: "applied"; readonly rev: number; readonly except: string }
  /** Loses all connections at this moment. */
  | { readonly kind: "cut" }
  /** Answers when each was told that it is current, after this moment, as ms since 1970. */
  | { readonly kind: "current"; readonly after: number }
  /** Answers the worst time that an agent was behind what it was told, in ms. */
  | { readonly kind: "cost" };

export interface Ordered {
  readonly id: number;
  readonly order: Order;
}

export interface Answer {
  readonly id: number;
  readonly numbers: readonly number[];
}
