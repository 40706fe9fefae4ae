/** What a server has acknowledged is there after kill -9, once; and agents have what it says, whenever it was killed. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client, RevisionView } from "@warren/api";
import { AppError } from "@warren/api";
import type { Name } from "@warren/core";
import { expect, onTestFinished, test } from "vitest";
import { declareNodes, nameOf, NETWORK } from "../bench/control/declared.ts";
import { Fleet } from "../bench/control/fleet.ts";
import { BenchServer } from "../bench/control/server.ts";

const COMMITS = 1000;
const KILLS = 20;
/** So many ask at once: some of them are in one transaction. */
const ASKING = 16;
const PAGE = 500;
const params = { network: NETWORK };

test("a server that is killed 20 times in the middle of 1,000 commits loses none and does none twice", async () => {
  const { server, fleet } = await start();
  const told = new Set<string>();
  const asked = new Set<string>();
  for (let kill = 0; told.size < COMMITS; kill += 1) {
    const until = kill < KILLS ? (COMMITS / (KILLS + 1)) * (kill + 1) : COMMITS;
    const isOver = (): boolean => told.size >= until;
    const all = Array.from(
      { length: ASKING },
      async () => await ask(server.call, asked, told, isOver),
    );
    if (kill < KILLS) {
      await Promise.race(all);
      // The others are in the middle of it.
      await server.kill();
      await Promise.all(all);
      await server.start();
    } else await Promise.all(all);
    await expectLogged(server.call, asked, told);
  }
  const body = { endpoint: "203.0.113.9:999" };
  const node = nameOf(0);
  const { rev } = await server.call("setNode", { params: { ...params, node }, body });
  expect(await fleet.applied(rev, node)).toHaveLength(2);
});

/** One after the other, until the server is gone or enough was said. */
async function ask(
  call: Client,
  asked: Set<string>,
  told: Set<string>,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    const id = `k${asked.size}`;
    asked.add(id);
    try {
      await call("createToken", { params, body: { id: id as Name } });
    } catch (error) {
      if (error instanceof AppError && error.code === "unreachable") return;
      throw error;
    }
    told.add(id);
  }
}

/** Whatever was said to be done is in the log and in the state; what was asked and not answered may be. */
async function expectLogged(
  call: Client,
  asked: ReadonlySet<string>,
  told: ReadonlySet<string>,
): Promise<void> {
  const log = await readLog(call);
  expect(log.map(({ rev }) => rev)).toEqual(log.map((_, at) => log.length - at));
  const made = log.flatMap(({ command, summary = "" }) =>
    command === "token create" && summary.startsWith("m/k") ? [summary.slice(2)] : [],
  );
  expect(made.length).toBe(new Set(made).size);
  expect([...told].filter((id) => !made.includes(id))).toEqual([]);
  expect(made.filter((id) => !asked.has(id))).toEqual([]);
  const kept = (await call("listTokens", { params })).map(({ id }) => id);
  expect(new Set(kept.filter((id) => asked.has(id)))).toEqual(new Set(made));
}

async function readLog(call: Client): Promise<readonly RevisionView[]> {
  const log: RevisionView[] = [];
  for (;;) {
    const before = log.at(-1)?.rev;
    const query = {
      limit: String(PAGE),
      ...(before === undefined ? {} : { before: String(before) }),
    };
    const page = await call("listRevisions", { query });
    log.push(...page);
    if (page.length < PAGE) return log;
  }
}

/** With three agents, which have tunnels to each other. */
async function start() {
  const folder = mkdtempSync(join(tmpdir(), "warren-kills-"));
  const [server, fleet] = [new BenchServer(folder, await findPort()), new Fleet()];
  onTestFinished(async () => {
    fleet.close();
    await server.kill();
    rmSync(folder, { recursive: true });
  });
  await server.start();
  const token = await declareNodes(server, 3);
  await fleet.join([0, 1, 2].map(nameOf), { target: server.target, token, whole: 3 });
  return { server, fleet };
}

async function findPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("it has a port");
  return address.port;
}
