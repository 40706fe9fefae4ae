/** What one agent's line may bring about: whatever comes by it, the server and all other lines go on. */
import { parseAddress, Problem } from "@warren/core";
import type { Index } from "@warren/core";
import { expect, test } from "vitest";
import { approveNode } from "./commands/nodes.ts";
import { createTestPlane, LOCAL_TOKEN } from "./plane.contract.ts";
import { parsedName } from "./state.ts";

const by = LOCAL_TOKEN;
const HELLO = { kind: "hello", version: "1", listenPort: 51820 };
const HELLO_TEXT = JSON.stringify(HELLO);

test("what no agent sends ends its own line alone; what a newer one sends is passed over", async () => {
  const { plane, ends, connect } = await createPair();
  const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
  const told: (string | undefined)[] = [];
  for (const texts of [
    [`{"kind":${deep}}`],
    [`{"kind":"hello","version":${deep}}`],
    ['{"kind":"newer"}'],
    [HELLO_TEXT, `{"kind":"newer","more":${deep}}`],
    [HELLO_TEXT, '{"kind":["newer"]}'],
    [HELLO_TEXT, '{"kind":"applied","rev":-1}'],
    [HELLO_TEXT, '{"kind":"newer","more":[1]}', '{"kind":"toString"}'],
  ]) {
    const { receive } = connect("a");
    for (const text of texts) receive(text);
    told.push(ends.get("a"));
  }
  expect(told).toEqual([...Array<string>(6).fill("garbage"), undefined]);
  expect([ends.get("b"), plane.streams.size]).toEqual([undefined, 2]);
});

test("a mistake of the server's own ends the line that brings it about, and is reported", async () => {
  const { plane, ends, connect } = await createPair();
  const { receive } = connect("a");
  const off = plane.streams.onPresence(() => {
    off();
    throw new Error("a mistake");
  });
  // The reports of a test plane are thrown.
  expect(() => receive(HELLO_TEXT)).toThrow("a mistake");
  expect([ends.get("a"), ends.get("b"), plane.streams.size]).toEqual(["failed", undefined, 1]);
});

test("an agent that takes nothing in is cut off instead of waited for", async () => {
  const { ask, plane, time, ends, connect } = await createPair();
  const { receive, line, sent } = connect("a");
  receive(HELLO_TEXT);
  line.bufferedBytes = 8_000_001;
  const before = sent.length;
  await ask("PATCH /networks/home/nodes/b", { by, body: { endpoint: "203.0.113.9:1" } });
  time.run();
  expect([sent.length, ends.get("a"), ends.get("b")]).toEqual([before, "overflow", undefined]);
  expect([plane.streams.size, plane.streams.presence("home", "a")]).toEqual([1, undefined]);
});

test("a line that has ended says nothing more, and is told nothing", async () => {
  const { ask, plane, time, connect } = await createPair();
  const { receive, sent } = connect("a");
  receive(HELLO_TEXT);
  await ask("DELETE /networks/home/nodes/a", { by });
  time.run();
  time.now += 10_000;
  const before = sent.length;
  receive(JSON.stringify({ ...HELLO, listenPort: 666 }));
  await plane.ledger.close();
  expect(sent.length).toBe(before);
  expect([...(await plane.store.load()).facts.keys()]).toEqual(["seen/home/b"]);
});

test("where many were seen that are let in at once is made of one new mesh", async () => {
  const { plane, time, connect, join } = await createPair();
  const names = ["c", "d", "e", "f", "g"];
  for (const name of names) {
    await join(name);
    connect(name).receive(HELLO_TEXT);
  }
  time.run();
  time.now += 2000;
  let meshes = 0;
  const seen = plane.ledger.seen.bind(plane.ledger);
  plane.ledger.seen = (network) => {
    meshes += 1;
    return seen(network);
  };
  await plane.ledger.commit({ actor: "test", command: "approve" }, (state) =>
    names.reduce((all, each) => approveNode(all, parsedName("home"), each, {}), state),
  );
  expect(names.map((each) => plane.ledger.seenOf("home", parsedName(each)).endpoint?.port)).toEqual(
    names.map(() => HELLO.listenPort),
  );
  expect(meshes).toBe(1);
});

test("where a host is dialled is taken down once it is in, and once a second at most", async () => {
  const { plane, time, ask, join, connect } = await createPair();
  await join("c");
  const { receive } = connect("c");
  const indexOf = (): Index | undefined => plane.ledger.plan("home")?.index;
  const portOf = (): number | undefined =>
    indexOf()?.byName.get(parsedName("c"))?.publicEndpoint?.port;
  const before = indexOf();
  for (const listenPort of [1, 2, 3]) {
    time.now += 2000;
    receive(JSON.stringify({ ...HELLO, listenPort }));
  }
  expect(indexOf()).toBe(before);
  time.now += 2000;
  await ask("POST /networks/home/nodes/c/approve", { by, body: {} });
  time.run();
  expect(portOf()).toBe(3);
  time.now += 2000;
  for (const listenPort of [4, 5, 6]) receive(JSON.stringify({ ...HELLO, listenPort }));
  expect(portOf()).toBe(4);
  time.now += 1000;
  time.run();
  expect(portOf()).toBe(6);
});

test("who wants everything again and again is sent it once a second, and after the last time, too", async () => {
  const { plane, time, connect } = await createPair();
  const { receive } = connect("a");
  receive(HELLO_TEXT);
  time.run();
  const { snapshots } = plane.streams.counts;
  const count = (): number => plane.streams.counts.snapshots - snapshots;
  for (let at = 0; at < 10; at += 1) receive('{"kind":"resync","why":"x"}');
  expect(count()).toBe(1);
  time.now += 1000;
  time.run();
  expect(count()).toBe(2);
});

test("who comes back with what there is now is current at once; whether he has it is looked at later", async () => {
  const { plane, ask, time, connect } = await createPair();
  const first = connect("a");
  first.receive(HELLO_TEXT);
  time.run();
  const told = JSON.parse(first.sent.at(-1) ?? "") as Record<string, unknown>;
  const { epoch, rev, hash, basis } = told;
  const kinds = (sent: readonly string[]): readonly unknown[] =>
    sent.map((text) => (JSON.parse(text) as { kind: unknown }).kind);
  const hello = (more: object): string =>
    JSON.stringify({ ...HELLO, epoch, rev, hash, basis, ...more });
  const lying = connect("a");
  lying.receive(hello({ hash: "0".repeat(32) }));
  expect(kinds(lying.sent)).toEqual(["current"]);
  time.run();
  expect(kinds(lying.sent)).toEqual(["current", "snapshot"]);
  const honest = connect("a");
  honest.receive(hello({}));
  time.run();
  expect(kinds(honest.sent)).toEqual(["current"]);
  await ask("PATCH /networks/home/nodes/a", { by, body: { tags: ["db"] } });
  time.run();
  // Nothing of it is new to a, but what it is made of.
  expect(kinds(honest.sent)).toEqual(["current", "current"]);
  const stale = connect("a");
  stale.receive(hello({ hash: "0".repeat(32) }));
  expect(kinds(stale.sent)).toEqual(["snapshot"]);
  expect(plane.streams.counts.patches).toBe(0);
});

test("of a part of a report the others stand as they did, but for those that are gone", async () => {
  const { plane, time, connect } = await createPair();
  const { receive } = connect("a");
  receive(HELLO_TEXT);
  const [b, c, d] = ["b", "c", "d"].map((each) => Buffer.alloc(32, each).toString("base64"));
  const told = (publicKey = "", received = 0) => ({ publicKey, received, sent: 0 });
  receive(JSON.stringify({ kind: "report", peers: [told(b), told(c), told(d)] }));
  time.now += 8000;
  receive(JSON.stringify({ kind: "report", isPart: true, gone: [c], peers: [told(d, 5)] }));
  expect(plane.streams.presence("home", "a")?.peers).toEqual([told(b), told(d, 5)]);
});

test("what an agent could not apply is not what it has applied", async () => {
  const { plane, connect } = await createPair();
  const { receive } = connect("a");
  receive(HELLO_TEXT);
  const hash = "0".repeat(32);
  receive(JSON.stringify({ kind: "applied", rev: 2, hash }));
  receive(JSON.stringify({ kind: "applied", rev: 3, hash, error: "no wg" }));
  const { applied, error } = plane.streams.presence("home", "a") ?? {};
  expect([applied, error]).toEqual([2, "no wg"]);
});

test("who greets again with what it had is not current while it is told of something else", async () => {
  const { ask, plane, time, connect } = await createPair();
  const { receive, sent } = connect("a");
  const move = async (endpoint: string): Promise<unknown> =>
    await ask("PATCH /networks/home/nodes/b", { by, body: { endpoint } });
  await move("203.0.113.9:1");
  receive(HELLO_TEXT);
  time.run();
  const { rev, hash } = JSON.parse(sent.at(-1) ?? "") as { rev: number; hash: string };
  await move("203.0.113.9:2");
  const patched = sent.length;
  await move("203.0.113.9:1");
  receive(JSON.stringify({ ...HELLO, epoch: plane.ledger.epoch, rev, hash }));
  time.run();
  const kinds = sent.slice(patched - 1).map((text) => (JSON.parse(text) as { kind: string }).kind);
  expect(kinds).toEqual(["patch", "snapshot"]);
});

test("who has applied what it was told of is not behind a revision that changed nothing for it", async () => {
  const { ask, plane, time, connect } = await createPair();
  const { receive, sent } = connect("a");
  receive(HELLO_TEXT);
  time.run();
  const { rev, hash } = JSON.parse(sent.at(-1) ?? "") as { rev: number; hash: string };
  await ask("POST /networks/home/tokens", { by, body: {} });
  receive(JSON.stringify({ ...HELLO, epoch: plane.ledger.epoch, rev, hash }));
  time.run();
  receive(JSON.stringify({ kind: "applied", rev, hash }));
  const told = plane.ledger.rev;
  expect(told).toBe(rev + 1);
  expect(plane.streams.presence("home", "a")).toMatchObject({ told, applied: told });
});

/** Nodes a and b, of which b listens; and why each one's last line was closed. */
async function createPair() {
  const made = await createTestPlane();
  const { ask, plane } = made;
  const ends = new Map<string, string>();
  const address = parseAddress("198.51.100.1");
  if (address instanceof Problem) throw new Error(String(address));
  const connect = (node: string) => {
    const sent: string[] = [];
    const line = {
      bufferedBytes: 0,
      send: (text: string) => void sent.push(text),
      close: (why: string) => void ends.set(node, why),
    };
    const { receive } = plane.streams.connect({ network: "home", node, address }, line);
    // The line before this one was.
    ends.delete(node);
    return { receive, line, sent };
  };
  const join = async (name: string): Promise<void> => {
    const publicKey = Buffer.alloc(32, name).toString("base64");
    const credential = `wrc_${name.repeat(43)}`;
    await ask("POST /join", { body: { network: "home", name, publicKey, credential } });
  };
  await ask("POST /networks", { by, body: { name: "home", isOpen: true } });
  for (const node of ["a", "b"]) {
    await join(node);
    await ask(`POST /networks/home/nodes/${node}/approve`, { by, body: {} });
  }
  connect("b").receive(HELLO_TEXT);
  return { ...made, ends, connect, join };
}
