/** Of questions about tunnels: who is asked, who is told, and how often. */
import { expect, test } from "vitest";
import { createTestPlane, LOCAL_TOKEN, START } from "../plane.contract.ts";

const by = LOCAL_TOKEN;

test("a node is told of its own tunnels alone, and what others do not say is not waited for long", async () => {
  const { ask, connect, time, credentialOf } = await createThree();
  const asked = { b: connect("b"), c: connect("c") };
  const question = ask("POST /examine", {
    by: credentialOf("a"),
    body: { nodes: ["a", "b", "c", "x"] },
  });
  await asked.b.until("examine");
  // c and a have nothing to do with each other: that there is a c is not for a to know.
  expect(asked.c.heard("examine")).toEqual([]);
  const [{ id, peers }] = asked.b.heard("examine");
  expect(peers).toEqual(["a"]);
  // Nobody answers for another.
  asked.c.say({ kind: "examined", id, end: endOf("b", 9) });
  asked.b.say({ kind: "examined", id, end: endOf("b", 7) });
  const told = JSON.parse((await question).text);
  expect(told.nodes.map(({ name, peers: all, end }: Told) => [name, all, end?.rev])).toEqual([
    ["a", [], undefined],
    ["b", ["a"], 7],
  ]);

  const again = ask("POST /examine", { by: credentialOf("a"), body: { nodes: ["b"] } });
  await asked.b.until("examine", 2);
  time.run();
  expect(JSON.parse((await again).text).nodes[1]).not.toHaveProperty("end");
  const last = ask("POST /examine", { by: credentialOf("a"), body: { nodes: ["b"] } });
  await asked.b.until("examine", 3);
  asked.b.end();
  expect(JSON.parse((await last).text).nodes[1]).toMatchObject({ name: "b", state: "offline" });
});

test("who comes from time to time cannot be asked, and is not waited for", async () => {
  const { ask, connect, credentialOf } = await createThree();
  const b = connect("b", { isVisit: true });
  b.end();
  const body = { nodes: ["b"] };
  // No time goes on here: whoever is waited for is waited for for ever.
  const told = JSON.parse((await ask("POST /examine", { by: credentialOf("a"), body })).text);
  expect(told.nodes[1]).not.toHaveProperty("end");
  expect(told.nodes[1]).toMatchObject({ name: "b", visitedAt: START });
  expect(b.heard("examine")).toEqual([]);
});

test("somebody who may look at a network is told of all of its tunnels, but not of more at once than a few", async () => {
  const { ask, connect } = await createThree();
  const [b, c] = [connect("b"), connect("c")];
  const question = ask("POST /networks/home/examine", { by, body: {} });
  await Promise.all([b.until("examine"), c.until("examine")]);
  for (const [name, agent] of [
    ["b", b],
    ["c", c],
  ] as const) {
    const [{ id }] = agent.heard("examine");
    agent.say({ kind: "examined", id, end: endOf(name, 1) });
  }
  const told = JSON.parse((await question).text);
  expect(told.nodes.map(({ name, peers, end }: Told) => [name, peers, end?.rev])).toEqual([
    ["a", ["b"], undefined],
    ["b", ["a", "c"], 1],
    ["c", ["b"], 1],
  ]);
  const named = (nodes: readonly string[]) =>
    ask("POST /networks/home/examine", { by, body: { nodes } });
  const { status, text } = await named(["a", "x"]);
  expect([status, JSON.parse(text).error]).toMatchInlineSnapshot(`
    [
      404,
      {
        "code": "not-found",
        "fix": "there are a, b, c",
        "message": "there is no node x in network home",
      },
    ]
  `);
  expect((await ask("POST /networks/home/examine", { body: {} })).status).toBe(401);
});

test("who asks again and again is told to wait, and so is nobody's agent kept busy", async () => {
  const { ask, credentialOf } = await createThree();
  const tell = async (node: string): Promise<number> =>
    (await ask("POST /examine", { by: credentialOf(node), body: { nodes: [] } })).status;
  const told = [];
  for (let count = 0; count < 7; count += 1) told.push(await tell("a"));
  expect(told).toEqual([200, 200, 200, 200, 200, 429, 429]);
  expect(await tell("b")).toBe(200);
});

interface Told {
  readonly name: string;
  readonly peers: readonly string[];
  readonly end?: { readonly rev: number };
}

/** a and c have nothing to do with each other, and both with b. */
async function createThree() {
  const made = await createTestPlane();
  const { ask, plane } = made;
  await ask("POST /networks", { by, body: { name: "home" } });
  const { token } = JSON.parse(
    (await ask("POST /networks/home/tokens", { by, body: { uses: 0 } })).text,
  );
  const credentialOf = (name: string): string => `wrc_${name.repeat(43)}`;
  for (const name of ["a", "b", "c"]) {
    const publicKey = Buffer.alloc(32, name).toString("base64");
    const [, secret] = token.split(":");
    const body = { network: "home", name, publicKey, secret, credential: credentialOf(name) };
    expect((await ask("POST /join", { body })).status).toBe(200);
  }
  const policy = [
    { from: ["a"], to: ["b"] },
    { from: ["c"], to: ["b"] },
  ];
  const document = JSON.parse((await ask("GET /networks/home/mesh", { by })).text).document;
  const put = await ask("PUT /networks/home/mesh", { by, body: { ...document, policy } });
  expect(put.status).toBe(200);
  await ask("PATCH /networks/home/nodes/b", { by, body: { endpoint: "203.0.113.2" } });
  const connect = (node: string, more = {}) => {
    const sent: string[] = [];
    const line = {
      bufferedBytes: 0,
      send: (text: string) => void sent.push(text),
      close: () => {},
    };
    const { receive, end } = plane.streams.connect({ network: "home", node }, line);
    const say = (message: object): void => receive(JSON.stringify(message));
    say({ kind: "hello", version: "1", listenPort: 51_820, ...more });
    const heard = (kind: string) =>
      sent.map((text) => JSON.parse(text)).filter((message) => message.kind === kind);
    const until = async (kind: string, count = 1): Promise<void> => {
      await expect.poll(() => heard(kind).length).toBe(count);
    };
    return { say, heard, until, end };
  };
  return { ...made, connect, credentialOf };
}

function endOf(node: string, rev: number): object {
  return {
    node,
    at: 0,
    publicKey: Buffer.alloc(32, node).toString("base64"),
    interface: "warren0",
    link: "up",
    mtu: 1420,
    lacks: [],
    isAgentRunning: true,
    rev,
    addresses: [],
    blocks: [],
    peers: [],
  };
}
