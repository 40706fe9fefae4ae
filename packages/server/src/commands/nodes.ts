/** How hosts come into a network and leave it: pure, from state to state. */
import { AppError } from "@warren/api";
import { listTexts, say } from "@warren/core";
import type { Name, PublicKey } from "@warren/core";
import { demandNetwork, waits, withoutUndefined } from "./networks.ts";
import { spendToken } from "./tokens.ts";
import { nodeKey, rowsOf, withRow } from "../state.ts";
import type { Fields, NodeRow, State } from "../state.ts";

export interface Joining {
  readonly network: string;
  readonly name: Name;
  readonly publicKey: PublicKey;
  /** Hash of the credential that it is given. */
  readonly credential: string;
  /** Hash of that which it had before: whoever joins again has to be the same. */
  readonly former?: string;
  /** Hash of the token's secret; absent: it has none. */
  readonly token?: string;
  readonly at: number;
}

/** A host becomes a node, or waits to become one. */
export function joinNode(
  state: State,
  { network, name, publicKey, credential, former, token, at }: Joining,
): State {
  const { isOpen } = demandNetwork(state, network);
  const spent = token === undefined ? undefined : spendToken(state, network, { hash: token, at });
  if (spent === undefined && !isOpen) {
    throw new AppError("unauthorised", say`network ${network} wants a token`, {
      fix: say`have somebody make one: warren token create ${network}; or let hosts ask without one: warren network set ${network} open=true`,
    });
  }
  const key = nodeKey(network, name);
  const before = state.node.get(key);
  refuseTaken(state, {
    network,
    name,
    publicKey,
    former,
    mayBeDeclared: spent?.row.isApproved === true,
  });
  const fields = before?.fields ?? (spent?.row.isApproved === true ? spent.row.fields : undefined);
  const joined = { credential, at, ...(spent === undefined ? {} : { token: spent.id }) };
  const row: NodeRow = {
    addresses: before?.addresses ?? [],
    ...(fields === undefined ? {} : { fields }),
    publicKey,
    joined,
  };
  return withRow(spent?.state ?? state, "node", key, row);
}

/**
 * A name is whose it was, by the credential: a public key is no secret. What was only declared is for
 * whoever has a token that needs no approval.
 */
function refuseTaken(
  state: State,
  {
    network,
    name,
    publicKey,
    former,
    mayBeDeclared,
  }: Pick<Joining, "network" | "name" | "publicKey"> & {
    readonly former: string | undefined;
    readonly mayBeDeclared: boolean;
  },
): void {
  const clone = rowsOf(state.node, network).find(
    ([other, row]) => other !== name && row.publicKey === publicKey,
  );
  if (clone !== undefined) {
    throw new AppError(
      "conflict",
      say`its key is that of node ${clone[0]}: one may be a copy of the other's disk`,
      {
        fix: say`have it make another: warren leave, and join again`,
      },
    );
  }
  const before = state.node.get(nodeKey(network, name));
  if (before === undefined) return;
  const isDeclared = before.publicKey === undefined && before.fields?.["publicKey"] === undefined;
  const isOwn = before.joined !== undefined && before.joined.credential === former;
  if (isOwn || (isDeclared && mayBeDeclared)) return;
  throw new AppError("conflict", say`there is a node ${name} in network ${network} already`, {
    fix: say`choose another name with --name; or take that one out first: warren node remove ${network} ${name}`,
  });
}

/** From now on it is in the mesh. */
export function approveNode(state: State, network: string, name: string, fields: Fields): State {
  const row = demandNode(state, network, name);
  if (row.fields !== undefined) {
    throw new AppError("conflict", say`node ${name} is approved already`, {
      fix: say`see it: warren node list ${network}`,
    });
  }
  return withRow(state, "node", nodeKey(network, name), { ...row, fields });
}

/** Fields that are undefined go; a node that is not there yet is declared, for a host to join as. */
export function setNode(state: State, network: string, name: string, changes: Fields): State {
  demandNetwork(state, network);
  const row = state.node.get(nodeKey(network, name)) ?? { addresses: [] };
  if (row.joined !== undefined && row.fields === undefined) {
    throw waits(network, name);
  }
  const fields = withoutUndefined({ ...row.fields, ...changes });
  return withRow(state, "node", nodeKey(network, name), { ...row, fields });
}

/** It is out, and its credential holds no more. */
export function removeNode(state: State, network: string, name: string): State {
  demandNode(state, network, name);
  return withRow(state, "node", nodeKey(network, name), undefined);
}

export function demandNode(state: State, network: string, name: string): NodeRow {
  demandNetwork(state, network);
  const row = state.node.get(nodeKey(network, name));
  if (row !== undefined) return row;
  const known = rowsOf(state.node, network).map(([each]) => each);
  throw new AppError("not-found", say`there is no node ${name} in network ${network}`, {
    fix: known.length === 0 ? say`nobody has joined yet` : say`there are ${listTexts(known)}`,
  });
}
