/** How hosts come into a network and go: lines that say what somebody does, and what each comes to. */
import { expect, test } from "vitest";
import { createTestPlane, LOCAL_TOKEN } from "../plane.contract.ts";
import type { TestPlane } from "../plane.contract.ts";

const by = LOCAL_TOKEN;
const HOUR_MS = 3_600_000;

test("joinNode() lets in by a token as often and as long as it holds", async () => {
  expect(
    await check(`
      join a A
      token {}
      join a A t1
      join b B t1
      token {"uses": 0, "hours": 2, "fields": {"tags": ["db"]}}
      join b B t2
      join c C t2
      later 2
      join d D t2
      token {}
      revoke t3
      join d D t3
      join d D none
      token {"isApproved": false}
      join d D t4
      token {"fields": {"subnets": 7, "nonsense": true}}
      nodes
    `),
  ).toMatchInlineSnapshot(`
    "join a A
      → unauthorised: network home wants a token; have somebody make one: warren token create home; or let hosts ask without one: warren network set home open=true
    token {}
      → t1
    join a A t1
      → is in
    join b B t1
      → unauthorised: the token was used up; have somebody make another: warren token create home
    token {"uses": 0, "hours": 2, "fields": {"tags": ["db"]}}
      → t2
    join b B t2
      → is in
    join c C t2
      → is in
    later 2
      → so it is
    join d D t2
      → unauthorised: the token has expired; have somebody make another: warren token create home
    token {}
      → t3
    revoke t3
      → done
    join d D t3
      → unauthorised: nobody knows this token: it was revoked, or is of another server; have somebody make another: warren token create home
    join d D none
      → unauthorised: nobody knows this token: it was revoked, or is of another server; have somebody make another: warren token create home
    token {"isApproved": false}
      → t4
    join d D t4
      → waits
    token {"fields": {"subnets": 7, "nonsense": true}}
      → invalid (nodes.node.nonsense, nodes.node.subnets): nodes.node has no field "nonsense"; known are address, endpoint, site, lan, subnets, exit, local, relay, tags, publicKey, listenPort, underlayMtu, mtu, keepalive, fwmark, table, firewall, ssh, hooks
    nodes
      → a offline 10.77.0.1 {}
        b offline 10.77.0.2 {"tags":["db"]}
        c offline 10.77.0.3 {"tags":["db"]}
        d waiting  {}"
  `);
});

test("joinNode() takes a token in its own network alone", async () => {
  expect(
    await check(`
      network other {}
      token {}
      join a A t1 other
      join a A t1 nowhere
      join a A t1
    `),
  ).toMatchInlineSnapshot(`
    "network other {}
      → done
    token {}
      → t1
    join a A t1 other
      → unauthorised: nobody knows this token: it was revoked, or is of another server; have somebody make another: warren token create other
    join a A t1 nowhere
      → not-found: there is no network nowhere; see which there are: warren network list
    join a A t1
      → is in"
  `);
});

test("joinNode() has whoever comes without a token wait, where the network is open", async () => {
  expect(
    await check(`
      open true
      join a A
      join a A
      join a B
      set a {"endpoint": "203.0.113.1"}
      approve a {"endpoint": "203.0.113.1"}
      approve a {}
      join a A
      again a A
      approve b {}
      open false
      join c C
      nodes
    `),
  ).toMatchInlineSnapshot(`
    "open true
      → done
    join a A
      → waits
    join a A
      → conflict: there is a node a in network home already; choose another name with --name; or take that one out first: warren node remove home a
    join a B
      → conflict: there is a node a in network home already; choose another name with --name; or take that one out first: warren node remove home a
    set a {"endpoint": "203.0.113.1"}
      → conflict: node a waits for approval; approve it first: warren node approve home a
    approve a {"endpoint": "203.0.113.1"}
      → done
    approve a {}
      → conflict: node a is approved already; see it: warren node list home
    join a A
      → conflict: there is a node a in network home already; choose another name with --name; or take that one out first: warren node remove home a
    again a A
      → is in
    approve b {}
      → not-found: there is no node b in network home; there are a
    open false
      → done
    join c C
      → unauthorised: network home wants a token; have somebody make one: warren token create home; or let hosts ask without one: warren network set home open=true
    nodes
      → a offline 10.77.0.1 {"endpoint":"203.0.113.1"}"
  `);
});

test("joinNode() gives a token's bearer what was declared, or his own; to nobody what is another's", async () => {
  expect(
    await check(`
      set a {"endpoint": "203.0.113.1", "tags": ["db"]}
      token {"uses": 0, "fields": {"tags": ["web"]}}
      join a A t1
      join a A t1
      again a A t1
      join a B t1
      join b A t1
      join b B t1
      nodes
    `),
  ).toMatchInlineSnapshot(`
    "set a {"endpoint": "203.0.113.1", "tags": ["db"]}
      → done
    token {"uses": 0, "fields": {"tags": ["web"]}}
      → t1
    join a A t1
      → is in
    join a A t1
      → conflict: there is a node a in network home already; choose another name with --name; or take that one out first: warren node remove home a
    again a A t1
      → is in
    join a B t1
      → conflict: there is a node a in network home already; choose another name with --name; or take that one out first: warren node remove home a
    join b A t1
      → conflict: its key is that of node a: one may be a copy of the other's disk; have it make another: warren leave, and join again
    join b B t1
      → is in
    nodes
      → a offline 10.77.0.1 {"endpoint":"203.0.113.1","tags":["db"]}
        b offline 10.77.0.2 {"tags":["web"]}"
  `);
});

test("applyDocument() makes it so, and the second time there is nothing to do", async () => {
  const document =
    '{"network": {"addresses": "10.0.0.0/24"}, "nodes": {"a": {}, "b": {"endpoint": "203.0.113.2"}}, "links": [{"between": ["a", "b"], "path": "direct"}], "policy": [{"from": ["a"], "to": ["b"]}]}';
  expect(
    await check(`
      apply ${document}
      apply ${document}
      token {"uses": 0}
      join a A t1
      nodes
      join b B t1
      remove b
      remove a
      set b {"tag": ["db"]}
      set b {"subnets": ["10.0.0.0/25"]}
      set BAD {}
      set b {"hooks": {"postUp": ["reboot"]}}
      set b {"endpoint": null}
      apply {"network": {"addresses": "10.0.0.0/24"}, "nodes": {"b": {}}}
      join a A t1
      nodes
    `),
  ).toMatchInlineSnapshot(`
    "apply {"network": {"addresses": "10.0.0.0/24"}, "nodes": {"…
      → done
    apply {"network": {"addresses": "10.0.0.0/24"}, "nodes": {"…
      → nothing to do
    token {"uses": 0}
      → t1
    join a A t1
      → is in
    nodes
      → a offline 10.0.0.1 {}
        b declared 10.0.0.2 {"endpoint":"203.0.113.2"}
    join b B t1
      → is in
    remove b
      → invalid (links[0].between[1], policy[0].to[0]): network home would be wrong: links[0].between[1]: there is no site or node "b"; known are a
    remove a
      → invalid (links[0].between[0], policy[0].from[0]): network home would be wrong: links[0].between[0]: there is no site or node "a"; known are b
    set b {"tag": ["db"]}
      → invalid (nodes.b.tag): network home would be wrong: nodes.b has no field "tag"; did you mean tags?
    set b {"subnets": ["10.0.0.0/25"]}
      → invalid (nodes.b.subnets[0]): network home would be wrong: nodes.b.subnets[0]: 10.0.0.0/25 (behind "b") overlaps 10.0.0.0/24 (a range of the mesh); addresses must be unique across the mesh: renumber one, or leave it out here
    set BAD {}
      → invalid: BAD is no name; use 1 to 63 lower-case letters, digits and inner hyphens
    set b {"hooks": {"postUp": ["reboot"]}}
      → invalid (nodes.b.hooks): network home would be wrong: nodes.b.hooks: a server has no host run commands; take them out, and have the host itself run them
    set b {"endpoint": null}
      → done
    apply {"network": {"addresses": "10.0.0.0/24"}, "nodes": {"…
      → done
    join a A t1
      → is in
    nodes
      → a offline 10.0.0.1 {}
        b offline 10.0.0.2 {}"
  `);
});

/** Each line with what it came to; what is refused has changed nothing. */
async function check(text: string): Promise<string> {
  const plane = await createTestPlane();
  await plane.ask("POST /networks", { by, body: { name: "home" } });
  const tokens = new Map([["none", "nobody-knows-it"]]);
  const told: string[] = [];
  for (const line of text
    .trim()
    .split("\n")
    .map((each) => each.trim())) {
    const state = plane.plane.ledger.state;
    const [status, answer] = await perform(plane, line, tokens);
    if (status !== 200 && plane.plane.ledger.state !== state) throw new Error(`${line} half done`);
    const short = line.length > 60 ? `${line.slice(0, 59)}…` : line;
    told.push(`${short}\n  → ${answer}`);
  }
  return told.join("\n");
}

async function perform(
  { ask, plane, time }: TestPlane,
  line: string,
  tokens: Map<string, string>,
): Promise<readonly [status: number, answer: string]> {
  const [verb = "", name = "", key = "", token = "", network = "home"] = line.split(" ");
  const rest = JSON.parse(line.match(/ (\{.*\}|true|false)$/)?.[1] ?? "{}") as object;
  const home = "/networks/home";
  const publicKey = Buffer.alloc(32, key).toString("base64");
  const secret = token === "" ? {} : { secret: tokens.get(token) };
  const rev = plane.ledger.rev;
  const asked: Readonly<Record<string, () => ReturnType<typeof ask>>> = {
    // With the credential that its host was given.
    again: () => {
      const credential = tokens.get(`credential of ${key}`);
      return ask("POST /join", { body: { network, name, publicKey, ...secret, credential } });
    },
    join: () => ask("POST /join", { body: { network, name, publicKey, ...secret } }),
    network: () => ask("POST /networks", { by, body: { name } }),
    open: () => ask(`PATCH ${home}`, { by, body: { isOpen: rest } }),
    token: () => ask(`POST ${home}/tokens`, { by, body: rest }),
    revoke: () => ask(`DELETE ${home}/tokens/${idOf(plane, tokens.get(name) ?? "")}`, { by }),
    approve: () => ask(`POST ${home}/nodes/${name}/approve`, { by, body: rest }),
    set: () => ask(`PATCH ${home}/nodes/${name}`, { by, body: rest }),
    remove: () => ask(`DELETE ${home}/nodes/${name}`, { by }),
    apply: () => ask(`PUT ${home}/mesh`, { by, body: rest }),
    nodes: () => ask(`GET ${home}/nodes`, { by }),
  };
  if (verb === "later") {
    time.now += Number(name) * HOUR_MS;
    return [200, "so it is"];
  }
  const { status, text } = await (asked[verb]?.() ?? Promise.reject(new Error(line)));
  const answer = JSON.parse(text) as Record<string, never> & Refused;
  if (status !== 200) {
    const { code, message, fix, details = [] } = answer.error;
    const paths = details.map(({ path }) => path).join(", ");
    return [status, `${code}${paths === "" ? "" : ` (${paths})`}: ${message}; ${fix}`];
  }
  switch (verb) {
    case "join":
    case "again":
      tokens.set(`credential of ${key}`, String(answer["credential"]));
      return [status, answer["isApproved"] ? "is in" : "waits"];
    case "token":
      tokens.set(`t${countTokens(tokens) + 1}`, String(answer["token"]).split(":")[1] ?? "");
      return [status, `t${countTokens(tokens)}`];
    case "nodes":
      return [status, (answer as unknown as readonly Listed[]).map(printNode).join("\n    ")];
    default:
      return [status, plane.ledger.rev === rev ? "nothing to do" : "done"];
  }
}

function countTokens(tokens: ReadonlyMap<string, string>): number {
  return [...tokens.keys()].filter((each) => /^t\d+$/.test(each)).length;
}

interface Refused {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly fix: string;
    readonly details?: readonly { readonly path: string }[];
  };
}

interface Listed {
  readonly name: string;
  readonly state: string;
  readonly addresses: readonly string[];
  readonly fields: object;
}

function printNode({ name, state, addresses, fields }: Listed): string {
  return `${name} ${state} ${addresses.join(",")} ${JSON.stringify(fields)}`;
}

function idOf({ ledger, vault }: TestPlane["plane"], secret: string): string {
  const hash = vault.hashSecret(secret);
  const [key = ""] = [...ledger.state.token].find(([, row]) => row.hash === hash) ?? [];
  return key.split("/")[1] ?? "";
}
