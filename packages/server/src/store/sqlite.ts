/** A store in a file of SQLite, for one server: the log, the rows and the facts are written with one fsync. */
import { setImmediate } from "node:timers/promises";
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import type { Delta, Entries } from "@warren/api";
import { inTransaction, openDatabase, storeRefusal } from "./database.ts";
import type { OpenOptions } from "./database.ts";
import { MIGRATIONS } from "./schema.ts";
import { changesOf, checkNext } from "./store.ts";
import type { Changes, Commit, Page, Revision, Store, Stored } from "./store.ts";

/** Longer than a backup or a command beside the server writes. */
const WAIT_MS = 5_000;

export async function openSqliteStore(
  file: string,
  { migrations = MIGRATIONS, waitMs = WAIT_MS }: Partial<OpenOptions> = {},
): Promise<Store> {
  try {
    return new SqliteStore(file, await openDatabase(file, { migrations, waitMs }));
  } catch (cause) {
    throw storeRefusal(file, cause);
  }
}

class SqliteStore implements Store {
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(file: string, database: DatabaseSync) {
    this.#file = file;
    this.#database = database;
    this.#statements = prepareStatements(database);
  }

  async load(): Promise<Stored> {
    const { epoch, state, facts } = this.#statements;
    return this.#atOnce(() => ({
      epoch: String(epoch.get()?.["epoch"]),
      rev: this.#readRev(),
      rows: readEntries(state.list),
      facts: readEntries(facts.list),
    }));
  }

  async commit(...commits: readonly Commit[]): Promise<void> {
    const { log, state } = this.#statements;
    this.#atOnce(() => {
      for (const commit of commits) {
        const { rev, at, actor, command, summary } = commit;
        checkNext(rev, this.#readRev());
        log.run(rev, at, actor, command, summary ?? null, JSON.stringify(changesOf(commit)));
        write(state, commit);
      }
    });
    // A write waits for the disk: whoever has asked meanwhile is heard before the next one.
    await setImmediate();
  }

  async saveFacts(change: Delta): Promise<void> {
    this.#atOnce(() => write(this.#statements.facts, change));
  }

  async revisions({ before = Number.MAX_SAFE_INTEGER, limit }: Page): Promise<readonly Revision[]> {
    return this.#atOnce(() => this.#statements.page.all(before, limit).map(readRevision));
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  #readRev(): number {
    return Number(this.#statements.rev.get()?.["rev"] ?? 0);
  }

  #atOnce<T>(work: () => T): T {
    try {
      return inTransaction(this.#database, work);
    } catch (cause) {
      throw storeRefusal(this.#file, cause);
    }
  }
}

interface Table {
  readonly list: StatementSync;
  readonly set: StatementSync;
  readonly delete: StatementSync;
}

interface Statements {
  readonly epoch: StatementSync;
  readonly rev: StatementSync;
  readonly log: StatementSync;
  readonly page: StatementSync;
  readonly state: Table;
  readonly facts: Table;
}

function prepareStatements(database: DatabaseSync): Statements {
  const table = (name: "state" | "facts"): Table => ({
    list: database.prepare(`SELECT key, text FROM ${name}`),
    set: database.prepare(`INSERT OR REPLACE INTO ${name} (key, text) VALUES (?, ?)`),
    delete: database.prepare(`DELETE FROM ${name} WHERE key = ?`),
  });
  return {
    epoch: database.prepare("SELECT epoch FROM identity"),
    rev: database.prepare("SELECT max(rev) AS rev FROM revisions"),
    log: database.prepare(
      "INSERT INTO revisions (rev, at, actor, command, summary, changes) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    page: database.prepare("SELECT * FROM revisions WHERE rev < ? ORDER BY rev DESC LIMIT ?"),
    state: table("state"),
    facts: table("facts"),
  };
}

function write(table: Table, { set, delete: gone }: Delta): void {
  for (const key of gone) table.delete.run(key);
  for (const [key, text] of set) table.set.run(key, text);
}

function readEntries(list: StatementSync): Entries {
  return new Map(list.all().map(({ key, text }) => [String(key), String(text)]));
}

function readRevision(row: Readonly<Record<string, SQLOutputValue>>): Revision {
  return {
    rev: Number(row["rev"]),
    at: Number(row["at"]),
    actor: String(row["actor"]),
    command: String(row["command"]),
    ...(row["summary"] === null ? {} : { summary: String(row["summary"]) }),
    ...(JSON.parse(String(row["changes"])) as Changes),
  };
}
