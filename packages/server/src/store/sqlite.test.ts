/** Tests of the store in SQLite: what every store keeps, and what can befall a file. */
import { join } from "node:path";
import { openSqliteStore } from "./sqlite.ts";
import { makeTestFolder, testStore } from "./store.contract.ts";

testStore("openSqliteStore()", () => {
  const file = join(makeTestFolder(), "one/warren.db");
  return async () => await openSqliteStore(file);
});
