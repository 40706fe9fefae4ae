/**
 * What the ends of a tunnel say when they are asked why it does not work: facts, measured by the system's own
 * tools, and no judgement. Nothing in them is secret.
 */
import * as core from "@warren/core";
import { shapes } from "@warren/core";
import { count, name, publicKey, time } from "./views.ts";
import { nodeState } from "./watched.ts";

const { choice, fields, flag, list, number, optional, required, text } = shapes;

/** So many are examined at once: each costs its host a process or two. */
export const MOST_EXAMINED = 32;
/** WireGuard tries a handshake again after 5.3 s at the latest: who answers at all has answered by then. */
export const EXAMINED_SECONDS = 6;
/** Of the end of whom it is asked, until its facts are there. */
export const EXAMINING_MS = 20_000;

const LONGEST_TEXT = 500;

/** They come from other hosts, and go to terminals. */
const words = text((written) => written.slice(0, LONGEST_TEXT).replaceAll(/\p{Cc}/gu, " "));

export const examinedNames = list(text(core.parseName));

const peerFacts = fields({
  peer: required(name, "Who is at the other end."),
  isMeant: required(flag(), "The device has it as a peer."),
  lacks: optional(
    choice("peer", "psk", "ranges"),
    "What the kernel has otherwise than the device: all of it, its preshared key, what is sent to it.",
  ),
  dialled: optional(words, "Where the device says that it is: a name or an address, with a port."),
  resolved: optional(list(words), "The addresses of that name."),
  endpoint: optional(words, "Where the kernel sends to."),
  outside: optional(words, "The interface by which packets to there leave; empty: none."),
  isOutsideTunnel: optional(flag(), "That is no card but a tunnel of something."),
  inside: optional(words, "The interface by which packets to its address in the mesh leave."),
  clashes: optional(list(words), "Ranges behind it that the host has on another interface."),
  handshakeSeconds: optional(count, "Since the last one."),
  sent: required(count, "Bytes to it while it was examined."),
  received: required(count, "Bytes from it meanwhile."),
  roundTripMs: optional(
    number({ min: 0, max: 1e6, isWhole: false }),
    "Of a ping by the tunnel; absent: no answer.",
  ),
  passes: optional(count, "The largest packet that was answered, where the tunnel's MTU was not."),
  isLetIn: required(flag(), "The policy lets pings of it in."),
});
export type PeerFacts = shapes.Read<typeof peerFacts>;

const block = fields({
  kind: required(words, "Of what is dropped: input (UDP to the port), tunnel, out, through, back."),
  message: required(words, "Who drops it, and by which rule."),
  fix: required(words, "The command that admits it."),
});

/** One end. */
export const endFacts = fields({
  node: required(name, "Which."),
  at: required(time, "By its own clock, when it began."),
  isClockBack: optional(flag(), "Something in its kernel is of later than that."),
  publicKey: required(publicKey, "Of the device."),
  interface: required(words, "Of the tunnel."),
  link: required(choice("up", "down", "absent", "foreign"), "How that is."),
  mtu: required(count, "Of the tunnel."),
  port: optional(count, "On which it is to listen."),
  listens: optional(count, "On which it does."),
  isKeyOther: optional(flag(), "The tunnel has not the key of the device."),
  lacks: required(
    list(words),
    "Of what kind is what else the kernel has otherwise than the device.",
  ),
  isForwarding: optional(flag(), "Whether the host passes packets on; absent: it need not."),
  isAgentRunning: required(flag(), "What heals it is there."),
  error: optional(words, "What its agent says that it cannot do."),
  rev: optional(count, "The revision that its device is of."),
  addresses: required(list(words), "Its own, outside of the tunnel."),
  blocks: required(list(block), "Others' rules by which it drops what the tunnel needs."),
  peers: required(list(peerFacts), "Of the pairs that were asked for."),
});
export type EndFacts = shapes.Read<typeof endFacts>;

/** What the server knows of a node, with the facts of its end where that has answered. */
const examinedNode = fields({
  name: required(name, "Which."),
  state: required(nodeState, "As the list of nodes has it."),
  endpoint: optional(words, "Where the others dial it."),
  isMapped: optional(flag(), "That is what a NAT makes of it."),
  error: optional(words, "What is wrong with it, such as that two hosts come as it."),
  peers: required(examinedNames, "To whom of the others that were asked for it has tunnels."),
  visitedAt: optional(time, "When it came last, where it comes from time to time."),
  isThin: optional(flag(), "It is a small router, which has a script alone."),
  seenAt: optional(words, "The address that its agent comes from."),
  end: optional(endFacts, "Absent: it has not answered."),
});
export type ExaminedNode = shapes.Read<typeof examinedNode>;

export const examination = fields({
  now: required(time, "By the server's clock."),
  rev: required(count, "The newest revision."),
  nodes: required(list(examinedNode), "Those that were asked for, and may be told of."),
});
export type Examination = shapes.Read<typeof examination>;
