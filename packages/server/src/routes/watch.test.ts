/** Whoever watches a network knows in the end what a newcomer is told, is told it in time, and no more than he may. */
import { AppError } from "@warren/api";
import type { NetworkNews, NodeLine } from "@warren/api";
import * as core from "@warren/core";
import { createPresharedKeys, digest } from "@warren/crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../../../tools/runs.ts";
import { createNetwork } from "../commands/networks.ts";
import { approveNode, joinNode, removeNode, setNode } from "../commands/nodes.ts";
import { Ledger } from "../ledger.ts";
import type { Clock } from "../ledger.ts";
import { parsedName } from "../state.ts";
import type { State } from "../state.ts";
import { createMemoryStore } from "../store/memory.ts";
import { Streams } from "../streams.ts";
import { watchNetwork } from "./watch.ts";

const NETWORK = "m";
const NAMES = ["a", "b", "c", "d"];

/** Its time goes on when it is told to. */
class TestClock implements Clock {
  #now = 1_000_000;
  #work: { readonly at: number; readonly work: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(delayMs: number, work: () => void): () => void {
    const entry = { at: this.#now + delayMs, work };
    this.#work.push(entry);
    return () => {
      this.#work = this.#work.filter((each) => each !== entry);
    };
  }

  get waiting(): number {
    return this.#work.length;
  }

  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [first] = this.#work.toSorted((one, other) => one.at - other.at);
      if (first === undefined || first.at > end) break;
      this.#work = this.#work.filter((each) => each !== first);
      this.#now = first.at;
      first.work();
    }
    this.#now = end;
  }
}

/** What a browser makes of the events, one after the other. */
class Reader {
  readonly nodes = new Map<string, NodeLine>();
  picture: string | undefined;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  async next(): Promise<"news" | "heartbeat" | "end"> {
    const { done, value } = await this.#reader.read();
    if (done) return "end";
    const [, data] = /^data: (.*)$/m.exec(new TextDecoder().decode(value)) ?? [];
    if (data === undefined) return "heartbeat";
    const news = JSON.parse(data) as NetworkNews;
    if (news.isWhole === true) this.nodes.clear();
    for (const name of news.gone) this.nodes.delete(name);
    for (const line of news.nodes) this.nodes.set(line.name, line);
    this.picture = news.picture ?? this.picture;
    return "news";
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }
}

async function createPlane() {
  const clock = new TestClock();
  const ledger = await Ledger.open(createMemoryStore("epoch"), clock);
  const secret = Buffer.alloc(32, 7).toString("base64");
  const presharedKeys = createPresharedKeys(secret);
  const streams = new Streams(ledger, clock, {
    digest,
    presharedKeys: () => presharedKeys,
    report: (mistake) => expect.fail(String(mistake)),
  });
  const plane = { clock, ledger, streams };
  const settings = { addresses: ["10.0.0.0/24"] };
  await commit(plane, (state) =>
    createNetwork(state, {
      name: parsedName(NETWORK),
      settings,
      isOpen: true,
      secret: "sealed",
      at: 0,
    }),
  );
  return plane;
}

type TestPlane = Awaited<ReturnType<typeof createPlane>>;

async function commit({ ledger }: TestPlane, change: (state: State) => State): Promise<void> {
  await ledger.commit({ actor: "test", command: "test" }, change);
}

async function join(plane: TestPlane, name: string): Promise<void> {
  const publicKey = core.parsePublicKey(Buffer.alloc(32, name).toString("base64"));
  if (publicKey instanceof core.Problem) throw new Error(String(publicKey));
  const joining = { network: NETWORK, name: parsedName(name), publicKey, credential: name, at: 1 };
  await commit(plane, (state) => joinNode(state, joining));
}

function watch(plane: TestPlane, demand: () => void = () => undefined): Reader {
  return new Reader(watchNetwork(plane, NETWORK, demand));
}

test("watchNetwork() tells the first change at once, what follows together, and then that it lives", async () => {
  const plane = await createPlane();
  const reader = watch(plane);
  expect([await reader.next(), reader.picture, reader.nodes.size]).toEqual(["news", "none", 0]);
  plane.clock.pass(1000);
  await join(plane, "a");
  expect([await reader.next(), [...reader.nodes.keys()]]).toEqual(["news", ["a"]]);
  let isTold = false;
  const next = reader.next().finally(() => {
    isTold = true;
  });
  await join(plane, "b");
  await commit(plane, (state) => approveNode(state, NETWORK, "a", {}));
  plane.clock.pass(249);
  await join(plane, "c");
  expect(isTold).toBe(false);
  plane.clock.pass(1);
  expect([await next, reader.picture]).toEqual(["news", "changed"]);
  expect([...reader.nodes.values()].map(({ name, state }) => `${name} ${state}`)).toEqual([
    "a offline",
    "b waiting",
    "c waiting",
  ]);
  // By its key somebody knows who waits.
  const keys = [...reader.nodes.values()].map(({ publicKey }) => publicKey?.slice(0, 4));
  expect(keys).toEqual([undefined, "YmJi", "Y2Nj"]);
  plane.clock.pass(250);
  await commit(plane, (state) => removeNode(state, NETWORK, "b"));
  expect([await reader.next(), [...reader.nodes.keys()]]).toEqual(["news", ["a", "c"]]);
  plane.clock.pass(15_250);
  expect(await reader.next()).toBe("heartbeat");
});

test("watchNetwork() tells whoever has not read for long what is, and not what was", async () => {
  const plane = await createPlane();
  const reader = watch(plane);
  for (const name of NAMES) {
    await join(plane, name);
    plane.clock.pass(1000);
  }
  await commit(plane, (state) => removeNode(state, NETWORK, "a"));
  plane.clock.pass(1000);
  expect([await reader.next(), reader.nodes.size]).toEqual(["news", 0]);
  expect([await reader.next(), [...reader.nodes.keys()]]).toEqual(["news", ["b", "c", "d"]]);
});

test("watchNetwork() ends once its reader may no more, and leaves nothing behind", async () => {
  const plane = await createPlane();
  let isAllowed = true;
  const demand = (): void => {
    const why = core.say`no more`;
    if (!isAllowed) throw new AppError("unauthorised", why, { fix: why });
  };
  const [one, other] = [watch(plane, demand), watch(plane)];
  await Promise.all([one.next(), other.next()]);
  plane.clock.pass(1000);
  isAllowed = false;
  plane.clock.pass(14_250);
  expect([await one.next(), await other.next()]).toEqual(["end", "heartbeat"]);
  await other.cancel();
  expect(plane.clock.waiting).toBe(0);
});

const step = fc.record({
  name: fc.constantFrom(...NAMES),
  what: fc.constantFrom("join", "approve", "remove", "set", "connect", "report", "wait", "read"),
});

test("whoever watches knows in the end what a newcomer is told", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const plane = await createPlane();
      const reader = watch(plane);
      await reader.next();
      const lines = new Map<string, (text: string) => void>();
      for (const { name, what } of steps) {
        if (what === "read") plane.clock.pass(20_000);
        if (what === "read") await reader.next();
        else await change(plane, { name, what, lines });
      }
      // The first heartbeat may have waited to be read; in so long all handshakes are old.
      for (let quiet = 0; quiet < 2;) {
        plane.clock.pass(300_000);
        quiet = (await reader.next()) === "news" ? 0 : quiet + 1;
      }
      const newcomer = watch(plane);
      await newcomer.next();
      expect(reader.nodes).toEqual(newcomer.nodes);
    }),
    runs(200),
  );
});

/** What may be refused is no change. */
async function change(
  plane: TestPlane,
  {
    name,
    what,
    lines,
  }: {
    readonly name: string;
    readonly what: string;
    readonly lines: Map<string, (text: string) => void>;
  },
): Promise<void> {
  const { clock, streams } = plane;
  try {
    if (what === "join") await join(plane, name);
    if (what === "approve") await commit(plane, (state) => approveNode(state, NETWORK, name, {}));
    if (what === "remove") await commit(plane, (state) => removeNode(state, NETWORK, name));
    const fields = { endpoint: `203.0.113.${clock.now() % 200}` };
    if (what === "set") await commit(plane, (state) => setNode(state, NETWORK, name, fields));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
  if (what === "wait") clock.pass(100);
  if (what === "connect") {
    const line = { bufferedBytes: 0, send: () => undefined, close: () => undefined };
    const { receive } = streams.connect({ network: NETWORK, node: name }, line);
    lines.set(name, receive);
    receive(JSON.stringify({ kind: "hello", version: "1" }));
  }
  if (what === "report") {
    const publicKey = Buffer.alloc(32, "z").toString("base64");
    const peers = [{ publicKey, handshakeSeconds: 1, received: clock.now(), sent: 2 }];
    lines.get(name)?.(JSON.stringify({ kind: "report", peers }));
  }
}
