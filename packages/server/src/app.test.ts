/** What requests may bring: whatever it is, it is done or refused with a way out, and nobody breaks the server by it. */
import { refusal, routes } from "@warren/api";
import type { Route } from "@warren/api";
import { Diagnostics } from "@warren/core";
import type { Shape } from "@warren/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../../tools/runs.ts";
import { createTestPlane, LOCAL_TOKEN } from "./plane.contract.ts";
import type { TestPlane } from "./plane.contract.ts";

const by = LOCAL_TOKEN;

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
  fc.constantFrom(...["A", "B", "C"].map((letter) => Buffer.alloc(32, letter).toString("base64"))),
  fc.string({ unit: "binary", maxLength: 12 }),
);
const field = fc.oneof(
  fc.constantFrom(
    ...[
      "name",
      "network",
      "publicKey",
      "secret",
      "isOpen",
      "settings",
      "addresses",
      "roles",
      "role",
    ],
    ...["password", "grant", "days", "uses", "hours", "isApproved", "fields", "nodes", "groups"],
    ...[
      "policy",
      "from",
      "to",
      "ports",
      "subnets",
      "endpoint",
      "tags",
      "links",
      "clients",
      "device",
    ],
    ...["link", "listenPort", "mtu", "exit", "keepalive", "hooks", "dns", "site", "sites", "relay"],
  ),
  word,
);
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
    runs(150, 250),
  );
});

/** A network with two nodes and one that is declared. */
async function createHome(): Promise<TestPlane> {
  const made = await createTestPlane();
  const { ask } = made;
  await ask("POST /networks", { by, body: { name: "home", isOpen: true } });
  for (const name of ["a", "b"]) {
    const publicKey = Buffer.alloc(32, name).toString("base64");
    await ask("POST /join", { body: { network: "home", name, publicKey } });
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
