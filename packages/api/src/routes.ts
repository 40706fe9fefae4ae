/**
 * The API as one table: server, client and OpenAPI document are made of it. Whoever changes it changes
 * all three.
 */
import { parseAddress, parseInterfaceName, shapes } from "@warren/core";
import type { Shape } from "@warren/core";
import { examination, examinedNames } from "./examination.ts";
import * as views from "./views.ts";
import type { Role } from "./views.ts";
import { peerReport } from "./messages.ts";
import { networkNews } from "./watched.ts";

const { fields, flag, list, number, optional, required, text } = shapes;
const { account, apiToken, count, credential, done, grant, name, network, nodeView, open } = views;
const { publicKey, revision, settings, token, word } = views;

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/**
 * Who may: nobody in particular, a node with its credential, or a person with a role, in the network that
 * the path names, or on the whole server.
 */
export type Need =
  | "nobody"
  | "node"
  | "person"
  | { readonly role: Role; readonly in: "network" | "server" };

export interface Route<B = unknown, A = unknown, Q = unknown> {
  readonly method: Method;
  /** Parts that begin with a colon are names. */
  readonly path: string;
  readonly about: string;
  readonly need: Need;
  readonly body?: Shape<B>;
  readonly answer: Shape<A>;
  /** What the answer is written in, where that is no JSON: of events, each is of the answer's shape. */
  readonly media?: "image/svg+xml" | "text/event-stream" | "text/plain";
  /** What may stand behind the question mark. */
  readonly query?: Shape<Q>;
}

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
      "A one-time link for an account, good for an hour; admin is made while nobody may do everything.",
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
    body: fields({
      ...settings,
      isConfirmed: optional(
        flag(),
        "The store was restored: hosts are to lose what it lacks, however much that is.",
      ),
    }),
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
      tag: required(word, "For If-Match, as the header ETag."),
    }),
  }),
  applyMesh: route({
    method: "PUT",
    path: "/networks/:network/mesh",
    about:
      "Makes the network's mesh be as a document says; with ?try=true only says what would change.",
    need: { role: "operator", in: "network" },
    query: fields({ try: optional(flag(), "Only say what would change.") }),
    body: open,
    answer: fields({
      rev: required(count, "The revision at which it holds."),
      changes: required(list(word), "Rows that are others than before."),
      tag: required(word, "For If-Match: the mesh before that."),
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
    query: fields({
      language: optional(word, "Of its words."),
      at: optional(word, "Anything: another one is asked for anew."),
    }),
    media: "image/svg+xml",
    answer: word,
  }),
  examineNodes: route({
    method: "POST",
    path: "/networks/:network/examine",
    about:
      "Has its nodes look at the tunnels between them: facts, of which warren doctor makes causes.",
    need: { role: "viewer", in: "network" },
    body: fields({ nodes: optional(examinedNames, "Only these, at most 32.") }),
    answer: examination,
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
    about:
      "Lets a host that waits into the mesh, with fields; with its publicKey, or how that begins, no other.",
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
      id: optional(name, "Its number, instead of a new one: it replaces the one that has it."),
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
    query: fields({
      before: optional(count, "Only older ones than this."),
      limit: optional(number({ min: 1, max: 500 }), "At most so many (50)."),
    }),
    answer: list(revision),
  }),
  checkIn: route({
    method: "POST",
    path: "/checkin",
    about:
      "Of a small router, from time to time: what it has and how its tunnels stand. Answered in lines for its shell.",
    // It may have no other way to show its credential without showing it to others on its host.
    need: "nobody",
    body: fields({
      credential: required(credential, "By which it is known."),
      interface: required(text(parseInterfaceName), "Of its tunnel."),
      now: optional(count, "Milliseconds since 1970, by its host's clock."),
      epoch: optional(word, "Of the log that its revision is of."),
      rev: optional(count, "Of its device."),
      hash: optional(word, "Of its device."),
      listenPort: optional(number({ min: 1, max: 65_535 }), "On which its tunnel listens."),
      addresses: optional(list(text(parseAddress)), "Of the host itself."),
      peers: required(list(peerReport), "What the kernel says of each."),
      failed: optional(
        fields({
          rev: required(count, "Of what could not be applied."),
          hash: required(word, "Of that."),
          error: required(word, "Why."),
        }),
        "A device that it was sent, and could not apply.",
      ),
      isLeaving: optional(flag(), "It leaves the network."),
    }),
    media: "text/plain",
    answer: word,
  }),
  leave: route({
    method: "DELETE",
    path: "/join",
    about: "The node that asks leaves its network.",
    need: "node",
    answer: done,
  }),
  examine: route({
    method: "POST",
    path: "/examine",
    about: "The node that asks has others look at their ends of its own tunnels.",
    need: "node",
    body: fields({ nodes: required(examinedNames, "Which, at most 32.") }),
    answer: examination,
  }),
  join: route({
    method: "POST",
    path: "/join",
    about: "A host wants to be a node; asked once more, it is answered as before.",
    need: "nobody",
    body: fields({
      network: optional(name, "Which; absent: the only one."),
      name: required(name, "As which node."),
      publicKey: required(publicKey, "Of its tunnel; the private half stays where it was made."),
      secret: optional(word, "Of its token."),
      credential: required(
        credential,
        "By which it is to be known, and was, where it joins again.",
      ),
    }),
    answer: fields({
      network: required(name, "The network that it has joined, or waits for."),
      node: required(name, "As which node."),
      isApproved: required(flag(), "Else it waits."),
    }),
  }),
} as const;

export type Routes = typeof routes;
export type BodyOf<R> = R extends Route<infer B> ? B : never;
export type AnswerOf<R> = R extends Route<unknown, infer A> ? A : never;
export type QueryOf<R> = R extends Route<unknown, unknown, infer Q> ? Q : never;

export const NO_FIELDS: Shape<object> = fields({});

function route<B = undefined, A = unknown, Q = object>(described: Route<B, A, Q>): Route<B, A, Q> {
  return described;
}
