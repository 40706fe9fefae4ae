/** What is asked of the ledger at once is written at once, and each of those who asked has his own answer. */
import { parseAddress, Problem } from "@warren/core";
import { hashSecret } from "@warren/crypto";
import { expect, test } from "vitest";
import { createNetwork } from "./commands/networks.ts";
import { approveNode, joinNode, removeNode } from "./commands/nodes.ts";
import { Ledger } from "./ledger.ts";
import type { Clock } from "./ledger.ts";
import { parsedName } from "./state.ts";
import type { State } from "./state.ts";
import { createMemoryStore } from "./store/memory.ts";
import type { Commit } from "./store/store.ts";

const NETWORK = "m";
const deed = { actor: "test", command: "test" };

test("ten that join at once are one transaction and ten revisions", async () => {
  const { ledger, store, counts } = await create();
  const names = Array.from({ length: 10 }, (_, at) => `n${at}`);
  const revs = await Promise.all(names.map(async (name) => await ledger.commit(deed, comes(name))));
  expect(revs).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect([counts.transactions, ledger.rev, ledger.commits]).toEqual([2, 11, 11]);
  expect((await store.revisions({ limit: 99 })).map(({ set }) => set.length)).toEqual([
    ...Array<number>(10).fill(1),
    2,
  ]);
  const again = await Ledger.open(store, clock);
  expect(again.state).toEqual(ledger.state);
  expect(new Set([...ledger.state.node.values()].flatMap(({ addresses }) => addresses)).size).toBe(
    10,
  );
});

test("one that is refused takes none of the others with it, and none is done twice", async () => {
  const { ledger, store } = await create();
  const wrong = (state: State): State => removeNode(state, NETWORK, "nobody");
  const asked = [comes("a"), comes("b"), wrong, (state: State) => state, comes("c")];
  const done = await Promise.allSettled(
    asked.map(async (change) => await ledger.commit(deed, change)),
  );
  const said = done.map((each) => (each.status === "fulfilled" ? each.value : "refused"));
  expect(said).toEqual([2, 3, "refused", 3, 4]);
  expect([...ledger.state.node.keys()]).toEqual(["m/a", "m/b", "m/c"]);
  expect((await Ledger.open(store, clock)).state).toEqual(ledger.state);
});

test("a store that refuses is told to all who asked, and nothing has changed", async () => {
  const { ledger, counts } = await create();
  counts.isFull = true;
  const before = ledger.state;
  const done = await Promise.allSettled([
    ledger.commit(deed, comes("a")),
    ledger.commit(deed, comes("b")),
  ]);
  expect(done.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect([ledger.state, ledger.rev]).toEqual([before, 1]);
});

test("who goes and comes again at once is not dialled where he was seen before", async () => {
  const { ledger } = await create();
  await ledger.commit(deed, comes("a"));
  const host = parseAddress("198.51.100.1");
  if (host instanceof Problem) throw new Error(String(host));
  ledger.observe(NETWORK, parsedName("a"), { endpoint: { host, port: 1 }, isMapped: false });
  const dialled = (): unknown =>
    ledger.plan(NETWORK)?.index.byName.get(parsedName("a"))?.publicEndpoint;
  expect(dialled()).toBeDefined();
  await Promise.all([
    ledger.commit(deed, (state) => removeNode(state, NETWORK, "a")),
    ledger.commit(deed, comes("a", 2)),
  ]);
  expect([dialled(), ledger.seen(NETWORK)]).toEqual([undefined, []]);
});

test("what was seen is the same after a restart, and where nobody was seen he is not dialled", async () => {
  const { ledger, store } = await create();
  const host = parseAddress("2001:db8::1");
  if (host instanceof Problem) throw new Error(String(host));
  const endpoint = { host, port: 1 };
  const all = [
    { endpoint, isMapped: true },
    { endpoint, isMapped: false, generation: 1, clockMs: 5 },
    { clockMs: 5 },
    { clockMs: 5, generation: 1 },
  ];
  for (const [at, seen] of all.entries()) {
    await ledger.commit(deed, comes(`n${at}`));
    ledger.observe(NETWORK, parsedName(`n${at}`), seen);
  }
  const [facts, index] = [ledger.seen(NETWORK), ledger.plan(NETWORK)?.index];
  await ledger.close();
  const again = await Ledger.open(store, clock);
  expect(again.seen(NETWORK)).toEqual(facts);
  expect(again.plan(NETWORK)?.index.byName).toEqual(index?.byName);
});

test("after a commit that took long it rests, and who asks meanwhile is in the next transaction", async () => {
  const time = { now: 0, after: [] as [number, () => void][] };
  const slow = {
    now: () => time.now,
    after: (ms: number, work: () => void) => {
      time.after.push([ms, work]);
      return () => undefined;
    },
  };
  const { ledger, counts } = await create(slow);
  counts.onCommit = () => {
    time.now += 100;
  };
  const first = [ledger.commit(deed, comes("a")), ledger.commit(deed, comes("b"))];
  await Promise.all(first);
  const second = ledger.commit(deed, comes("c"));
  await expect.poll(() => time.after.length).toBe(1);
  const third = ledger.commit(deed, comes("d"));
  for (const [ms, work] of time.after) {
    time.now += ms;
    work();
  }
  await Promise.all([second, third]);
  expect([time.after.map(([ms]) => ms), counts.transactions, ledger.rev]).toEqual([[25], 3, 5]);
  // Nobody waits whose moment has passed, nor who waits for the end.
  time.now += 25;
  await ledger.commit(deed, comes("e"));
  const last = ledger.commit(deed, comes("f"));
  await ledger.close();
  await last;
  expect(time.after.length).toBe(1);
});

const clock = { now: () => 0, after: () => () => undefined };

function comes(name: string, at = 1): (state: State) => State {
  const publicKey = Buffer.alloc(32, name).toString("base64") as never;
  const credential = hashSecret(`${name} ${at}`);
  const wish = { network: NETWORK, name: parsedName(name), publicKey, credential, at };
  return (state) => approveNode(joinNode(state, wish), NETWORK, name, {});
}

async function create(own: Clock = clock) {
  const counts = { transactions: 0, isFull: false, onCommit: (): void => undefined };
  const memory = createMemoryStore("epoch");
  const store = {
    ...memory,
    load: memory.load.bind(memory),
    revisions: memory.revisions.bind(memory),
    saveFacts: memory.saveFacts.bind(memory),
    commit: async (...commits: readonly Commit[]) => {
      if (counts.isFull) throw new Error("no space");
      counts.transactions += 1;
      counts.onCommit();
      await memory.commit(...commits);
    },
    close: memory.close.bind(memory),
  };
  const ledger = await Ledger.open(store, own);
  const settings = { addresses: ["10.0.0.0/24"] };
  await ledger.commit(deed, (state) =>
    createNetwork(state, {
      name: parsedName(NETWORK),
      settings,
      isOpen: true,
      secret: "sealed",
      at: 0,
    }),
  );
  return { ledger, store, counts };
}
