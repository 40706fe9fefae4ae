/** Tokens by which hosts may join: pure, from state to state. Their secrets are nowhere, only hashes. */
import { AppError } from "@warren/api";
import { Diagnostics, parseMesh, say } from "@warren/core";
import { demandNetwork } from "./networks.ts";
import { nodeKey, rowsOf, withRow, withRows } from "../state.ts";
import type { Fields, State, TokenRow } from "../state.ts";

/** As which node a token's fields are tried. */
const EXAMPLE = "node";
/** For so long an expired one is told from one that never was. */
const KEPT_MS = 30 * 24 * 3_600_000;
const MOST_MISTAKES = 20;

/** Instead of the one with this id; those that expired long ago go, too. */
export function createToken(state: State, network: string, id: string, row: TokenRow): State {
  const { document } = demandNetwork(state, network);
  checkFields({ ...document, nodes: { [EXAMPLE]: row.fields } });
  const old = rowsOf(state.token, network).filter(
    ([, { expiresAt = Infinity }]) => expiresAt < row.createdAt - KEPT_MS,
  );
  const gone = old.map(([each]) => [nodeKey(network, each), undefined] as const);
  return withRows(state, "token", [...gone, [nodeKey(network, id), row]]);
}

/** What its bearers are to be is wrong now, or each of them would be told so. */
function checkFields(document: Fields): void {
  const diagnostics = new Diagnostics({ most: MOST_MISTAKES });
  parseMesh(document, diagnostics);
  const wrong = diagnostics.list.filter(({ path }) => path[1] === EXAMPLE);
  const [first] = wrong;
  if (first === undefined) return;
  throw new AppError("invalid", first.message, { fix: first.fix, details: wrong });
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

/** Whether whoever comes with it has been given it, and guesses nothing. */
export function isToken(state: State, network: string, hash: string): boolean {
  return rowsOf(state.token, network).some(([, each]) => each.hash === hash);
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
      say`nobody knows this token: it was revoked, or is of another server or network`,
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
