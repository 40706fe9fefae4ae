/** What every store does, whatever it lies in: one suite, against a plain map and a plain list. */
import { mkdtempSync, existsSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import type { Delta } from "@warren/api";
import { say } from "@warren/core";
import { runs } from "../../../../tools/runs.ts";
import type { Commit, Revision, Store } from "./store.ts";

/** Makes a new store; each call of what it gives opens the same once more. */
export type StoreMaker = () => () => Promise<Store>;

/** A folder until the end of the test; in memory where there is such a place. */
export function makeTestFolder(): string {
  const parent = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const folder = mkdtempSync(join(parent, "warren-store-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A commit of which only the number and the rows matter. */
export function commitOf(rev: number, rows: Readonly<Record<string, string>> = {}): Commit {
  const what = { at: 1_800_000_000_000 + rev, actor: "admin", command: "set" };
  return { rev, ...what, set: Object.entries(rows), delete: [] };
}

const keys = fc.constantFrom(
  "network/a",
  "node/a/b",
  "node/a/\u{1f407}",
  "secret/a",
  "secrets",
  "x",
);
const deltas = fc.record({
  set: fc.array(fc.tuple(keys, fc.json()), { maxLength: 4 }),
  delete: fc.array(keys, { maxLength: 3 }),
});
const words = fc.string({ unit: "binary", maxLength: 8 });
const deeds = fc.record(
  { at: fc.maxSafeNat(), actor: words, command: words, summary: words },
  { requiredKeys: ["at", "actor", "command"] },
);
const steps = fc.oneof(
  fc.record({ kind: fc.constant("commit" as const), deed: deeds, delta: deltas }),
  fc.record({ kind: fc.constant("commit" as const), deed: deeds, delta: deltas }),
  fc.record({ kind: fc.constant("facts" as const), delta: deltas }),
  fc.record({ kind: fc.constant("wrong" as const), by: fc.integer(), delta: deltas }),
  fc.record({ kind: fc.constant("reopen" as const) }),
);

type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never;

/** What a store should hold: plain maps, and a list. */
interface Model {
  readonly rows: Map<string, string>;
  readonly facts: Map<string, string>;
  readonly log: Revision[];
}

async function take(
  store: Store,
  model: Model,
  step: Exclude<Step, { kind: "reopen" }>,
): Promise<void> {
  const { kind, delta } = step;
  const rev = model.log.length + 1;
  if (kind === "wrong") {
    await refuse(store, { ...commitOf(step.by === 0 ? rev - 1 : rev + step.by), ...delta });
  } else if (kind === "facts") {
    await store.saveFacts(delta);
    change(model.facts, delta);
  } else {
    await store.commit({ rev, ...step.deed, ...delta });
    change(model.rows, delta);
    const told = delta.set.map(([key]) => key);
    model.log.push({ rev, ...step.deed, ...delta, set: told });
  }
}

async function refuse(store: Store, wrong: Commit): Promise<void> {
  await expect(store.commit(wrong)).rejects.toThrow("does not follow");
}

function change(rows: Map<string, string>, delta: Delta): void {
  for (const key of delta.delete) rows.delete(key);
  for (const [key, text] of delta.set) rows.set(key, text);
}

/** All that a store tells; its log the oldest first, page by page. */
async function readAll(store: Store, limit: number): Promise<Model & { readonly rev: number }> {
  const { rev, rows, facts } = await store.load();
  const log: Revision[] = [];
  for (;;) {
    const before = log[0]?.rev;
    const page = await store.revisions(before === undefined ? { limit } : { before, limit });
    log.unshift(...page.toReversed());
    if (page.length < limit) return { rev, rows: new Map(rows), facts: new Map(facts), log };
  }
}

/** Calls `test` for each thing that a store promises. */
export function testStore(name: string, makeStore: StoreMaker): void {
  test(`${name} is empty at first, with an epoch that it keeps`, async () => {
    const open = makeStore();
    const store = await open();
    const { epoch, ...rest } = await store.load();
    expect(rest).toEqual({ rev: 0, rows: new Map(), facts: new Map() });
    expect(epoch).not.toBe("");
    expect(await store.revisions({ limit: 10 })).toEqual([]);
    await store.commit(commitOf(1, { a: "1" }));
    expect((await (await open()).load()).epoch).toBe(epoch);
    expect((await (await makeStore()()).load()).epoch).not.toBe(epoch);
  });

  test(`${name} holds what a map and a list hold, after any commits, facts and refusals`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(steps, { maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        async (list, limit) => {
          const open = makeStore();
          const model: Model = { rows: new Map(), facts: new Map(), log: [] };
          let store = await open();
          for (const step of list) {
            if (step.kind === "reopen") {
              await store.close();
              store = await open();
            } else await take(store, model, step);
            expect(await readAll(store, limit)).toEqual({ rev: model.log.length, ...model });
          }
          await store.close();
        },
      ),
      runs(30, 100),
    );
  });

  test(`${name} commits several at once in their order, or none of them`, async () => {
    const store = await makeStore()();
    await store.commit(commitOf(1, { a: "1" }), { ...commitOf(2, { b: "2" }), delete: ["a"] });
    const rows = new Map([["b", "2"]]);
    expect(await store.load()).toMatchObject({ rev: 2, rows });
    await expect(store.commit(commitOf(3, { c: "3" }), commitOf(5))).rejects.toThrow("not follow");
    expect(await store.load()).toMatchObject({ rev: 2, rows });
    expect(await store.revisions({ limit: 9 })).toHaveLength(2);
  });

  test(`${name} lets one of two writers commit a revision, and tells the other that it is stale`, async () => {
    const open = makeStore();
    const [one, other] = [await open(), await open()];
    await one.commit(commitOf(1, { a: "1", b: "1" }));
    await other.commit(commitOf(2, { a: "2" }));
    const late = one.commit({ ...commitOf(2, { a: "3", c: "3" }), delete: ["b"] });
    await expect(late).rejects.toThrow(
      expect.objectContaining({
        code: "stale",
        status: 412,
        message: "revision 2 does not follow 2",
        fix: say`read the state again, and repeat what was to be done`,
      }),
    );
    const rows = new Map([
      ["a", "2"],
      ["b", "1"],
    ]);
    expect(await one.load()).toMatchObject({ rev: 2, rows });
    expect((await other.revisions({ limit: 9 })).map(({ rev }) => rev)).toEqual([2, 1]);
    await Promise.all([one.commit(commitOf(3)), other.commit(commitOf(4))]);
    const both = await Promise.allSettled([one.commit(commitOf(5)), other.commit(commitOf(5))]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  });

  test(`${name} tells in its log which rows were set, and never what is in them`, async () => {
    const store = await makeStore()();
    await store.commit(commitOf(1, { "secret/tls": '"PLANTED"', "account/a": '"HASH"' }));
    await store.commit({ ...commitOf(2), summary: "gone", delete: ["secret/tls"] });
    expect(await store.revisions({ limit: 2 })).toEqual([
      { ...commitOf(2), summary: "gone", delete: ["secret/tls"] },
      { ...commitOf(1), set: ["secret/tls", "account/a"] },
    ]);
  });

  test(`${name} takes a thousand rows at once, and texts of any length and writing`, async () => {
    const open = makeStore();
    const many = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, at) => [`row/${at}`, `${at}`]),
    );
    const odd = {
      "row/網狀": '"巢穴 🐇 e\u0301 \ufeff \uffff"',
      "row/long": JSON.stringify("é".repeat(500_000)),
    };
    const store = await open();
    await store.commit(commitOf(1, { ...many, ...odd }));
    await store.close();
    const { rows } = await (await open()).load();
    expect(rows).toEqual(new Map(Object.entries({ ...many, ...odd })));
  });

  test(`${name} gives what does not change by what is committed later`, async () => {
    const store = await makeStore()();
    await store.commit(commitOf(1, { a: "1" }));
    await store.saveFacts({ set: [["f", "1"]], delete: [] });
    const before = await store.load();
    await store.commit(commitOf(2, { a: "2" }));
    await store.saveFacts({ set: [], delete: ["f"] });
    expect(before).toMatchObject({
      rev: 1,
      rows: new Map([["a", "1"]]),
      facts: new Map([["f", "1"]]),
    });
  });
}
