/** What a host has made to join with outlives a kill, is for root alone, and is of one join. */
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Name } from "@warren/core";
import { listNetworks } from "./files.ts";
import { PendingJoin } from "./pending-join.ts";
import type { Asked } from "./pending-join.ts";

const ASKED = { servers: ["203.0.113.9:8443"], network: "clouds" as Name, node: "a" as Name };
const OTHERS: readonly Asked[] = [
  { ...ASKED, servers: ["203.0.113.8:8443"] },
  { ...ASKED, network: undefined },
  { ...ASKED, node: "b" as Name },
];

test("PendingJoin gives whoever asks for the same once more what it gave before, and nobody else", () => {
  const base = makeBase();
  const made = new PendingJoin(base, ASKED).demandIdentity();
  expect(new PendingJoin(base, ASKED).demandIdentity()).toEqual(made);
  for (const asked of OTHERS) {
    const { privateKey, credential } = new PendingJoin(base, asked).demandIdentity();
    expect([privateKey === made.privateKey, credential === made.credential]).toEqual([
      false,
      false,
    ]);
  }
  expect(new PendingJoin(base, ASKED).demandIdentity()).toEqual(made);
  expect(listNetworks(base)).toEqual([]);
  expect(readdirSync(base).map((each) => statSync(join(base, each)).mode & 0o777)).toEqual(
    [ASKED, ...OTHERS].map(() => 0o600),
  );
});

test("PendingJoin makes another once it was removed, or is not to be read", () => {
  const base = makeBase();
  const pending = new PendingJoin(base, ASKED);
  const first = pending.demandIdentity();
  pending.remove();
  expect(readdirSync(base)).toEqual([]);
  const second = pending.demandIdentity();
  expect(second).not.toEqual(first);
  const [file = ""] = readdirSync(base);
  writeFileSync(join(base, file), "{");
  expect(pending.demandIdentity()).not.toEqual(second);
  pending.remove();
  pending.remove();
});

test("removeAll() takes what was asked of the same server, and what is a week old", () => {
  const base = makeBase();
  const pending = new PendingJoin(base, ASKED);
  const other = new PendingJoin(base, { ...ASKED, servers: ["198.51.100.7:8443"] });
  for (const each of [other, pending, new PendingJoin(base, { ...ASKED, node: "z" as Name })]) {
    each.demandIdentity();
  }
  pending.removeAll();
  const left = readdirSync(base);
  expect(left.length).toBe(1);
  const week = 7 * 24 * 3600;
  utimesSync(join(base, left[0] ?? ""), 0, Date.now() / 1000 - week + 60);
  pending.removeAll();
  expect(readdirSync(base)).toEqual(left);
  utimesSync(join(base, left[0] ?? ""), 0, Date.now() / 1000 - week - 60);
  pending.removeAll();
  expect(readdirSync(base)).toEqual([]);
});

function makeBase(): string {
  const folder = mkdtempSync(join(tmpdir(), "warren-joining-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "warren");
}
