/** What changes a network as a whole: pure, from state to state. */
import { AppError } from "@warren/api";
import { printSorted, say } from "@warren/core";
import type { Name } from "@warren/core";
import { nodeKey, rowsOf, withRow, withRows } from "../state.ts";
import type { Fields, NetworkRow, NodeRow, State } from "../state.ts";

export interface NewNetwork {
  readonly name: Name;
  /** `network` in a document, without its name. */
  readonly settings: Fields;
  readonly isOpen: boolean;
  /** Sealed. */
  readonly secret: string;
  readonly at: number;
}

export function createNetwork(state: State, { name, settings, ...row }: NewNetwork): State {
  if (state.network.has(name)) {
    throw new AppError("conflict", say`there is a network ${name} already`, {
      fix: say`choose another name`,
    });
  }
  const { isOpen, secret, at: createdAt } = row;
  const document = { network: { ...settings, name } };
  const sealed = withRow(state, "secret", `network/${name}`, secret);
  return withRow(sealed, "network", name, { document, isOpen, createdAt, epochs: {} });
}

export interface NetworkChanges extends Pick<NetworkRow, "confirmedIn"> {
  readonly settings?: Fields;
  readonly isOpen?: boolean;
}

/** Fields that are undefined go. */
export function setNetwork(
  state: State,
  network: string,
  { settings = {}, ...changes }: NetworkChanges,
): State {
  const row = demandNetwork(state, network);
  const own = { ...fieldsIn(row.document, "network"), ...settings, name: network };
  const document = { ...row.document, network: withoutUndefined(own) };
  return withRow(state, "network", network, { ...row, document, ...changes });
}

export function deleteNetwork(state: State, network: string): State {
  demandNetwork(state, network);
  const gone = (rows: State["node" | "token"]): readonly (readonly [string, undefined])[] =>
    rowsOf<unknown>(rows, network).map(([each]) => [nodeKey(network, each), undefined]);
  const nodes = withRows(state, "node", gone(state.node));
  const tokens = withRows(nodes, "token", gone(state.token));
  const bare = withRow(tokens, "secret", `network/${network}`, undefined);
  return withRow(bare, "network", network, undefined);
}

/**
 * The whole mesh as a document says it. Nodes that it does not name go, and with them what they may do
 * here; those that wait for approval go on waiting.
 */
export function applyDocument(state: State, network: string, document: Fields): State {
  const row = demandNetwork(state, network);
  const { nodes: _, ...head } = document;
  const named = fieldsIn(document, "nodes");
  const own = { ...head, network: { ...fieldsIn(document, "network"), name: network } };
  // Another order of fields says the same.
  const isSame = printSorted(own) === printSorted(row.document);
  const after = isSame ? state : withRow(state, "network", network, { ...row, document: own });
  const nodes: [string, NodeRow | undefined][] = [];
  for (const [name, node] of rowsOf(state.node, network)) {
    if (node.fields === undefined || Object.hasOwn(named, name)) continue;
    nodes.push([nodeKey(network, name), undefined]);
  }
  for (const [name, written] of Object.entries(named)) {
    const key = nodeKey(network, name);
    const before = state.node.get(key);
    const fields = (written ?? {}) as Fields;
    if (printSorted(before?.fields) === printSorted(fields)) continue;
    // A name in a file lets no stranger in who has asked to be called so.
    if (before?.joined !== undefined && before.fields === undefined) throw waits(network, name);
    nodes.push([key, { addresses: [], ...before, fields }]);
  }
  return withRows(after, "node", nodes);
}

/** Of what only approval may change. */
export function waits(network: string, node: string): AppError {
  return new AppError("conflict", say`node ${node} waits for approval`, {
    fix: say`approve it first: warren node approve ${network} ${node}`,
  });
}

export function demandNetwork(state: State, network: string): NetworkRow {
  const row = state.network.get(network);
  if (row !== undefined) return row;
  throw new AppError("not-found", say`there is no network ${network}`, {
    fix: say`see which there are: warren network list`,
  });
}

export function withoutUndefined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

export function fieldsIn(document: Fields, part: string): Fields {
  const value = document[part];
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}
