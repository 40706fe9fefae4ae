/** What an agent takes in, and what it would rather not. */
import { entriesOf, hashOf } from "@warren/api";
import type { Entries, ServerMessage } from "@warren/api";
import { printText } from "@warren/core";
import { digest } from "@warren/crypto";
import { expect, test } from "vitest";
import { sampleOf, sampleSecrets } from "../../../tools/sample.ts";
import { takeIn } from "./intake.ts";
import type { Taken } from "./intake.ts";

const names = Array.from({ length: 12 }, (_, at) => `n${at}`);
const nodes = names.map((name, at) => `  ${name}: { endpoint: 203.0.113.${at + 1} }\n`).join("");
const MESH = `network: { name: m, addresses: [10.0.0.0/24] }\nnodes:\n${nodes}`;
const { devices } = sampleOf(MESH);
const [device] = devices;

function entries(peers: number): Entries {
  if (device === undefined) throw new Error("the sample has nodes");
  const few = { ...device, peers: device.peers.slice(0, peers) };
  return entriesOf(few, (id) => sampleSecrets.presharedKey(id));
}

function snapshot(of: Entries, more: object = {}): Extract<ServerMessage, { set: unknown }> {
  const set = [...of].map(([key, text]) => [key, JSON.parse(text) as unknown] as const);
  return { kind: "snapshot", epoch: "e", rev: 7, hash: hashOf(of, digest), set, ...more };
}

function told(taken: Taken): string {
  switch (taken.kind) {
    case "device":
      return `device of ${taken.device.bundle.device.peers.length} peers`;
    case "unfit":
      return taken.why;
    case "refused":
      return printText(taken.problem.message);
  }
}

test("takeIn() takes a snapshot, and a patch of what it has", () => {
  const first = takeIn(undefined, snapshot(entries(3)), digest);
  expect(told(first)).toBe("device of 3 peers");
  if (first.kind !== "device") return;
  const key = [...entries(3).keys()].find((each) => each.startsWith("peer/")) ?? "";
  const left = new Map([...entries(3)].filter(([each]) => each !== key));
  const patch = {
    kind: "patch",
    rev: 8,
    hash: hashOf(left, digest),
    set: [],
    delete: [key],
  } as const;
  expect(told(takeIn(first.device, patch, digest))).toBe("device of 2 peers");
  expect(told(takeIn(undefined, patch, digest))).toBe("the hash of what was sent is another");
});

test("takeIn() refuses to lose most of its peers, unless that is meant", () => {
  const first = takeIn(undefined, snapshot(entries(11)), digest);
  if (first.kind !== "device") throw new Error("it is a device");
  const judge = (peers: number, more?: object): string =>
    told(takeIn(first.device, snapshot(entries(peers), more), digest));
  expect(judge(6)).toBe("device of 6 peers");
  expect(judge(5)).toBe(
    "refused: it would take away 6 of 11 peers, and nobody says that this is meant",
  );
  expect(judge(5, { isIntended: true })).toBe("device of 5 peers");
});

test("takeIn() refuses what is older than what it has, of the same log alone", () => {
  const first = takeIn(undefined, snapshot(entries(3)), digest);
  if (first.kind !== "device") throw new Error("it is a device");
  const judge = (more: object): string =>
    told(takeIn(first.device, snapshot(entries(2), more), digest));
  expect(judge({ rev: 7 })).toBe("device of 2 peers");
  expect(judge({ rev: 6 })).toBe("refused: the server is at revision 6, and has been at 7");
  expect(judge({ rev: 6, epoch: "restored" })).toBe("device of 2 peers");
  // Of a restored log, after a whole that was refused: that is told once more, and why it was.
  const patch = { kind: "patch", rev: 6, hash: hashOf(entries(2), digest), set: [] } as const;
  const taken = takeIn(first.device, { ...patch, delete: ["peer/x"] }, digest);
  expect(told(taken)).toBe("the hash of what was sent is another");
});

test("takeIn() does not ask again for a whole that does not add up", () => {
  const wrong = { ...snapshot(entries(3)), hash: hashOf(entries(2), digest) };
  expect(told(takeIn(undefined, wrong, digest))).toBe(
    "refused: what the server sent does not add up",
  );
});
