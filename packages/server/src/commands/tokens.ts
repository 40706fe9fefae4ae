/** Tokens by which hosts may join: pure, from state to state. Their secrets are nowhere, only hashes. */
import { AppError } from "@warren/api";
import { say } from "@warren/core";
import { demandNetwork } from "./networks.ts";
import { nodeKey, rowsOf, withRow } from "../state.ts";
import type { State, TokenRow } from "../state.ts";

export function createToken(state: State, network: string, id: string, row: TokenRow): State {
  demandNetwork(state, network);
  return withRow(state, "token", nodeKey(network, id), row);
}

export function revokeToken(state: State, network: string, id: string): State {
  if (!state.token.has(nodeKey(network, id))) {
    throw new AppError("not-found", say`there is no token ${id} in network ${network}`, {
      fix: say`see which there are: warren token list ${network}`,
    });
  }
  return withRow(state, "token", nodeKey(network, id), undefined);
}

export interface Spent {
  readonly id: string;
  readonly row: TokenRow;
  readonly state: State;
}

/** One use less. What is wrong with a token is told to its bearer alone. */
export function spendToken(
  state: State,
  network: string,
  { hash, at }: { readonly hash: string; readonly at: number },
): Spent {
  const [id, row] = rowsOf(state.token, network).find(([, each]) => each.hash === hash) ?? [];
  const fix = say`have somebody make another: warren token create ${network}`;
  if (id === undefined || row === undefined) {
    throw new AppError(
      "unauthorised",
      say`nobody knows this token: it was revoked, or is of another server`,
      { fix },
    );
  }
  if (row.expiresAt !== undefined && row.expiresAt <= at) {
    throw new AppError("unauthorised", say`the token has expired`, { fix });
  }
  if (row.usesLeft === 0) {
    throw new AppError("unauthorised", say`the token was used up`, { fix });
  }
  const rest = row.usesLeft === undefined ? row : { ...row, usesLeft: row.usesLeft - 1 };
  return { id, row, state: withRow(state, "token", nodeKey(network, id), rest) };
}
