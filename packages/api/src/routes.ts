/**
 * The API as one table: server, client and OpenAPI document are made of it. Whoever changes it changes
 * all three.
 */
import * as core from "@warren/core";
import { shapes } from "@warren/core";
import type { Shape } from "@warren/core";
import { networkNews, nodeState } from "./watched.ts";

const { anything, choice, fields, flag, list, mapped, number, optional, record, required, text } =
  shapes;

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Of least power first: each may do what those before it may. */
export const ROLES = ["viewer", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

/**
 * Who may: nobody in particular, a node with its credential, or a person with a role, in the network that
 * the path names, or on the whole server.
 */
export type Need =
  | "nobody"
  | "node"
  | "person"
  | { readonly role: Role; readonly in: "network" | "server" };

export interface Route<B = unknown, A = unknown> {
  readonly method: Method;
  /** Parts that begin with a colon are names. */
  readonly path: string;
  readonly about: string;
  readonly need: Need;
  readonly body?: Shape<B>;
  readonly answer: Shape<A>;
  /** What the answer is written in, where that is no JSON: of events, each is of the answer's shape. */
  readonly media?: "image/svg+xml" | "text/event-stream";
  /** What may stand behind the question mark. */
  readonly query?: readonly string[];
}

const word = text((written) => written);
const name = text(core.parseName);
const count = number({ min: 0, max: Number.MAX_SAFE_INTEGER });
/** Milliseconds since 1970. */
const time = count;
const publicKey = text(core.parsePublicKey);
const open = mapped(
  record((key) => key, anything()),
  (entries): Readonly<Record<string, unknown>> => Object.fromEntries(entries),
);
const nothing = fields({});

const network = fields({
  name: required(name, "Its name."),
  addresses: required(list(word), "The mesh's ranges."),
  isOpen: required(flag(), "Hosts may ask to join without a token."),
  nodes: required(count, "Nodes in its mesh."),
  waiting: required(count, "Hosts that wait for approval."),
  createdAt: required(time, "When."),
});

const peer = fields({
  name: required(word, "The other node."),
  endpoint: optional(word, "Where its packets come from."),
  handshakeSeconds: optional(count, "Since the last handshake, when it was reported."),
  received: required(count, "Bytes from it."),
  sent: required(count, "Bytes to it."),
});

export const nodeView = fields({
  name: required(name, "Its name."),
  state: required(
    nodeState,
    "waiting: for approval; declared: no host has joined as it; behind: has not applied the newest.",
  ),
  publicKey: optional(publicKey, "Of its tunnel."),
  addresses: required(list(word), "In the mesh."),
  endpoint: optional(word, "Where the others dial it."),
  isMapped: optional(flag(), "That is what a NAT makes of it."),
  fields: required(open, "As a mesh document has it."),
  joinedAt: optional(time, "When its host joined."),
  connectedAt: optional(time, "Since when its agent is connected."),
  version: optional(word, "Of its agent."),
  applied: optional(count, "The revision that it has applied last."),
  error: optional(word, "Why it could not apply a newer one."),
  reportedAt: optional(time, "When it said how its tunnels stand."),
  peers: required(list(peer), "How its tunnels stand."),
});
export type NodeView = shapes.Read<typeof nodeView>;
export type NetworkView = shapes.Read<typeof network>;

const token = fields({
  id: required(word, "Its number; not its secret."),
  createdAt: required(time, "When."),
  createdBy: required(word, "By whom."),
  expiresAt: optional(time, "When it holds no more."),
  usesLeft: optional(count, "Absent: any number."),
  isApproved: required(flag(), "Who comes by it is in at once."),
  fields: required(open, "What a node that comes by it is."),
});
export type TokenView = shapes.Read<typeof token>;

const revision = fields({
  rev: required(count, "Its number."),
  at: required(time, "When."),
  actor: required(word, "Who."),
  command: required(word, "What was done."),
  summary: optional(word, "To what."),
});
export type RevisionView = shapes.Read<typeof revision>;

const settings = {
  isOpen: optional(flag(), "Hosts may ask to join without a token."),
  settings: optional(open, "Fields of `network` in a mesh document."),
} as const;

const done = fields({ rev: required(count, "The revision at which it holds.") });

const grant = fields({
  network: required(word, "One, or * for all and the server itself."),
  role: required(choice(...ROLES), "What it may."),
});

const account = fields({
  name: required(name, "Its name."),
  roles: required(list(grant), "What it may do."),
  hasPassword: required(flag(), "Else it signs in by links."),
});
export type AccountView = shapes.Read<typeof account>;

const apiToken = fields({
  name: required(name, "Its own."),
  account: required(name, "Who made it."),
  grant: required(grant, "What it may do."),
  createdAt: required(time, "When."),
  expiresAt: required(time, "When it holds no more."),
});
export type ApiTokenView = shapes.Read<typeof apiToken>;

export const routes = {
  signIn: route({
    method: "POST",
    path: "/session",
    about:
      "Signs in by a link's secret, or by name and password: with a cookie; with `device` by an API token.",
    need: "nobody",
    body: fields({
      link: optional(word, "The secret of a one-time link."),
      name: optional(word, "Of an account."),
      password: optional(word, "Its password."),
      device: optional(name, "What the token is to be called."),
    }),
    answer: fields({
      account: required(name, "Who has signed in."),
      token: optional(word, "wrt_…, where one was asked for."),
    }),
  }),
  whoAmI: route({
    method: "GET",
    path: "/session",
    about: "Who the caller is, and what he may.",
    need: "person",
    answer: fields({ name: required(word, "Who."), roles: required(list(grant), "What he may.") }),
  }),
  signOut: route({
    method: "DELETE",
    path: "/session",
    about: "Ends the session of the cookie.",
    need: "nobody",
    answer: fields({}),
  }),
  createLink: route({
    method: "POST",
    path: "/accounts/:account/link",
    about:
      "A one-time link for an account, good for an hour; the account is made where there is none.",
    need: { role: "admin", in: "server" },
    answer: fields({
      link: required(word, "For a browser."),
      code: required(word, "For the command line of another machine: warren login CODE."),
    }),
  }),
  listAccounts: route({
    method: "GET",
    path: "/accounts",
    about: "Who may sign in.",
    need: { role: "admin", in: "server" },
    answer: list(account),
  }),
  setAccount: route({
    method: "PUT",
    path: "/accounts/:account",
    about: "Makes an account, or changes its roles or password.",
    need: { role: "admin", in: "server" },
    body: fields({
      roles: optional(list(grant), "What it may do."),
      password: optional(word, "A new one; at least 12 characters."),
    }),
    answer: done,
  }),
  removeAccount: route({
    method: "DELETE",
    path: "/accounts/:account",
    about: "Takes an account away, with its sessions and API tokens.",
    need: { role: "admin", in: "server" },
    answer: done,
  }),
  listApiTokens: route({
    method: "GET",
    path: "/api-tokens",
    about: "What programs sign in with, without the secrets.",
    need: { role: "admin", in: "server" },
    answer: list(apiToken),
  }),
  createApiToken: route({
    method: "POST",
    path: "/api-tokens",
    about: "A token for a program. Its secret is shown this once.",
    need: "person",
    body: fields({
      name: required(name, "What it is to be called."),
      grant: required(grant, "What it may do: no more than who makes it."),
      days: optional(number({ min: 1, max: 3660 }), "How long it holds (90)."),
    }),
    answer: fields({ token: required(word, "wrt_…") }),
  }),
  removeApiToken: route({
    method: "DELETE",
    path: "/api-tokens/:token",
    about: "Nobody comes in by it any more.",
    need: { role: "admin", in: "server" },
    answer: done,
  }),
  listNetworks: route({
    method: "GET",
    path: "/networks",
    about: "The networks that the caller may see.",
    need: "person",
    answer: list(network),
  }),
  createNetwork: route({
    method: "POST",
    path: "/networks",
    about: "A new network.",
    need: { role: "admin", in: "server" },
    body: fields({ name: required(name, "Its name."), ...settings }),
    answer: done,
  }),
  setNetwork: route({
    method: "PATCH",
    path: "/networks/:network",
    about: "Changes settings of a network.",
    need: { role: "admin", in: "network" },
    body: fields(settings),
    answer: done,
  }),
  deleteNetwork: route({
    method: "DELETE",
    path: "/networks/:network",
    about: "Takes a network away: its nodes leave it.",
    need: { role: "admin", in: "server" },
    answer: done,
  }),
  readMesh: route({
    method: "GET",
    path: "/networks/:network/mesh",
    about: "The network's mesh document, as warren.yaml has it.",
    need: { role: "viewer", in: "network" },
    answer: fields({
      document: required(open, "The mesh."),
      rev: required(count, "The revision that it is of."),
    }),
  }),
  applyMesh: route({
    method: "PUT",
    path: "/networks/:network/mesh",
    about:
      "Makes the network's mesh be as a document says; with ?try=true only says what would change.",
    need: { role: "operator", in: "network" },
    query: ["try"],
    body: open,
    answer: fields({
      rev: required(count, "The revision at which it holds."),
      changes: required(list(word), "Rows that are others than before."),
    }),
  }),
  listNodes: route({
    method: "GET",
    path: "/networks/:network/nodes",
    about: "Its nodes, and hosts that wait, with how they are.",
    need: { role: "viewer", in: "network" },
    answer: list(nodeView),
  }),
  watchNodes: route({
    method: "GET",
    path: "/networks/:network/events",
    about: "Its nodes, and from then on what changes: Server-Sent Events.",
    need: { role: "viewer", in: "network" },
    media: "text/event-stream",
    answer: networkNews,
  }),
  readPicture: route({
    method: "GET",
    path: "/networks/:network/picture.svg",
    about: "The mesh as a picture; ?language=zh-CN for its words.",
    need: { role: "viewer", in: "network" },
    query: ["language", "at"],
    media: "image/svg+xml",
    answer: word,
  }),
  setNode: route({
    method: "PATCH",
    path: "/networks/:network/nodes/:node",
    about: "Changes fields of a node, as a mesh document has them; null takes one away.",
    need: { role: "operator", in: "network" },
    body: open,
    answer: done,
  }),
  approveNode: route({
    method: "POST",
    path: "/networks/:network/nodes/:node/approve",
    about: "Lets a host that waits into the mesh.",
    need: { role: "operator", in: "network" },
    body: open,
    answer: done,
  }),
  removeNode: route({
    method: "DELETE",
    path: "/networks/:network/nodes/:node",
    about: "Takes a node out of the mesh: its credential holds no more.",
    need: { role: "operator", in: "network" },
    answer: done,
  }),
  listTokens: route({
    method: "GET",
    path: "/networks/:network/tokens",
    about: "Tokens by which hosts may join, without their secrets.",
    need: { role: "operator", in: "network" },
    answer: list(token),
  }),
  createToken: route({
    method: "POST",
    path: "/networks/:network/tokens",
    about: "A token by which hosts may join. Its secret is shown this once.",
    need: { role: "operator", in: "network" },
    body: fields({
      uses: optional(number({ min: 0, max: 1_000_000 }), "How many hosts; 0: any number (1)."),
      hours: optional(
        number({ min: 0, max: 100_000, isWhole: false }),
        "How long it holds; 0: for ever (1).",
      ),
      isApproved: optional(flag(), "Who comes by it is in at once (true)."),
      fields: optional(open, "What a node that comes by it is: tags, site."),
    }),
    answer: fields({ id: required(word, "Its number."), token: required(word, "wrn_…") }),
  }),
  revokeToken: route({
    method: "DELETE",
    path: "/networks/:network/tokens/:token",
    about: "No host joins by it any more; those that did stay.",
    need: { role: "operator", in: "network" },
    answer: done,
  }),
  listRevisions: route({
    method: "GET",
    path: "/revisions",
    about: "Who has done what, the newest first; ?before=REV for the page after.",
    need: { role: "admin", in: "server" },
    query: ["before", "limit"],
    answer: list(revision),
  }),
  leave: route({
    method: "DELETE",
    path: "/join",
    about: "The node that asks leaves its network.",
    need: "node",
    answer: done,
  }),
  join: route({
    method: "POST",
    path: "/join",
    about: "A host wants to be a node.",
    need: "nobody",
    body: fields({
      network: optional(name, "Which; absent: the only one."),
      name: required(name, "As which node."),
      publicKey: required(publicKey, "Of its tunnel; the private half stays where it was made."),
      secret: optional(word, "Of its token."),
    }),
    answer: fields({
      network: required(name, "The network that it has joined, or waits for."),
      node: required(name, "As which node."),
      credential: required(word, "By which it is known from now on."),
      isApproved: required(flag(), "Else it waits."),
    }),
  }),
} as const;

export type Routes = typeof routes;
export type BodyOf<R> = R extends Route<infer B> ? B : never;
export type AnswerOf<R> = R extends Route<unknown, infer A> ? A : never;

/** The form of everything that is refused, whatever the route. */
export const refusal = fields({
  error: required(
    fields({
      code: required(word, "One of a few."),
      message: required(word, "What is wrong."),
      fix: required(word, "The way out."),
      details: optional(
        list(
          fields({
            code: required(word, "Of the diagnostic."),
            path: required(word, "The place in the document."),
            message: required(word, "What is wrong there."),
            fix: required(word, "The way out."),
          }),
        ),
        "Where there are several reasons.",
      ),
    }),
    "Why.",
  ),
});

export const EMPTY_BODY: Shape<object> = nothing;

function route<B = undefined, A = unknown>(described: Route<B, A>): Route<B, A> {
  return described;
}
