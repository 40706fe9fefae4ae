/** What the bench and a process full of agents say to each other: one order, one answer. */

export interface Target {
  readonly port: number;
  readonly pin: string;
}

export type Order =
  /** Join by this token. Answers how long each took until its device was applied, in ms. */
  | {
      readonly kind: "join";
      readonly target: Target;
      readonly token: string;
      readonly names: readonly string[];
      /** So many of them keep a device. */
      readonly whole: number;
      /** Between one and the next, in ms; 0: as fast as they come. */
      readonly pauseMs: number;
      /** All are told of all at once when all have joined, instead of all of each that joins. */
      readonly isLate: boolean;
    }
  /** Answers when each but one, for whom nothing is new, had applied this revision, as ms since 1970. */
  | { readonly kind: "applied"; readonly rev: number; readonly except: string }
  /** Loses all connections at this moment. */
  | { readonly kind: "cut" }
  /** Answers when each was told that it is current, after this moment, as ms since 1970. */
  | { readonly kind: "current"; readonly after: number };

export interface Ordered {
  readonly id: number;
  readonly order: Order;
}

export interface Answer {
  readonly id: number;
  readonly numbers: readonly number[];
}
