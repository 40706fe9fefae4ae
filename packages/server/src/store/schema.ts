/** The tables of a store in SQLite, as the list of what has made them so, and whether a file has them. */
import type { DatabaseSync } from "node:sqlite";
import { AppError } from "@warren/api";
import { say } from "@warren/core";

/** Says of a file that it is ours ("Wrrn"; PRAGMA application_id). */
const APPLICATION = 0x5772726e;

/**
 * Appended to and never changed: the schema of a file is how many of them it has seen. Its epoch can be renewed
 * whatever the schema, see `restoreStore()`.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE identity (only INTEGER PRIMARY KEY CHECK (only = 1), epoch TEXT NOT NULL) STRICT;
   INSERT INTO identity VALUES (1, lower(hex(randomblob(16))));
   CREATE TABLE state (key TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE facts (key TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE revisions (
     rev INTEGER PRIMARY KEY,
     at INTEGER NOT NULL,
     actor TEXT NOT NULL,
     command TEXT NOT NULL,
     summary TEXT,
     changes TEXT NOT NULL
   ) STRICT;`,
  // The log has keys alone: what was in rows is gone from it.
  `UPDATE revisions SET changes = json_object(
     'set', json((SELECT json_group_array(value ->> 0) FROM json_each(changes, '$.set'))),
     'delete', json(changes -> 'delete')
   );`,
];

/** How many migrations the file has seen, 0 for an empty one. Refuses what others have made, and what is newer than this program. */
export function readSchema(database: DatabaseSync, file: string, known: number): number {
  const schema = readNumber(database, "PRAGMA user_version");
  const application = readNumber(database, "PRAGMA application_id");
  const isEmpty = readNumber(database, "SELECT count(*) FROM sqlite_schema") === 0;
  if (application !== APPLICATION && !isEmpty) {
    const fix = say`name another file, or move this one away`;
    throw new AppError("cannot-read", say`it is another program's database`, { fix, file });
  }
  if (schema <= known) return schema;
  const text = say`a newer warren has written it: its form is ${schema}, and this one knows ${known}`;
  const copy = copyBefore(file, schema);
  const fix = say`run the newer warren; or go back to the copy made before it: warren server restore ${copy}`;
  throw new AppError("cannot-read", text, { fix, file });
}

/** The copy that is made of a file before it gets this schema. */
export function copyBefore(file: string, schema: number): string {
  return `${file}.before-${schema}`;
}

/** Does what is missing, within a transaction of the caller's, who knows that `schema` is still so. */
export function migrate(database: DatabaseSync, schema: number, migration: string): void {
  database.exec(migration);
  database.exec(`PRAGMA application_id = ${APPLICATION}; PRAGMA user_version = ${schema}`);
}

function readNumber(database: DatabaseSync, query: string): number {
  return Number(Object.values(database.prepare(query).get() ?? {})[0]);
}
