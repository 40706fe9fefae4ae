/** Who may what: every route, by every kind of credential with every role, against the table's own `need`. */
import { printMessage, readServerMessage, routes } from "@warren/api";
import type { Route } from "@warren/api";
import { hashSecret } from "@warren/crypto";
import { expect, test } from "vitest";
import { LOCAL_TOKEN, createTestPlane } from "./plane.contract.ts";
import type { TestPlane } from "./plane.contract.ts";
import { printCookie } from "./auth/sessions.ts";

const RANK = ["viewer", "operator", "admin"];
const DAY_MS = 86_400_000;

/** Who asks, as the test knows him: what he shows, and what he is. */
interface Asker {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Holds for whatever is asked, not for changes, or is worth nothing. */
  readonly holds: "always" | "reads" | "never";
  readonly is: "person" | "node" | "nobody";
  readonly grants: readonly (readonly [network: string, role: string])[];
}

test("Door: every route × every role × every kind of credential is let in or refused as `need` says", async () => {
  const { plane, askers, ask } = await createWorld();
  const wrong: string[] = [];
  const counts = { asked: 0, let: 0, unauthorised: 0, forbidden: 0 };
  for (const [name, route] of Object.entries(routes) as [string, Route][]) {
    for (const asker of askers) {
      const path = route.path.replace(":network", "home").replaceAll(/:\w+/g, "nobody-here");
      const before = plane.ledger.rev;
      // No body has this field: who is let in comes as far as that, and changes nothing.
      const hasBody = route.body !== undefined && route.method !== "GET";
      const { status } = await ask(`${route.method} ${path}${hasBody ? "" : "?strange=1"}`, {
        headers: asker.headers,
        ...(hasBody ? { text: "[" } : {}),
      });
      const wanted = expectation(route, asker);
      const isRight = wanted === "let in" ? status === 422 : status === wanted;
      if (!isRight || plane.ledger.rev !== before) {
        wrong.push(`${name} by ${asker.name}: ${status} instead of ${wanted}`);
      }
      counts.asked += 1;
      counts[wanted === 401 ? "unauthorised" : wanted === 403 ? "forbidden" : "let"] += 1;
    }
  }
  expect(wrong).toEqual([]);
  expect(counts).toMatchInlineSnapshot(`
    {
      "asked": 2170,
      "forbidden": 601,
      "let": 570,
      "unauthorised": 999,
    }
  `);
});

test("what each route needs", () => {
  const needs = Object.entries(routes).map(([name, { need }]) => {
    return `${name}: ${typeof need === "string" ? need : `${need.role} in ${need.in}`}`;
  });
  expect(needs.join("\n")).toMatchInlineSnapshot(`
    "signIn: nobody
    whoAmI: person
    signOut: nobody
    createLink: admin in server
    listAccounts: admin in server
    setAccount: admin in server
    removeAccount: admin in server
    listApiTokens: admin in server
    createApiToken: person
    removeApiToken: admin in server
    listNetworks: person
    createNetwork: admin in server
    setNetwork: admin in network
    deleteNetwork: admin in server
    readMesh: viewer in network
    applyMesh: operator in network
    listNodes: viewer in network
    watchNodes: viewer in network
    readPicture: viewer in network
    examineNodes: viewer in network
    setNode: operator in network
    approveNode: operator in network
    removeNode: operator in network
    listTokens: operator in network
    createToken: operator in network
    revokeToken: operator in network
    listRevisions: admin in server
    checkIn: nobody
    leave: node
    examine: node
    join: nobody"
  `);
});

test("applyMesh takes an operator's nodes, and an admin's settings", async () => {
  const { askers, ask, plane } = await createWorld();
  const { text: read } = await ask("GET /networks/home/mesh", { by: LOCAL_TOKEN });
  const { document } = JSON.parse(read) as {
    readonly document: { readonly network: object; readonly nodes: object };
  };
  const { network, nodes } = document;
  const moved = Object.fromEntries(Object.entries({ ...network, mtu: 1400 }).toReversed());
  const reordered = Object.fromEntries(Object.entries(network).toReversed());
  for (const asker of askers) {
    const apply = async (body: object): Promise<number> =>
      (await ask("PUT /networks/home/mesh?try=true", { headers: asker.headers, body })).status;
    for (const [role, body] of [
      ["operator", { ...document, network: reordered, nodes: { ...nodes, d: {} } }],
      ["admin", { ...document, network: moved }],
      ["admin", { ...document, network: {} }],
      ["admin", { ...document, policy: [] }],
      ["admin", { ...document, defaults: {} }],
    ] as const) {
      const wanted = expectation({ method: "PUT", need: { role, in: "network" } }, asker);
      const status = await apply(body);
      expect([asker.name, body, status === 422 ? 200 : status]).toEqual([
        asker.name,
        body,
        wanted === "let in" ? 200 : wanted,
      ]);
    }
  }
  // What is tried and what is done are judged alike.
  const operator = askers.find(({ name }) => name === "p-home-operator by a fresh API token");
  const before = plane.ledger.rev;
  const { status, text } = await ask("PUT /networks/home/mesh", {
    headers: operator?.headers ?? {},
    body: { ...document, network: moved },
  });
  expect([status, plane.ledger.rev]).toEqual([403, before]);
  expect(text).toContain("only an admin may change the settings of network home");
});

test("listNetworks shows everybody what he may see", async () => {
  const { askers, ask } = await createWorld();
  const seen = [];
  for (const { name, headers, is, holds, grants } of askers) {
    const { status, text } = await ask("GET /networks", { headers });
    const isIn = is === "person" && holds !== "never";
    const all = ["home", "other"].filter((network) =>
      grants.some(([where]) => where === "*" || where === network),
    );
    const names = isIn ? (JSON.parse(text) as { name: string }[]).map((each) => each.name) : status;
    seen.push([name, names]);
    const refused = is === "node" ? 403 : 401;
    expect([name, names]).toEqual([name, isIn ? all : refused]);
  }
  expect(new Set(seen.map(([, names]) => String(names)))).toEqual(
    new Set(["401", "403", "", "home", "other", "home,other"]),
  );
});

test("a node is told of its own device alone, and of it by nothing but its own credential", async () => {
  const { plane, time, door, ask, nodes } = await createWorld();
  const heard = new Map<string, string>();
  for (const node of ["a", "b"]) {
    const { credential = "" } = nodes.get(`home/${node}`) ?? {};
    const headers = new Headers(bearer(credential));
    const header = (name: string): string | undefined => headers.get(name) ?? undefined;
    const caller = door.identify({ method: "GET", header });
    if (caller.kind !== "node") throw new Error("its credential is not known");
    const line = {
      bufferedBytes: 0,
      close: () => undefined,
      send: (text: string) => heard.set(node, text),
    };
    const { receive } = plane.streams.connect(caller, line);
    receive(printMessage({ kind: "hello", version: "1" }));
  }
  time.run();
  const keysIn = (node: string): readonly string[] => {
    const message = readServerMessage(heard.get(node) ?? "");
    if (!("kind" in message) || message.kind !== "snapshot") throw new Error("no snapshot");
    return message.set.map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  };
  const [a, b] = [keysIn("a"), keysIn("b")];
  const own = (node: string): string => nodes.get(`home/${node}`)?.publicKey ?? "";
  // Each has the other as its peer, and itself nowhere as one.
  const peers = (lines: readonly string[]): string =>
    lines.filter((line) => /^(peer|psk)/.test(line)).join();
  expect([peers(a).includes(own("b")), peers(a).includes(own("a"))]).toEqual([true, false]);
  expect([peers(b).includes(own("a")), peers(b).includes(own("b"))]).toEqual([true, false]);
  const text = [...a, ...b].join();
  for (const { network, publicKey } of nodes.values()) {
    expect(text.includes(publicKey)).toBe(network === "home");
  }
  // By HTTP a node reads nothing at all.
  for (const { path, method } of Object.values(routes) as Route[]) {
    if (method !== "GET") continue;
    const filled = path.replace(":network", "home");
    const { status } = await ask(`GET ${filled}`, { by: nodes.get("home/a")?.credential ?? "" });
    expect([path, status]).toEqual([path, 403]);
  }
});

test("the description and the signs of life are for everybody, measures for viewers of the server", async () => {
  const { askers, ask } = await createWorld();
  for (const asker of askers) {
    const { headers, name } = asker;
    const open = ["/openapi.json", "healthz", "readyz"];
    const statuses = await Promise.all(
      open.map(async (path) => (await ask(`GET ${path}`, { headers })).status),
    );
    expect([name, ...statuses]).toEqual([name, 200, 200, 200]);
    const wanted = expectation({ method: "GET", need: { role: "viewer", in: "server" } }, asker);
    const { status } = await ask("GET metrics", { headers });
    expect([name, status]).toEqual([name, wanted === "let in" ? 200 : wanted]);
  }
});

/** By the table's `need`, in the test's own words. */
function expectation(
  { method, need }: Pick<Route, "method" | "need">,
  { holds, is, grants }: Asker,
): "let in" | 401 | 403 {
  if (need === "nobody") return "let in";
  if (holds === "never" || is === "nobody") return 401;
  // A browser's change that does not say where it comes from.
  if (holds === "reads" && method !== "GET") return 403;
  if (need === "node" || need === "person") return is === need ? "let in" : 403;
  const has = grants.some(([network, role]) => {
    const isThere = network === "*" || (need.in === "network" && network === "home");
    return isThere && RANK.indexOf(role) >= RANK.indexOf(need.role);
  });
  return has ? "let in" : 403;
}

async function createWorld() {
  const made = await createTestPlane();
  const { ask, plane, time } = made;
  const local = { by: LOCAL_TOKEN };
  for (const name of ["home", "other"]) {
    await demandDone(ask(`POST /networks`, { ...local, body: { name, isOpen: true } }));
  }
  const nodes = new Map<string, { network: string; publicKey: string; credential: string }>();
  for (const [network, node] of [
    ["home", "a"],
    ["home", "b"],
    ["other", "c"],
    ["home", "gone"],
  ] as const) {
    const publicKey = Buffer.alloc(32, node).toString("base64");
    const credential = `wrc_${node.padEnd(43, "-")}`;
    await demandDone(ask("POST /join", { body: { network, name: node, publicKey, credential } }));
    await demandDone(
      ask(`POST /networks/${network}/nodes/${node}/approve`, {
        ...local,
        body: { endpoint: `${node}.example:51820` },
      }),
    );
    nodes.set(`${network}/${node}`, { network, publicKey, credential });
  }
  await demandDone(ask("DELETE /networks/home/nodes/gone", local));
  const gone = nodes.get("home/gone")?.credential ?? "";
  nodes.delete("home/gone");
  const grant = { network: "home", role: "operator" };
  const token = { ...local, body: { name: "of-root", grant } };
  const askers: Asker[] = [
    { name: "nothing", headers: {}, holds: "never", is: "nobody", grants: [] },
    ...["garbage", "wrt_garbage", "wrc_garbage", "wrl_garbage", ""].map((secret): Asker =>
      nobody(`"${secret}"`, bearer(secret)),
    ),
    nobody("a password as Basic", { Authorization: "Basic YWRtaW46YWRtaW4=" }),
    nobody("a strange cookie", { Cookie: "__Host-warren=garbage", "X-Warren": "1" }),
    nobody("a revoked node", bearer(gone)),
    {
      name: "node home/a",
      headers: bearer(nodes.get("home/a")?.credential ?? ""),
      holds: "always",
      is: "node",
      grants: [],
    },
    {
      name: "an API token that root made",
      headers: bearer(String((await demandDone(ask("POST /api-tokens", token)))["token"])),
      holds: "always",
      is: "person",
      grants: [["home", "operator"]],
    },
    {
      name: "node other/c",
      headers: bearer(nodes.get("other/c")?.credential ?? ""),
      holds: "always",
      is: "node",
      grants: [],
    },
    {
      name: "the local token",
      headers: bearer(LOCAL_TOKEN),
      holds: "always",
      is: "person",
      grants: [["*", "admin"]],
    },
  ];
  for (const network of ["none", "home", "other", "*"]) {
    for (const role of network === "none" ? ["none"] : RANK) {
      askers.push(...(await createPerson(made, network, role)));
    }
  }
  time.now += DAY_MS;
  // Those whose credential is of yesterday have asked in the meantime, or not.
  for (const { headers, name } of askers) {
    const cookie = headers["Cookie"];
    if (cookie === undefined || /strange|idle/.test(name)) continue;
    plane.sessions.start(
      hashSecret(cookie.split("=")[1] ?? ""),
      accountIn(name) as never,
      time.now,
    );
  }
  return { ...made, askers, nodes };
}

/** An account of one role (or none), with all that it can show. */
async function createPerson(
  { ask, plane, time }: TestPlane,
  network: string,
  role: string,
): Promise<readonly Asker[]> {
  const account = `p-${network === "*" ? "all" : network}-${role}`;
  const grants = network === "none" ? [] : [{ network, role }];
  const local = { by: LOCAL_TOKEN };
  await demandDone(
    ask(`PUT /accounts/${account}`, {
      ...local,
      body: { roles: grants, password: "a long password" },
    }),
  );
  const seen = grants.map((grant) => [grant.network, grant.role] as const);
  const person = { is: "person", grants: seen } as const;
  const secret = `session-${account}`;
  const idle = `idle-${account}`;
  plane.sessions.start(hashSecret(idle), account as never, time.now);
  const cookie = (of: string): string => printCookie(of).split(";")[0] ?? "";
  const askers: Asker[] = [
    {
      ...person,
      name: `${account} by cookie`,
      headers: { Cookie: cookie(secret) },
      holds: "reads",
    },
    {
      ...person,
      name: `${account} by cookie from the page`,
      headers: { Cookie: cookie(secret), "X-Warren": "1" },
      holds: "always",
    },
    {
      ...person,
      name: `${account} by an idle cookie`,
      headers: { Cookie: cookie(idle), "X-Warren": "1" },
      holds: "never",
    },
  ];
  const [grant] = grants;
  if (grant === undefined) return askers;
  const headers = { Cookie: cookie(`first-${account}`), "X-Warren": "1" };
  plane.sessions.start(hashSecret(`first-${account}`), account as never, time.now);
  const tokens = new Map<string, string>();
  for (const [kind, days] of [
    ["fresh", 90],
    ["expired", 1],
    ["revoked", 90],
  ] as const) {
    const body = { name: `${account}-${kind}`, grant, days };
    const { token } = await demandDone(ask("POST /api-tokens", { headers, body }));
    tokens.set(kind, String(token));
  }
  await demandDone(ask(`DELETE /api-tokens/${account}-revoked`, local));
  return [
    ...askers,
    ...[...tokens].map(([kind, token]): Asker => ({
      ...person,
      name: `${account} by a ${kind} API token`,
      headers: bearer(token),
      holds: kind === "fresh" ? "always" : "never",
    })),
  ];
}

function nobody(name: string, headers: Readonly<Record<string, string>>): Asker {
  return { name, headers, holds: "never", is: "nobody", grants: [] };
}

function bearer(secret: string): Readonly<Record<string, string>> {
  return { Authorization: `Bearer ${secret}` };
}

function accountIn(name: string): string {
  return name.split(" ")[0] ?? "";
}

async function demandDone(
  asked: ReturnType<TestPlane["ask"]>,
): Promise<Readonly<Record<string, unknown>>> {
  const { status, text } = await asked;
  if (status !== 200) throw new Error(`${status} ${text}`);
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}
