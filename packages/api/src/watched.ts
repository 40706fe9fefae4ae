/** What somebody who watches a network is told of it: each node as a line, and no more than a line shows. */
import * as core from "@warren/core";
import { shapes } from "@warren/core";

const { choice, fields, flag, list, number, optional, required, text } = shapes;

const word = text((written) => written);
const count = number({ min: 0, max: Number.MAX_SAFE_INTEGER });

export const nodeState = choice("waiting", "declared", "offline", "behind", "failed", "current");

const nodeLine = fields({
  name: required(text(core.parseName), "Its name."),
  state: required(nodeState, "As the list of nodes has it."),
  publicKey: optional(word, "Of a host that waits."),
  joinedFrom: optional(word, "Of a host that waits: the address that it asked from."),
  addresses: required(list(word), "In the mesh."),
  endpoint: optional(word, "Where the others dial it."),
  isMapped: optional(flag(), "That is what a NAT makes of it."),
  told: optional(count, "The revision that it was told last."),
  applied: optional(count, "The revision that it has applied last."),
  error: optional(word, "Why it could not apply a newer one."),
  visitedAt: optional(count, "When it came last, where it comes from time to time."),
  tunnels: required(count, "To so many others, as it reported."),
  alive: required(count, "Of these, whose last handshake held still then."),
  handshakeAt: optional(count, "The newest one; milliseconds since 1970."),
  received: required(count, "Bytes by all tunnels."),
  sent: required(count, "Bytes by all tunnels."),
});
export type NodeLine = shapes.Read<typeof nodeLine>;

export const networkNews = fields({
  isWhole: optional(flag(), "The first: nodes that are not in it are no more."),
  nodes: required(list(nodeLine), "That are new, or others than before."),
  gone: required(list(word), "Names of nodes that are no more."),
  picture: optional(choice("none", "changed"), "Absent: as before."),
});
export type NetworkNews = shapes.Read<typeof networkNews>;
