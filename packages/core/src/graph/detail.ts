/** How large things are and how much is said of each: the more nodes, the less. */

import { LARGE } from "./places.ts";

export interface Detail {
  /** Of a node's symbol: its radius. */
  readonly symbol: number;
  /** Sizes of letters. */
  readonly name: number;
  readonly note: number;
  readonly caption: number;
  /** The widest that a name or another text beside a node becomes. */
  readonly widest: number;
  readonly hasAddress: boolean;
  /** So many networks and clients are written beside a node; the others are counted. */
  readonly subnets: number;
  readonly clients: number;
}

export function detailOf(nodes: number): Detail {
  if (nodes < LARGE) {
    const many = { hasAddress: true, subnets: 4, clients: 6 };
    return { symbol: 11, name: 14, note: 11, caption: 15, widest: 210, ...many };
  }
  if (nodes <= 80) {
    const some = { hasAddress: false, subnets: 2, clients: 3 };
    return { symbol: 8, name: 12, note: 10, caption: 17, widest: 130, ...some };
  }
  const few = { hasAddress: false, subnets: 1, clients: 2 };
  return { symbol: 7, name: 12, note: 10, caption: 24, widest: 120, ...few };
}
