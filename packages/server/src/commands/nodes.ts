/** How hosts come into a network and leave it: pure, from state to state. */
import { AppError } from "@warren/api";
import { listTexts, optional, say } from "@warren/core";
import type { Name, PublicKey } from "@warren/core";
import { demandNetwork, fieldsIn, waits, withoutUndefined } from "./networks.ts";
import { spendToken } from "./tokens.ts";
import { nodeKey, rowsOf, withRow } from "../state.ts";
import type { Fields, NodeRow, State } from "../state.ts";

export interface Joining {
  readonly network: string;
  readonly name: Name;
  readonly publicKey: PublicKey;
  /** Hash of the credential that it has made. */
  readonly credential: string;
  /** Hash of the token's secret; absent: it has none. */
  readonly token?: string;
  /** The address that it asks from. */
  readonly from?: string;
  readonly at: number;
}

/** Without a token anybody may ask: more than somebody looks through wait in vain. */
const MOST_WAITING = 100;

/** A host becomes a node, or waits to become one. Who asks once more has heard no answer: nothing changes. */
export function joinNode(state: State, joining: Joining): State {
  if (isDone(state, joining)) return state;
  const { network, name, publicKey, credential, token, from, at } = joining;
  // Whoever knows no more than a name is not told whether there is such a network.
  const isOpen = state.network.get(network)?.isOpen === true;
  const spent = token === undefined ? undefined : spendToken(state, network, { hash: token, at });
  if (spent === undefined && !isOpen) {
    throw new AppError("unauthorised", say`network ${network} wants a token`, {
      fix: say`have somebody make one: warren token create ${network}; or let hosts ask without one: warren network set ${network} open=true`,
    });
  }
  const key = nodeKey(network, name);
  const before = state.node.get(key);
  refuseCopy(state, joining);
  refuseTaken(before, joining, spent?.row.isApproved === true);
  const fields = before?.fields ?? (spent?.row.isApproved === true ? spent.row.fields : undefined);
  if (spent === undefined && before === undefined) refuseCrowd(state, network);
  const joined = { credential, at, ...optional("token", spent?.id), ...optional("from", from) };
  const row: NodeRow = {
    addresses: before?.addresses ?? [],
    ...(fields === undefined ? {} : { fields }),
    publicKey,
    joined,
  };
  return withRow(spent?.state ?? state, "node", key, row);
}

function refuseCrowd(state: State, network: string): void {
  const waiting = rowsOf(state.node, network).filter(
    ([, { fields, joined }]) => fields === undefined && joined?.token === undefined,
  );
  if (waiting.length < MOST_WAITING) return;
  throw new AppError("too-many", say`${MOST_WAITING} hosts wait for approval already`, {
    fix: say`have some approved or removed; or come with a token: warren token create ${network}`,
  });
}

/** Whatever its token is worth by now. One that waits may come with a token that lets it in. */
function isDone(state: State, { network, name, publicKey, credential, token }: Joining): boolean {
  const row = state.node.get(nodeKey(network, name));
  if (row?.joined?.credential !== credential || row.publicKey !== publicKey) return false;
  const known = state.token.get(nodeKey(network, row.joined.token ?? ""));
  return row.fields !== undefined || token === undefined || known?.hash === token;
}

/** By their keys nodes and clients are told from each other, and by their credentials nodes. */
function refuseCopy(state: State, { network, name, publicKey, credential }: Joining): void {
  const own = nodeKey(network, name);
  const node = [...state.node].find(
    ([key, { joined, publicKey: known, fields }]) =>
      key !== own &&
      (joined?.credential === credential ||
        (key.startsWith(`${network}/`) && [known, fields?.["publicKey"]].includes(publicKey))),
  );
  const clients = fieldsIn(demandNetwork(state, network).document, "clients");
  const client = Object.keys(clients).find(
    (each) => fieldsIn(clients, each)["publicKey"] === publicKey,
  );
  const fix = say`have it make another: warren leave, and join again`;
  if (node !== undefined) {
    const text = say`its key is that of node ${node[0].slice(node[0].indexOf("/") + 1)}: one may be a copy of the other's disk`;
    throw new AppError("conflict", text, { fix });
  }
  if (client === undefined) return;
  throw new AppError("conflict", say`its key is that of client ${client}`, { fix });
}

/**
 * A name is whose it was, by the credential: a public key is no secret. What was only declared is for
 * whoever has a token that needs no approval, and the key that is declared, if one is.
 */
function refuseTaken(
  before: NodeRow | undefined,
  { network, name, publicKey, credential }: Joining,
  mayBeDeclared: boolean,
): void {
  if (before === undefined) return;
  const isOwn = before.joined?.credential === credential;
  const declared = before.fields?.["publicKey"] ?? publicKey;
  if (isOwn || (before.joined === undefined && declared === publicKey && mayBeDeclared)) return;
  throw new AppError("conflict", say`there is a node ${name} in network ${network} already`, {
    fix: say`choose another name with --name; or take that one out first: warren node remove ${network} ${name}`,
  });
}

/**
 * From now on it is in the mesh. A name may be anybody's: with a public key, or its first letters, only the
 * host that has it.
 */
export function approveNode(
  state: State,
  network: string,
  name: string,
  { publicKey, ...fields }: Fields,
): State {
  const row = demandNode(state, network, name);
  if (row.fields !== undefined) {
    throw new AppError("conflict", say`node ${name} is approved already`, {
      fix: say`see it: warren node list ${network}`,
    });
  }
  const isMeant = typeof publicKey === "string" && row.publicKey?.startsWith(publicKey);
  if (publicKey !== undefined && isMeant !== true) {
    throw new AppError("stale", say`the host that waits as ${name} has another public key`, {
      fix: say`see who asks: warren node list ${network}`,
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
