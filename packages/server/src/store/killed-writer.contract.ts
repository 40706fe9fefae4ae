/** A program that commits to the store it is given until it is killed, and says of each revision that it is there. */
import { flushCompileCache } from "node:module";
import { openSqliteStore } from "./sqlite.ts";

/** So that it ends when nobody is left to kill it; more than a second of work. */
const MOST = 10_000;

// Else what was compiled is kept only by a process that ends by itself.
flushCompileCache();

/** Longer than a page of SQLite's, so that a commit is many writes. */
const text = JSON.stringify("x".repeat(5_000));
const store = await openSqliteStore(process.argv[2] ?? "");
const { rev: first } = await store.load();
for (let rev = first + 1; rev < first + MOST; rev += 1) {
  await store.commit({
    rev,
    at: 1_800_000_000_000,
    actor: "admin",
    command: "set",
    set: [
      ["last", String(rev)],
      [`row/${rev % 7}`, text],
    ],
    delete: [`row/${(rev + 3) % 7}`],
  });
  // Told before the next begins, however slowly it is read.
  await new Promise((told) => process.stdout.write(`${rev}\n`, told));
}
