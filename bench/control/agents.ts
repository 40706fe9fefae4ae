/**
 * A process full of agents: the control code of real ones, over real TLS, on kernels in memory. Does what
 * it is ordered to, until its parent is gone.
 */
import { setTimeout as pause } from "node:timers/promises";
import { Agent } from "../../packages/agent/src/agent.ts";
import { createLines } from "../../packages/agent/src/line.ts";
import { createClock } from "@warren/agent";
import { createClient, NODE_CREDENTIAL_PREFIX, parseJoinToken, parsePin } from "@warren/api";
import * as core from "@warren/core";
import type { InterfaceName, Name } from "@warren/core";
import { digest, makePrivateKey, makeSecret, pinnedFetch, publicKeyOf } from "@warren/crypto";
import { FakeKernel } from "../../tools/fake-kernel.ts";
import { runLight } from "./light.ts";
import type { Order, Ordered } from "./orders.ts";

const OWN = "warren0" as InterfaceName;
/** Two processes have 32 join at once: in the worst case that anybody has told of a server forgot some. */
const AT_ONCE = 16;
/** As the network of the bench is called. */
const NETWORK = "m" as Name;

/** How one agent stands. */
interface Standing {
  readonly name: string;
  /** The newest revision that it has applied. */
  applied: number;
  firstRev: number;
  /** When it had applied each revision that it was told of. */
  readonly appliedAt: Map<number, number>;
  currentAt: number;
  cut: () => void;
}

const all: Standing[] = [];
const listeners = new Set<() => void>();
const clock = createClock();

process.on("message", ({ id, order }: Ordered) => {
  void obey(order).then((numbers) => process.send?.({ id, numbers }));
});
process.on("disconnect", () => process.exit());

async function obey(order: Order): Promise<readonly number[]> {
  switch (order.kind) {
    case "join":
      return await joinAll(order);
    case "applied": {
      // Whoever came by then has not been behind.
      const others = all.filter(
        ({ name, firstRev }) => name !== order.except && firstRev < order.rev,
      );
      await until(() => others.every(({ applied }) => applied >= order.rev));
      return others.map(({ appliedAt }) => firstFrom(appliedAt, order.rev));
    }
    case "cut":
      for (const { cut } of all) cut();
      return [];
    case "current":
      await until(() => all.every(({ currentAt }) => currentAt > order.after));
      return all.map(({ currentAt }) => currentAt);
  }
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

async function until(isGood: () => boolean): Promise<void> {
  while (!isGood()) {
    await new Promise<void>((resolve) => {
      const listener = (): void => {
        listeners.delete(listener);
        resolve();
      };
      listeners.add(listener);
    });
  }
}

function firstFrom(appliedAt: ReadonlyMap<number, number>, rev: number): number {
  return Math.min(...[...appliedAt].filter(([each]) => each >= rev).map(([, at]) => at));
}

async function joinAll({
  names,
  whole,
  pauseMs,
  isLate,
  ...order
}: Join): Promise<readonly number[]> {
  const keeps = new Set(names.slice(0, whole));
  const start = async (name: string): Promise<() => Promise<number>> =>
    await join(order, { name: name as Name, isWhole: keeps.has(name) });
  if (isLate) {
    const starts = await eachOf(names, start);
    return await eachOf(starts, async (run) => await run());
  }
  const run = async (name: string): Promise<number> => await (await start(name))();
  if (pauseMs === 0) return await eachOf(names, run);
  const runs: Promise<number>[] = [];
  for (const name of names) {
    runs.push(run(name));
    await pause(pauseMs);
  }
  return await Promise.all(runs);
}

type Join = Extract<Order, { kind: "join" }>;

async function eachOf<T, R>(all: readonly T[], work: (each: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) {
    done.push(...(await Promise.all(all.slice(at, at + AT_ONCE).map(work))));
  }
  return done;
}

/** Answers what runs its agent, until it is in; and how long both took. */
async function join(
  { target, token }: Pick<Join, "target" | "token">,
  { name: node, isWhole }: { readonly name: Name; readonly isWhole: boolean },
): Promise<() => Promise<number>> {
  const [pin, parsed] = [parsePin(target.pin), parseJoinToken(token)];
  if (pin instanceof core.Problem || parsed instanceof core.Problem) throw new Error("no token");
  const begin = now();
  const privateKey = makePrivateKey();
  const credential = `${NODE_CREDENTIAL_PREFIX}${makeSecret()}`;
  const { port } = target;
  const publicKey = publicKeyOf(privateKey);
  await createClient(pinnedFetch({ host: "127.0.0.1", port, pin }))("join", {
    body: { credential, network: NETWORK, name: node, publicKey, secret: parsed.secret },
  });
  const servers = [`127.0.0.1:${port}`];
  const known = { network: NETWORK, node, interface: OWN, servers, pin, credential };
  return async () => {
    const standing: Standing = {
      name: node,
      applied: 0,
      firstRev: Infinity,
      appliedAt: new Map(),
      currentAt: 0,
      cut: () => undefined,
    };
    all.push(standing);
    const world = worldOf(
      standing,
      createLines(known, () => undefined),
    );
    if (isWhole) {
      void new Agent(world, { privateKey, version: "bench", interface: OWN }).run();
    } else {
      const applied = (rev: number): void => noteApplied(standing, rev);
      runLight(world, { instance: node, size: all.length, applied });
    }
    await until(() => standing.applied > 0);
    return now() - begin;
  };
}

function noteApplied(standing: Standing, rev: number): void {
  if (standing.applied === rev) return;
  standing.applied = rev;
  standing.firstRev = Math.min(standing.firstRev, rev);
  standing.appliedAt.set(rev, now());
  for (const each of listeners) each();
}

function worldOf(
  standing: Standing,
  lines: ReturnType<typeof createLines>,
): ConstructorParameters<typeof Agent>[0] {
  return {
    kernel: new FakeKernel(publicKeyOf),
    clock,
    digest,
    connect: (events) => {
      const line = lines({
        ...events,
        received: (text) => {
          events.received(text);
          if (text.startsWith('{"kind":"current"')) {
            standing.currentAt = now();
            for (const each of listeners) each();
          }
        },
      });
      standing.cut = () => line.close();
      return line;
    },
    save: () => undefined,
    forget: () => undefined,
    resolve: async () => undefined,
    findUnrouted: async () => new Set(),
    readAddresses: () => [],
    examine: () => undefined,
    knock: () => undefined,
    log: () => undefined,
    onStatus: ({ applied }) => {
      if (applied !== undefined) noteApplied(standing, applied);
    },
  };
}
