/** Whatever happens to a network, every agent that listens has in the end what a newcomer would be sent. */
import {
  AppError,
  applyDelta,
  bundleAfter,
  bundleOf,
  deltaOf,
  entriesOf,
  hashOf,
  readServerMessage,
} from "@warren/api";
import type { Bundle, Entries, PresharedKeys, ServerMessage } from "@warren/api";
import * as core from "@warren/core";
import { createPresharedKeys, digest, hashSecret } from "@warren/crypto";
import fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { runs } from "../../../tools/runs.ts";
import { applyDocument, createNetwork, setNetwork } from "./commands/networks.ts";
import { approveNode, joinNode, removeNode, setNode } from "./commands/nodes.ts";
import { Ledger } from "./ledger.ts";
import type { Clock } from "./ledger.ts";
import { documentOf } from "./plan.ts";
import { nodeKey, parsedName, rowsOf } from "./state.ts";
import type { State } from "./state.ts";
import { createMemoryStore } from "./store/memory.ts";
import { Streams } from "./streams.ts";

const SECRET = Buffer.alloc(32, 7).toString("base64");
const NETWORK = parsedName("m");
const NAMES = ["a", "b", "c", "d", "e"].map(parsedName);
const presharedKeys: PresharedKeys = createPresharedKeys(SECRET);

/** Runs what was put off when it is told to. */
class TestClock implements Clock {
  #work: (() => void)[] = [];
  #now = 0;

  now(): number {
    this.#now += 1;
    return this.#now;
  }

  after(_delayMs: number, work: () => void): () => void {
    this.#work.push(work);
    return () => {
      this.#work = this.#work.filter((each) => each !== work);
    };
  }

  /** Until nothing is put off any more. */
  run(): void {
    for (;;) {
      const [first, ...rest] = this.#work;
      if (first === undefined) return;
      this.#work = rest;
      first();
    }
  }
}

/** What an agent keeps of what it is told; it checks every hash, and what it makes of a patch. */
class Listener {
  entries: Entries = new Map();
  bundle: Bundle | undefined;
  readonly kinds: string[] = [];
  epoch: string | undefined;
  rev: number | undefined;
  hash: string | undefined;
  basis: string | undefined;
  closed: string | undefined;
  /** What it had when it was told that it is made of that. */
  readonly #made = new Map<string, Entries>();

  receive(text: string): void {
    const message = readServerMessage(text);
    if (message instanceof core.Problem) throw new Error(String(message));
    this.kinds.push(message.kind);
    if (message.kind === "patch" || message.kind === "snapshot") this.#take(message);
    // What it has is of a time when it was a node.
    if (message.kind === "waiting") this.entries = new Map();
    if (message.kind === "current") this.epoch = message.epoch;
    if ("basis" in message) this.#note(message.basis);
  }

  /** What is made of the same is the same, or whoever comes back with it would be told so in vain. */
  #note(basis = ""): void {
    this.basis = basis;
    const before = this.#made.get(basis);
    this.#made.set(basis, this.entries);
    if (before !== undefined && !isDeepStrictEqual(before, this.entries)) {
      throw new Error("another device of the same");
    }
  }

  #take(message: Extract<ServerMessage, { set: unknown }>): void {
    if (message.kind === "snapshot") {
      this.entries = new Map();
      this.epoch = message.epoch;
    }
    const delta = deltaOf(message);
    this.entries = applyDelta(this.entries, delta);
    const whole = bundleOf(this.entries);
    const before = message.kind === "patch" ? this.bundle : undefined;
    this.bundle = expectBundle(before ? bundleAfter(before, this.entries, delta) : whole);
    if (!isDeepStrictEqual(this.bundle, whole)) throw new Error("another bundle");
    if (hashOf(this.entries, digest) !== message.hash) throw new Error("another hash");
    this.rev = message.rev;
    this.hash = message.hash;
  }
}

function expectBundle(bundle: Bundle | core.Problem): Bundle {
  if (bundle instanceof core.Problem) throw new Error(String(bundle));
  return bundle;
}

async function createPlane() {
  const clock = new TestClock();
  const store = createMemoryStore("epoch");
  const ledger = await Ledger.open(store, clock);
  const report = (mistake: unknown) => expect.fail(String(mistake));
  const secret = { digest, presharedKeys: () => presharedKeys, report };
  const streams = new Streams(ledger, clock, secret);
  const settings = { addresses: ["10.0.0.0/24"] };
  await commit(ledger, (state) =>
    createNetwork(state, { name: NETWORK, settings, isOpen: true, secret: "sealed", at: 0 }),
  );
  return { clock, store, ledger, streams };
}

async function commit(ledger: Ledger, change: (state: State) => State): Promise<number> {
  return await ledger.commit({ actor: "test", command: "test" }, change);
}

/** With another credential each time. */
function join(state: State, name: string, at: number): State {
  const publicKey = core.parsePublicKey(Buffer.alloc(32, name).toString("base64"));
  if (publicKey instanceof core.Problem) throw new Error(String(publicKey));
  const credential = hashSecret(`${name} ${at}`);
  return joinNode(state, {
    network: NETWORK,
    name: parsedName(name),
    publicKey,
    credential,
    at: 1,
  });
}

function listen(streams: Streams, name: string, known?: Listener): Listener {
  const listener = known ?? new Listener();
  const line = {
    bufferedBytes: 0,
    send: (text: string) => listener.receive(text),
    close: (why: string) => {
      listener.closed = why;
    },
  };
  const { receive } = streams.connect({ network: NETWORK, node: name }, line);
  // The line before this one was.
  listener.closed = undefined;
  const { epoch, rev, hash, basis } = listener;
  const has = { epoch, rev, hash, basis };
  receive(JSON.stringify({ kind: "hello", version: "1", ...has, listenPort: 51820 }));
  return listener;
}

/** What a newcomer would be sent. */
function wholeOf(ledger: Ledger, name: string): Entries {
  const index = ledger.plan(NETWORK)?.index;
  const member = index?.byName.get(parsedName(name));
  if (index === undefined || member === undefined) return new Map();
  return entriesOf(core.device(index, member), presharedKeys);
}

test("an agent waits until it is approved, is told what changes, and is told when it is out", async () => {
  const { clock, ledger, streams } = await createPlane();
  await commit(ledger, (state) => join(state, "a", clock.now()));
  const a = listen(streams, "a");
  await commit(ledger, (state) => approveNode(state, NETWORK, "a", {}));
  await commit(ledger, (state) => join(state, "b", clock.now()));
  await commit(ledger, (state) => approveNode(state, NETWORK, "b", { endpoint: "203.0.113.2" }));
  clock.run();
  expect(a.kinds).toEqual(["waiting", "snapshot", "patch"]);
  expect([...a.entries.keys()].filter((key) => /^(peer|psk)/.test(key))).toHaveLength(2);
  const again = listen(streams, "a", a);
  expect(again.kinds.at(-1)).toBe("current");
  await commit(ledger, (state) => removeNode(state, NETWORK, "a"));
  expect([again.kinds.at(-1), again.closed]).toEqual(["revoked", "revoked"]);
});

test("a device that is taken apart into entries is the same when it is put together", async () => {
  const { ledger } = await createPlane();
  const document = {
    network: { addresses: ["10.0.0.0/24", "fd00::/64"] },
    groups: { db: ["a"] },
    policy: [{ from: ["b"], to: ["db"], ports: ["tcp/22", "icmp"] }],
    nodes: {
      a: { publicKey: Buffer.alloc(32, "a").toString("base64"), subnets: ["192.168.1.0/24"] },
      b: { publicKey: Buffer.alloc(32, "b").toString("base64"), endpoint: "b.example:1234" },
    },
  };
  await commit(ledger, (state) => applyDocument(state, NETWORK, document));
  for (const name of ["a", "b"]) {
    const entries = wholeOf(ledger, name);
    const bundle = bundleOf(entries);
    if (bundle instanceof core.Problem) throw new Error(String(bundle));
    const index = ledger.plan(NETWORK)?.index;
    const member = index?.byName.get(parsedName(name));
    if (index === undefined || member === undefined) throw new Error("it is in the mesh");
    expect(bundle.device).toEqual({ ...core.device(index, member), isKeyElsewhere: true });
    expect(entriesOf(bundle.device, presharedKeys)).toEqual(entries);
  }
});

const name = fc.constantFrom(...NAMES);
const fields = fc.record(
  {
    endpoint: fc.constantFrom("203.0.113.1", "203.0.113.2:1000", "x.example"),
    subnets: fc.constantFrom(["192.168.1.0/24"], ["192.168.2.0/24", "192.168.3.0/24"]),
    keepalive: fc.constantFrom(0, 15),
    relay: fc.boolean(),
    tags: fc.constantFrom(["db"], ["web"]),
  },
  { requiredKeys: [] },
);
const POLICY = [{ from: ["tag:web"], to: ["tag:db"], ports: ["tcp/5432"] }];

/** Each does one thing to the plane; what it refuses is no matter. */
const operation = fc.oneof(
  fc.record({ kind: fc.constant("join" as const), name }),
  fc.record({ kind: fc.constant("approve" as const), name, fields }),
  fc.record({ kind: fc.constant("set" as const), name, fields }),
  fc.record({ kind: fc.constant("remove" as const), name }),
  fc.record({ kind: fc.constant("listen" as const), name }),
  fc.record({ kind: fc.constant("seen" as const), name, last: fc.nat(3), isMapped: fc.boolean() }),
  fc.record({ kind: fc.constant("policy" as const), isOn: fc.boolean() }),
  fc.record({ kind: fc.constant("range" as const), bits: fc.constantFrom(24, 25) }),
  fc.constant({ kind: "pause" as const }),
);

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

test("delta ≡ snapshot: after any operations every agent has what a newcomer would be sent", async () => {
  const operations = fc.array(operation, { maxLength: 60, size: "max" });
  const found = await fc.check(fc.asyncProperty(operations, isEverybodyTold), runs(100));
  expect(found.failed ? fc.defaultReportMessage(found) : "").toBe("");
});

async function isEverybodyTold(operations: readonly Operation[]): Promise<boolean> {
  const { clock, ledger, streams } = await createPlane();
  const listeners = new Map<string, Listener>();
  for (const first of NAMES.slice(0, 3)) {
    await commit(ledger, (state) =>
      approveNode(join(state, first, clock.now()), NETWORK, first, {}),
    );
    listeners.set(first, listen(streams, first));
  }
  for (const each of operations) {
    try {
      await perform(each, { clock, ledger, streams, listeners });
    } catch (error) {
      // Refused by a rule of the mesh: then nothing has changed.
      if (!(error instanceof AppError)) throw error;
    }
  }
  clock.run();
  return [...listeners].every(([node, { closed, entries }]) => {
    const row = ledger.state.node.get(nodeKey(NETWORK, node));
    // Whoever is out must have been told; who joined again since is another.
    if (closed !== undefined || row?.joined === undefined) return closed === "revoked";
    return isDeepStrictEqual(entries, wholeOf(ledger, node));
  });
}

async function perform(
  each: Operation,
  {
    clock,
    ledger,
    streams,
    listeners,
  }: Omit<Awaited<ReturnType<typeof createPlane>>, "store"> & {
    readonly listeners: Map<string, Listener>;
  },
): Promise<void> {
  switch (each.kind) {
    case "join":
      await commit(ledger, (state) => join(state, each.name, clock.now()));
      return;
    case "approve":
      await commit(ledger, (state) => approveNode(state, NETWORK, each.name, each.fields));
      return;
    case "set":
      await commit(ledger, (state) => setNode(state, NETWORK, each.name, each.fields));
      return;
    case "remove":
      await commit(ledger, (state) => removeNode(state, NETWORK, each.name));
      return;
    case "listen": {
      if (ledger.state.node.get(nodeKey(NETWORK, each.name))?.joined === undefined) return;
      const known = listeners.get(each.name);
      listeners.set(
        each.name,
        listen(streams, each.name, known?.closed === "revoked" ? undefined : known),
      );
      return;
    }
    case "seen": {
      const host = core.parseAddress(`198.51.100.${each.last}`);
      if (host instanceof core.Problem) return;
      ledger.observe(NETWORK, each.name, {
        endpoint: { host, port: 51820 },
        isMapped: each.isMapped,
      });
      return;
    }
    case "policy":
      await commit(ledger, (state) => {
        const row = state.network.get(NETWORK);
        if (row === undefined) return state;
        const { policy: _, ...document } = documentOf(row, rowsOf(state.node, NETWORK));
        return applyDocument(
          state,
          NETWORK,
          each.isOn ? { ...document, policy: POLICY } : document,
        );
      });
      return;
    case "range":
      await commit(ledger, (state) =>
        setNetwork(state, NETWORK, { settings: { addresses: [`10.0.0.0/${each.bits}`] } }),
      );
      return;
    case "pause":
      clock.run();
  }
}
