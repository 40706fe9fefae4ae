/** What requests may bring: whatever it is, it is done or refused with a way out, and nobody breaks the server by it. */
import { AppError, printMessage, refusal, routes } from "@warren/api";
import type { Route } from "@warren/api";
import { Diagnostics, say } from "@warren/core";
import type { Shape } from "@warren/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../../tools/runs.ts";
import { createTestPlane, LOCAL_TOKEN } from "./plane.contract.ts";
import type { TestPlane } from "./plane.contract.ts";
import { createMemoryStore } from "./store/memory.ts";

const by = LOCAL_TOKEN;
const CREDENTIAL = `wrc_${"a".repeat(43)}`;

/** Of documents and bodies. */
const FIELDS = [
  "name network publicKey secret isOpen settings addresses roles role password",
  "grant days uses hours isApproved fields nodes groups policy from to ports",
  "subnets endpoint tags links clients device link listenPort mtu exit keepalive",
  "hooks dns site sites relay",
].flatMap((line) => line.split(" "));

/** What the shapes are for, with words that mean something to one route or another. */
const word = fc.oneof(
  fc.constantFrom("home", "a", "b", "c", "*", "admin", "viewer", "10.0.0.0/24", "fd00::/64"),
  fc.constantFrom(
    "203.0.113.1:51820",
    "tag:db",
    "tcp/22",
    "__proto__",
    "constructor",
    "",
    "a/b",
    "../x",
  ),
  fc.constantFrom("A", "B", "C").map((letter) => Buffer.alloc(32, letter).toString("base64")),
  fc.string({ unit: "binary", maxLength: 12 }),
);
const field = fc.oneof(fc.constantFrom(...FIELDS), word);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    word,
    fc.constantFrom(null, true, false, 0, 1, -1, 65_536, 1e300, 0.5),
    fc.integer(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(field, tie("value"), { maxKeys: 6 }),
  ),
}));
const document = fc.record(
  {
    network: fc.record({ addresses: fc.oneof(word, value) }, { requiredKeys: [] }),
    nodes: fc.dictionary(word, fc.oneof(fc.constant({}), fc.dictionary(field, value), value)),
    policy: value,
  },
  { requiredKeys: [] },
);

/** Fields that a route knows, with whatever values; or anything. */
function bodyOf({ body }: Route): fc.Arbitrary<string> {
  const known = Object.keys(body?.fields ?? {}).map(
    (name) => [name, fc.oneof(word, value)] as const,
  );
  const fields = fc.record(Object.fromEntries(known), { requiredKeys: [] });
  const open = fc.oneof(document, fc.dictionary(field, value, { maxKeys: 3 }));
  return fc.oneof(
    {
      weight: 8,
      arbitrary: (known.length > 0 ? fields : open).map((each) => JSON.stringify(each)),
    },
    { weight: 1, arbitrary: value.map((each) => JSON.stringify(each)) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 30 }) },
  );
}

const query = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  fc
    .tuple(fc.constantFrom("try", "before", "limit", "x"), fc.oneof(word, fc.integer().map(String)))
    .map(([name, text]) => `?${name}=${encodeURIComponent(text)}`),
);
const place = fc.oneof(fc.constantFrom("home", "a", "c"), word);

/** One request to one route, as its line and what it brings. */
const request = fc.constantFrom(...(Object.values(routes) as Route[])).chain((route) =>
  fc.record({
    route: fc.constant(route),
    places: fc.tuple(fc.oneof({ weight: 3, arbitrary: fc.constant("home") }, place), place),
    text: bodyOf(route),
    query,
  }),
);

test("createApp() does or refuses whatever is asked, in one form, and never fails", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 12 }), async (requests) => {
      const { ask } = await createHome();
      const told = [];
      for (const { route, places, text, query: words } of requests) {
        const [one, other] = places.map((each) => encodeURIComponent(each || "home"));
        const path = route.path.replace(/:\w+/, one ?? "").replace(/:\w+/, other ?? "");
        const sent = route.method === "GET" ? {} : { text };
        const answer = await ask(`${route.method} ${path}${words}`, { by, ...sent });
        told.push(checkAnswer(route, answer));
      }
      // Whatever it has become of that, it can be read.
      for (const route of [
        routes.listNetworks,
        routes.listNodes,
        routes.readMesh,
        routes.listTokens,
      ]) {
        told.push(
          checkAnswer(route, await ask(`GET ${route.path.replace(":network", "home")}`, { by })),
        );
      }
      expect(told.filter((each) => each !== "")).toEqual([]);
    }),
    runs(80, 250),
  );
});

test("createApp() refuses what is too long, too deep, no JSON, or of another form, with the places", async () => {
  const { ask } = await createHome();
  const line = "POST /networks/home/tokens";
  const long = JSON.stringify({ fields: { x: "x".repeat(8_000_000) } });
  const deep = `{"fields":${'{"a":'.repeat(200_000)}1${"}".repeat(200_001)}`;
  const texts = [long, deep, "{", "uses=1&hours=2", "\u0000", "7", '{"uses":"many","hour":1}'];
  const told = [];
  for (const text of texts) {
    const { status, text: answer } = await ask(line, { by, text });
    const { error } = JSON.parse(answer) as { error: { message: string; details?: object[] } };
    told.push(`${status} ${error.message}; ${JSON.stringify(error.details ?? [])}`);
  }
  expect(told.join("\n")).toMatchInlineSnapshot(`
    "422 what was sent is too long; []
    422 what was sent is no JSON, or too deep; []
    422 what was sent is no JSON, or too deep; []
    422 what was sent is no JSON, or too deep; []
    422 what was sent is no JSON, or too deep; []
    422 the document must be a mapping of fields, not 7; [{"code":"wrong-type","path":"","message":"the document must be a mapping of fields, not 7","fix":"write a mapping of fields here"}]
    422 the document has no field "hour"; [{"code":"unknown-field","path":"hour","message":"the document has no field \\"hour\\"","fix":"did you mean hours?"},{"code":"wrong-type","path":"uses","message":"uses must be a number, not \\"many\\"","fix":"write a number here"}]"
  `);
  const nearly = `{"uses":2${" ".repeat(7_999_900)}}`;
  expect((await ask(line, { by, text: nearly })).status).toBe(200);
});

test("createApp() takes in little of whom it does not know, and reads no more than is worth an answer", async () => {
  const { ask } = await createHome();
  const flood = (bytes: number): string =>
    `{${Array.from({ length: bytes / 12 }, (_, at) => `"f${String(at).padStart(6, "0")}":`).join("0,")}0}`;
  const told = [];
  for (const [line, by, text] of [
    ["POST /join", undefined, " ".repeat(16_001)],
    ["POST /join", undefined, flood(15_000)],
    ["POST /session", undefined, " ".repeat(16_001)],
    ["DELETE /join", CREDENTIAL, " ".repeat(16_001)],
    ["POST /networks", LOCAL_TOKEN, flood(200_000)],
    [
      "PUT /networks/home/mesh",
      LOCAL_TOKEN,
      `{"network":{"addresses":"10.0.0.0/24"},"nodes":{"a":${flood(200_000)}}}`,
    ],
    ["POST /networks/home/tokens", LOCAL_TOKEN, `{"fields":{"tags":[${"[],".repeat(10_000)}0]}}`],
  ] as const) {
    const { status, text: answer } = await ask(line, { text, ...(by === undefined ? {} : { by }) });
    const { error } = JSON.parse(answer) as Refusal;
    const { message, details = [] } = error;
    told.push(`${line}: ${status} ${message} (${details.length}, ${details.at(-1)?.message})`);
  }
  expect(told.join("\n")).toMatchInlineSnapshot(`
    "POST /join: 422 what was sent is too long (0, undefined)
    POST /join: 422 the document has no field "f000000" (23, the document lacks the field "credential")
    POST /session: 422 what was sent is too long (0, undefined)
    DELETE /join: 422 what was sent is too long (0, undefined)
    POST /networks: 422 the document has no field "f000000" (21, the document lacks the field "name")
    PUT /networks/home/mesh: 422 network home would be wrong: nodes.a has no field "f000000" (51, and 50 more like this)
    POST /networks/home/tokens: 422 nodes.node.tags[0] must be text, not a list (20, nodes.node.tags[19] must be text, not a list)"
  `);
});

test("createApp() refuses a wrong mesh whole, and names every place", async () => {
  const { ask, plane } = await createHome();
  const before = plane.ledger.state;
  const body = {
    network: { addresses: "10.0.0.0/24" },
    nodes: { "BAD NAME": {}, b: 5, c: { subnets: "x" }, d: { endpoint: "d.example" } },
  };
  const { status, text } = await ask("PUT /networks/home/mesh", { by, body });
  const { error } = JSON.parse(text) as { error: { details: { path: string }[] } };
  expect([status, error.details.map(({ path }) => path)]).toMatchInlineSnapshot(`
    [
      422,
      [
        "nodes."BAD NAME"",
        "nodes.b",
        "nodes.c.subnets",
      ],
    ]
  `);
  expect(plane.ledger.state).toBe(before);
});

test("createApp() lets an account without a role sign in, and gives it nothing", async () => {
  const { ask } = await createTestPlane();
  const password = "a long password";
  await ask("PUT /accounts/b", { by, body: { roles: [], password } });
  const signIn = async (more: object) => {
    const { status, text } = await ask("POST /session", { body: { name: "b", password, ...more } });
    return `${status} ${text}`;
  };
  expect([await signIn({}), await signIn({ device: "laptop" })]).toMatchInlineSnapshot(`
    [
      "200 {"account":"b"}",
      "403 {"error":{"code":"forbidden","message":"account b may do nothing yet","fix":"have an admin give it a role"}}",
    ]
  `);
});

test("createApp() changes a mesh with If-Match only while it is what was read", async () => {
  const { ask } = await createHome();
  const read = async (): Promise<string> => {
    const tags = await Promise.all(
      ["mesh", "nodes"].map(async (what) =>
        (await ask(`GET /networks/home/${what}`, { by })).headers.get("ETag"),
      ),
    );
    expect(new Set(tags).size).toBe(1);
    return tags[0] ?? "";
  };
  const set = async (tag: string, endpoint: string): Promise<number> => {
    const headers = { "If-Match": tag };
    const line = "PATCH /networks/home/nodes/a";
    return (await ask(line, { by, headers, body: { endpoint } })).status;
  };
  const first = await read();
  // Others are let in, others' networks change: that is nothing to this mesh.
  await ask("POST /accounts/admin/link", { by });
  await ask("POST /networks", { by, body: { name: "other" } });
  await ask("POST /networks/home/tokens", { by, body: {} });
  const one = ["203.0.113.1:1", "203.0.113.1:2", "203.0.113.1:3"] as const;
  expect(await set(first, one[0])).toBe(200);
  expect([await set(first, one[1]), await set('"x"', one[1]), await set("", one[1])]).toEqual([
    412, 412, 412,
  ]);
  expect([await set(`"x", ${await read()}`, one[1]), await set("*", one[2])]).toEqual([200, 200]);
  // Of two at the same moment one is told.
  const tag = await read();
  const both = await Promise.all([set(tag, one[0]), set(tag, one[1])]);
  expect(both.toSorted()).toEqual([200, 412]);
  const headers = { "If-Match": tag };
  const rest = [
    ask("PUT /networks/home/mesh", { by, headers, body: {} }),
    ask("PUT /networks/home/mesh?try=true", { by, headers, body: {} }),
    ask("DELETE /networks/home", { by, headers }),
    ask("PUT /accounts/admin", { by, headers, body: { roles: [] } }),
  ];
  expect((await Promise.all(rest)).map(({ status }) => status)).toEqual([412, 412, 412, 412]);
  const text = '"fix":"read it again, and do it once more"';
  expect((await rest[0])?.text).toContain(text);
});

test("/readyz is refused while the store cannot be written, and while the server stops", async () => {
  const store = createMemoryStore("epoch");
  let isFull = false;
  const write = async (work: Promise<void>): Promise<void> => {
    if (isFull) throw new AppError("cannot-write", say`no space is left`, { fix: say`free some` });
    await work;
  };
  const { ask, plane } = await createTestPlane({
    load: async () => store.load(),
    commit: async (commit) => write(isFull ? Promise.resolve() : store.commit(commit)),
    saveFacts: async (change) => write(isFull ? Promise.resolve() : store.saveFacts(change)),
    revisions: async (page) => store.revisions(page),
    close: async () => store.close(),
  });
  const told: string[] = [];
  const look = async (): Promise<void> => {
    const { status, text } = await ask("GET readyz");
    told.push(`${status} ${text.trim()}`);
  };
  const create = async (name: string): Promise<number> =>
    (await ask("POST /networks", { by, body: { name } })).status;
  await look();
  isFull = true;
  expect(await create("home")).toBe(500);
  await look();
  isFull = false;
  await look();
  expect([await create("home"), plane.ledger.rev]).toEqual([200, 1]);
  plane.streams.stop();
  await look();
  expect((await ask("GET healthz")).status).toBe(200);
  expect(told.join("\n")).toMatchInlineSnapshot(`
    "200 ok
    503 {"error":{"code":"busy","message":"the store refuses to be written: no space is left","fix":"ask again in a moment; its log says more"}}
    200 ok
    503 {"error":{"code":"busy","message":"the server stops","fix":"ask again in a moment; its log says more"}}"
  `);
});

test("/metrics tells what was done and refused", async () => {
  const { ask, plane, time } = await createHome();
  const sent: string[] = [];
  const line = {
    bufferedBytes: 0,
    close: () => undefined,
    send: (text: string) => sent.push(text),
  };
  const { receive } = plane.streams.connect({ network: "home", node: "a" }, line);
  time.run();
  await ask("GET metrics", { by });
  receive(printMessage({ kind: "hello", version: "1" }));
  await ask("PATCH /networks/home/nodes/b", { by, body: { endpoint: "203.0.113.2:51820" } });
  await ask("GET /nothing", { by });
  await ask("GET /networks");
  const { text, headers } = await ask("GET metrics", { by });
  expect(headers.get("Content-Type")).toMatch(/^text\/plain; version=0\.0\.4/);
  const own = text.split("\n").filter((each) => each.startsWith("warren_"));
  expect(own.join("\n")).toMatchInlineSnapshot(`
    "warren_agents 1
    warren_revision 7
    warren_nodes{state="behind"} 1
    warren_nodes{state="offline"} 1
    warren_nodes{state="declared"} 1
    warren_commits_total 7
    warren_patches_total 1
    warren_snapshots_total 1
    warren_stream_bytes_total 795
    warren_refusals_total{code="not-found"} 1
    warren_refusals_total{code="unauthorised"} 1"
  `);
  const bytes = sent.reduce((all, each) => all + Buffer.byteLength(each), 0);
  expect(own).toContain(`warren_stream_bytes_total ${bytes}`);
  expect(text).toContain("nodejs_eventloop_lag_seconds");
});

interface Refusal {
  readonly error: { readonly message: string; readonly details?: readonly { message: string }[] };
}

/** A network with two nodes and one that is declared. */
async function createHome(): Promise<TestPlane> {
  const made = await createTestPlane();
  const { ask } = made;
  await ask("POST /networks", { by, body: { name: "home", isOpen: true } });
  for (const name of ["a", "b"]) {
    const publicKey = Buffer.alloc(32, name).toString("base64");
    const credential = `wrc_${name.repeat(43)}`;
    await ask("POST /join", { body: { network: "home", name, publicKey, credential } });
    await ask(`POST /networks/home/nodes/${name}/approve`, { by, body: {} });
  }
  await ask("PATCH /networks/home/nodes/c", { by, body: { tags: ["db"] } });
  return made;
}

/** Nothing where it is of the form that the table says, or a refusal of the one form. */
function checkAnswer(
  { method, path, answer, media }: Pick<Route, "method" | "path" | "answer" | "media">,
  { status, text }: { readonly status: number; readonly text: string },
): string {
  if (media !== undefined && status === 200) return "";
  const diagnostics = new Diagnostics();
  const shape: Shape<unknown> = status === 200 ? answer : refusal;
  const read = shape.read(JSON.parse(text), [], diagnostics);
  const isFit = read !== undefined && diagnostics.list.length === 0;
  return isFit && status < 500 ? "" : `${method} ${path}: ${status} ${text}`;
}
