/** The forms of what the API is told and tells: networks, nodes, tokens, people, refusals. Knows no route. */
import * as core from "@warren/core";
import { shapes } from "@warren/core";
import { parseNodeCredential } from "./node-credential.ts";
import { nodeState } from "./watched.ts";

const { anything, choice, fields, flag, list, mapped, number, optional, record, required, text } =
  shapes;

/** Of least power first: each may do what those before it may. */
export const ROLES = ["viewer", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

export const word = text((written) => written);
export const name = text(core.parseName);
export const count = number({ min: 0, max: Number.MAX_SAFE_INTEGER });
/** Milliseconds since 1970. */
export const time = count;
export const credential = text(parseNodeCredential);
export const publicKey = text(core.parsePublicKey);
export const open = mapped(
  record((key) => key, anything()),
  (entries): Readonly<Record<string, unknown>> => Object.fromEntries(entries),
);
export const network = fields({
  name: required(name, "Its name."),
  addresses: required(list(word), "The mesh's ranges."),
  isOpen: required(flag(), "Hosts may ask to join without a token."),
  nodes: required(count, "Nodes in its mesh."),
  waiting: required(count, "Hosts that wait for approval."),
  createdAt: required(time, "When."),
  error: optional(word, "Why its hosts are told nothing: something in it is wrong."),
});

const peer = fields({
  name: required(word, "The other node."),
  endpoint: optional(word, "Where its packets come from."),
  handshakeSeconds: optional(count, "Since the last handshake."),
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
  joinedFrom: optional(word, "The address that its host asked from."),
  connectedAt: optional(time, "Since when its agent is connected."),
  visitedAt: optional(time, "When it came last, where it comes from time to time."),
  version: optional(word, "Of its agent."),
  applied: optional(count, "The revision that it has applied last."),
  error: optional(word, "Why it could not apply a newer one."),
  reportedAt: optional(time, "When it said how its tunnels stand."),
  tunnels: required(count, "To how many others it has one, as it has said."),
  peers: required(list(peer), "How those stand on which anything ever went."),
});
export type NodeView = shapes.Read<typeof nodeView>;
export type NetworkView = shapes.Read<typeof network>;

export const token = fields({
  id: required(word, "Its number; not its secret."),
  createdAt: required(time, "When."),
  createdBy: required(word, "By whom."),
  expiresAt: optional(time, "When it holds no more."),
  usesLeft: optional(count, "Absent: any number."),
  isApproved: required(flag(), "Who comes by it is in at once."),
  fields: required(open, "What a node that comes by it is."),
});
export type TokenView = shapes.Read<typeof token>;

export const revision = fields({
  rev: required(count, "Its number."),
  at: required(time, "When."),
  actor: required(word, "Who."),
  command: required(word, "What was done."),
  summary: optional(word, "To what."),
});
export type RevisionView = shapes.Read<typeof revision>;

export const settings = {
  isOpen: optional(flag(), "Hosts may ask to join without a token."),
  settings: optional(open, "Fields of `network` in a mesh document."),
} as const;

export const done = fields({ rev: required(count, "The revision at which it holds.") });

export const grant = fields({
  network: required(word, "One, or * for all and the server itself."),
  role: required(choice(...ROLES), "What it may."),
});

export const account = fields({
  name: required(name, "Its name."),
  roles: required(list(grant), "What it may do."),
  hasPassword: required(flag(), "Else it signs in by links."),
});
export type AccountView = shapes.Read<typeof account>;

export const apiToken = fields({
  name: required(name, "Its own."),
  account: required(name, "Who made it."),
  grant: required(grant, "What it may do."),
  createdAt: required(time, "When."),
  expiresAt: required(time, "When it holds no more."),
});
export type ApiTokenView = shapes.Read<typeof apiToken>;

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
