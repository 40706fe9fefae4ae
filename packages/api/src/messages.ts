/** What agents and their server tell each other over the stream: JSON, one object a message, told apart by `kind`. */
import * as core from "@warren/core";
import { shapes } from "@warren/core";
import type { Shape } from "@warren/core";
import type { Delta } from "./delta.ts";
import { endFacts, examinedNames } from "./examination.ts";

const { anything, fields, flag, list, number, optional, record, required, text } = shapes;

const HASH_FORM = /^[0-9a-f]{32}$/;
/** Of a message from outside: a log that tells why something failed need not be longer. */
const LONGEST_TEXT = 2000;

const revision = number({ min: 0, max: Number.MAX_SAFE_INTEGER });
const count = number({ min: 0, max: Number.MAX_SAFE_INTEGER });
const hash = text(parseHash);
/** They go to terminals. */
const words = text((written) => written.slice(0, LONGEST_TEXT).replaceAll(/\p{Cc}/gu, " "));
const port = number({ min: 1, max: 65_535 });

export const peerReport = fields({
  publicKey: required(text(core.parsePublicKey), "Whose."),
  endpoint: optional(words, "Where its packets come from."),
  handshakeSeconds: optional(count, "Since the last one."),
  received: required(count, "Bytes from it."),
  sent: required(count, "Bytes to it."),
});
const clock = optional(count, "Milliseconds since 1970, by its host's clock.");

const agentForms = {
  /** The first: what it is, and what it has. Without epoch it has nothing. */
  hello: fields({
    version: required(words, "Of its Warren."),
    epoch: optional(words, "Of the log that its revision is of."),
    rev: optional(revision, "Of its device."),
    hash: optional(hash, "Of its device."),
    basis: optional(
      words,
      "What the server said that its device was made of, where it has heard so.",
    ),
    listenPort: optional(port, "On which its tunnel listens."),
    now: clock,
    instance: optional(words, "Of the process: another one with each start."),
    addresses: optional(
      list(text(core.parseAddress)),
      "Of the host itself: others are what a NAT makes of them.",
    ),
    isVisit: optional(flag(), "It goes again at once, and comes from time to time."),
  }),
  applied: fields({
    rev: required(revision, "Up to which it has done everything."),
    hash: required(hash, "Of what it was sent."),
    error: optional(words, "Why it could not do it."),
  }),
  /** What it has is not what the server takes it for. */
  resync: fields({ why: required(words, "What did not fit.") }),
  report: fields({
    now: clock,
    isPart: optional(flag(), "The others stand as they did, or are gone."),
    gone: optional(list(text(core.parsePublicKey)), "Whose tunnels are no more, of a part."),
    tunnels: optional(count, "How many it has."),
    peers: required(
      list(peerReport),
      "What the kernel says of each that is new; those on which nothing ever went may be left out.",
    ),
  }),
  /** What it was asked to look at. */
  examined: fields({
    id: required(count, "Of the question."),
    end: required(endFacts, "What it found."),
  }),
} as const;

const delta = {
  set: required(
    record((key) => key, anything()),
    "Entries that are new, or others than before.",
  ),
  delete: optional(list(words), "Entries that are no more."),
  hash: required(hash, "Of all entries after that."),
  basis: optional(words, "Of the network: whoever comes back with it, and the hash, is current."),
  isIntended: optional(flag(), "Many peers go, and that is meant."),
} as const;

const serverForms = {
  /** It has joined, and nobody has approved it yet. */
  waiting: fields({ network: required(words, "Its network.") }),
  /** What the agent has is the newest there is. */
  current: fields({
    epoch: required(words, "Of the log."),
    rev: required(revision, "Up to which."),
    hash: optional(hash, "Of the device that it is taken to have."),
    basis: optional(words, "As with a patch."),
  }),
  patch: fields({ rev: required(revision, "That it leads to."), ...delta }),
  snapshot: fields({
    epoch: required(words, "Of the log."),
    rev: required(revision, "Of which this is all."),
    ...delta,
  }),
  /** Somebody asks why a tunnel does not work: it is to look at its end, and to say what it finds. */
  examine: fields({
    id: required(count, "Of the question."),
    peers: required(examinedNames, "Which tunnels."),
  }),
  /** The server stops; so many seconds from now it wants to hear of this agent again. */
  bye: fields({ seconds: required(number({ min: 0, max: 3600, isWhole: false }), "Until then.") }),
  /** Its credential holds no more: it has been taken out of the network. */
  revoked: fields({}),
} as const;

/** Why the server ends a stream, as its close frame's reason; of the code that is free for private use (RFC 6455, 7.4.2). */
export type LineEnd = "overflow" | "revoked" | "replaced" | "garbage" | "failed" | "stopped";
export const ENDED = 4000;

type MessageOf<F extends Readonly<Record<string, Shape<unknown>>>> = {
  readonly [K in keyof F]: { readonly kind: K } & shapes.Read<F[K]>;
}[keyof F];

export type AgentMessage = MessageOf<typeof agentForms>;
export type ServerMessage = MessageOf<typeof serverForms>;
export type PeerReport = Extract<AgentMessage, { kind: "report" }>["peers"][number];

/** Undefined for a kind that is newer than this server. */
export function readAgentMessage(written: string): AgentMessage | core.Problem | undefined {
  return readMessage(agentForms, written) as AgentMessage | core.Problem | undefined;
}

export function readServerMessage(written: string): ServerMessage | core.Problem {
  return (readMessage(serverForms, written) ?? strange()) as ServerMessage | core.Problem;
}

export function printMessage(
  message: AgentMessage | Exclude<ServerMessage, { set: unknown }>,
): string {
  return JSON.stringify(message);
}

/** The entries are texts already, and may be many: they are put in as they are. */
export function printDelta(
  head: {
    readonly kind: "patch" | "snapshot";
    readonly rev: number;
    readonly epoch?: string;
    readonly hash: string;
    readonly basis?: string;
    readonly isIntended?: true;
  },
  { set, delete: gone }: Delta,
): string {
  const entries = set.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(",");
  const deleted = gone.length === 0 ? "" : `,"delete":${JSON.stringify(gone)}`;
  return `${JSON.stringify(head).slice(0, -1)},"set":{${entries}}${deleted}}`;
}

/** The other way round: the texts over which the hash is, as they came. */
export function deltaOf({
  set,
  delete: gone = [],
}: Extract<ServerMessage, { set: unknown }>): Delta {
  return { set: set.map(([key, value]) => [key, JSON.stringify(value)] as const), delete: gone };
}

function readMessage(
  forms: Readonly<Record<string, Shape<object>>>,
  written: string,
): object | core.Problem | undefined {
  const value = core.parseJson(written);
  const isMessage = typeof value === "object" && value !== null && "kind" in value;
  if (!isMessage || typeof value.kind !== "string") return strange();
  const { kind } = value;
  const shape = Object.hasOwn(forms, kind) ? forms[kind] : undefined;
  if (shape === undefined) return undefined;
  const read = core.readSent(shape, value);
  return read instanceof core.Problem ? unreadable(read.message) : { kind, ...read };
}

function strange(): core.Problem {
  return unreadable(core.say`no message of a kind known here`);
}

function unreadable(why: core.Phrase): core.Problem {
  const fix = core.say`update Warren on the older of the two`;
  return new core.Problem(core.say`cannot read a message of the stream: ${why}`, fix);
}

function parseHash(written: string): string | core.Problem {
  if (HASH_FORM.test(written)) return written;
  return new core.Problem(
    core.say`cannot parse hash ${core.quote(written)}`,
    core.say`32 digits in hexadecimal are wanted`,
  );
}
