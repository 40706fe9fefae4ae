/**
 * All that the control plane decides about, as one immutable value: tables of rows, each a plain JSON
 * value under a key. What differs between two states is found row by row; no command says it.
 */
import * as core from "@warren/core";
import type { Name } from "@warren/core";
import type { Account, ApiToken, SignInLink } from "./auth/auth-state.ts";

/** As a document has it: one field a word. */
export type Fields = Readonly<Record<string, unknown>>;

export interface State {
  readonly network: Rows<NetworkRow>;
  readonly node: Rows<NodeRow>;
  readonly token: Rows<TokenRow>;
  /** Key: `network/NAME`. Sealed; the log has its key alone. */
  readonly secret: Rows<string>;
  /** Who may come in: keys are names, and hashes of secrets. */
  readonly account: Rows<Account>;
  readonly apiToken: Rows<ApiToken>;
  readonly link: Rows<SignInLink>;
}

export type Rows<R> = ReadonlyMap<string, R>;
export type Table = keyof State;

/** Key: its name. */
export interface NetworkRow {
  /** The mesh document without its nodes. */
  readonly document: Fields;
  /** Whether a host may ask to join without a token; somebody has to approve it then. */
  readonly isOpen: boolean;
  /** How often a pair's preshared key was rotated, by the lock's names of pairs. */
  readonly epochs: Readonly<Record<string, number>>;
  readonly createdAt: number;
  /** The log under which somebody has said that hosts are to lose what the restored store lacks. */
  readonly confirmedIn?: string;
}

/** Key: `NETWORK/NAME`. A node of the document, a host that has joined, mostly both. */
export interface NodeRow {
  /** Of the document; absent while it waits for approval. */
  readonly fields?: Fields;
  /** Given for life. */
  readonly addresses: readonly string[];
  /** Of the key that its host has made. */
  readonly publicKey?: string;
  readonly joined?: Joined;
}

export interface Joined {
  /** Hash of its credential. */
  readonly credential: string;
  readonly at: number;
  /** The token it came with. */
  readonly token?: string;
  /** The address that it asked from. */
  readonly from?: string;
}

/** Key: `NETWORK/ID`. */
export interface TokenRow {
  /** Hash of its secret. */
  readonly hash: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt?: number;
  /** Absent: any number. */
  readonly usesLeft?: number;
  /** What a node that comes by it is, in the document. */
  readonly fields: Fields;
  readonly isApproved: boolean;
}

export const EMPTY_STATE: State = {
  network: new Map(),
  node: new Map(),
  token: new Map(),
  secret: new Map(),
  account: new Map(),
  apiToken: new Map(),
  link: new Map(),
};

const TABLES = Object.keys(EMPTY_STATE) as readonly Table[];

export function nodeKey(network: string, name: string): string {
  return `${network}/${name}`;
}

/** Rows of one network, by the second half of their keys. */
export function rowsOf<R>(rows: Rows<R>, network: string): readonly (readonly [string, R])[] {
  const start = `${network}/`;
  return [...rows].flatMap(([key, row]): (readonly [string, R])[] =>
    key.startsWith(start) ? [[key.slice(start.length), row]] : [],
  );
}

/** Undefined takes the row away. */
export function withRow<T extends Table>(
  state: State,
  table: T,
  key: string,
  row: RowOf<T> | undefined,
): State {
  return withRows(state, table, [[key, row]]);
}

/** Each copy costs as much as there are rows. */
export function withRows<T extends Table>(
  state: State,
  table: T,
  changes: readonly (readonly [key: string, row: RowOf<T> | undefined])[],
): State {
  if (changes.length === 0) return state;
  const rows = new Map<string, unknown>(state[table]);
  for (const [key, row] of changes) {
    if (row === undefined) rows.delete(key);
    else rows.set(key, row);
  }
  return { ...state, [table]: rows };
}

export type RowOf<T extends Table> = State[T] extends Rows<infer R> ? R : never;

/** A stored row: `TABLE/KEY`, and its JSON. */
export type StoredRow = readonly [key: string, text: string];

/** What a store must write so that it has the second instead of the first. Rows that did not change are the same objects. */
export function changedRows(
  before: State,
  after: State,
): { readonly set: readonly StoredRow[]; readonly delete: readonly string[] } {
  const set: StoredRow[] = [];
  const gone: string[] = [];
  for (const table of TABLES) {
    const [old, young] = [before[table], after[table]] as readonly [Rows<unknown>, Rows<unknown>];
    if (old === young) continue;
    for (const [key, row] of young) {
      if (old.get(key) !== row) set.push([`${table}/${key}`, JSON.stringify(row)]);
    }
    for (const key of old.keys()) if (!young.has(key)) gone.push(`${table}/${key}`);
  }
  return { set, delete: gone };
}

/** Rows of tables that this program does not know are a newer one's: a store with such rows is refused before. */
export function stateOf(rows: Iterable<StoredRow>): State {
  const tables = new Map(TABLES.map((table) => [table as string, new Map<string, unknown>()]));
  for (const [key, text] of rows) {
    const cut = key.indexOf("/");
    tables.get(key.slice(0, cut))?.set(key.slice(cut + 1), JSON.parse(text));
  }
  return Object.fromEntries(tables) as unknown as State;
}

export function parsedName(text: string): Name {
  const name = core.parseName(text);
  if (name instanceof core.Problem) throw new Error(String(name));
  return name;
}
