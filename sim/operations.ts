/** What can happen to a control plane and its hosts, drawn by chance: commands of people, and faults of everything else. */
import fc from "fast-check";
import { driftKinds } from "./drift.ts";

/** Who has an endpoint in the document; the others are dialled where the server sees them. */
export const DIALLED: readonly string[] = ["a", "b", "c"];
const SEEN = ["d", "e"] as const;
export const NAMES = [...DIALLED, ...SEEN] as const;
/** Something translates their addresses: only those come through to them to whom they speak. */
export const MAPPED: readonly string[] = ["e", "h"];
/** Some worlds have these, too: so many that what a store lacks may be most of them. */
export const MORE: readonly string[] = ["f", "g", "h", "i", "j", "k", "l"];

export const POLICIES = [
  undefined,
  [],
  [{ from: ["a"], to: ["b"], ports: ["22/tcp"] }],
  [
    { from: ["a", "b"], to: ["b", "c", "d"] },
    { from: ["d"], to: ["192.168.1.0/24"] },
  ],
] as const;
export const LINKS = [
  undefined,
  [{ between: ["a", "b"], path: "deny" }],
  [{ between: ["c", "d"], costPerGiB: 2 }],
] as const;

/** A hundred seconds of quiet are a long time for whoever waits for a test: each world is short instead. */
const MOST_OPERATIONS = 30;

const name = fc.constantFrom(...NAMES);
const jump = fc.integer({ min: -3_600_000, max: 3_600_000 });

const commands = fc.oneof(
  operation("join", { name, by: fc.constantFrom("open", "token") }),
  operation("approve", { name }),
  operation("subnet", { name, last: fc.nat(3) }),
  operation("relay", { name, isRelay: fc.boolean() }),
  operation("remove", { name }),
  operation("settings", {
    listenPort: fc.constantFrom(51_820, 51_999),
    mtu: fc.constantFrom(1380, 1420),
  }),
  operation("policy", { at: fc.nat(POLICIES.length - 1) }),
  operation("links", { at: fc.nat(LINKS.length - 1) }),
  operation("rotate", { name, other: name }),
  operation("uplink", { name, isSwallowed: fc.boolean() }),
);

const ofHosts = fc.oneof(
  operation("start agent", { name }),
  operation("kill agent", { name }),
  operation("kill agent at work", { name, steps: fc.nat(6) }),
  operation("boot", { name }),
  operation("old disk", { name }),
  operation("kernel", { name, isRefusing: fc.boolean(), isUnreadable: fc.boolean() }),
  operation("host disk", { name, isFull: fc.boolean() }),
  operation("host clock", { name, jumpMs: jump }),
  operation("drift", { name, what: fc.constantFrom(...driftKinds), at: fc.nat(4) }),
);

const ofLines = fc.oneof(
  operation("break", { name, agentMs: fc.nat(45_000), serverMs: fc.nat(60_000) }),
  operation("partition", { name, isCutOff: fc.boolean() }),
  operation("lonely", { name, isLonely: fc.boolean() }),
  operation("stall", { name, spanMs: fc.nat(60_000) }),
  operation("move", { name: fc.constantFrom(...SEEN), last: fc.nat(255) }),
);

const ofServer = fc.oneof(
  operation("kill server", { afterMs: fc.nat(100), awayMs: fc.nat(20_000) }),
  operation("stop server", { awayMs: fc.nat(5000) }),
  operation("disk", { isFull: fc.boolean() }),
  operation("clock", { jumpMs: jump }),
  operation("backup", {}),
  operation("restore", { isPutBack: fc.boolean() }),
  operation("confirm", {}),
);

/** What TCP does not do to anybody. */
const spoiling = operation("spoil", {
  name,
  direction: fc.constantFrom("agent", "server"),
  how: fc.constantFrom("lost", "doubled"),
});

const pass = operation("pass", { spanMs: fc.nat(3000) });
/** So long that everybody has heard everybody; then the way to everything is gone, so long that all are back. */
const rest = operation("rest", {
  spanMs: fc.integer({ min: 50_000, max: 90_000 }),
  name: fc.option(name, { nil: undefined, freq: 2 }),
  isLasting: fc.boolean(),
});

const usual = [
  { weight: 5, arbitrary: commands },
  { weight: 3, arbitrary: ofHosts },
  { weight: 3, arbitrary: ofLines },
  { weight: 2, arbitrary: ofServer },
  { weight: 2, arbitrary: pass },
  { weight: 1, arbitrary: rest },
] as const;

/** `seed` decides how long everything takes. */
export interface WorldDraft {
  readonly seed: number;
  /** How many hosts more than usual. */
  readonly more?: number;
  readonly operations: readonly Operation[];
}
export type Operation = Drawn<(typeof usual)[number]["arbitrary"]> | Drawn<typeof spoiling>;
type Drawn<A> = A extends fc.Arbitrary<infer T> ? T : never;

export const worlds: fc.Arbitrary<WorldDraft> = fc.record({
  seed: fc.nat(),
  more: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 2, max: MORE.length }) },
  ),
  operations: fc.oneof<fc.Arbitrary<readonly Operation[]>[]>(
    fc.array(fc.oneof(...usual), { maxLength: MOST_OPERATIONS, size: "max" }),
    fc.array(fc.oneof(...usual, { weight: 2, arbitrary: spoiling }), {
      maxLength: MOST_OPERATIONS,
      size: "max",
    }),
  ),
});

function operation<K extends string, T extends object>(
  kind: K,
  fields: { readonly [F in keyof T]: fc.Arbitrary<T[F]> },
): fc.Arbitrary<{ readonly kind: K } & T> {
  return fc.record({ kind: fc.constant(kind), ...fields }) as unknown as fc.Arbitrary<
    { readonly kind: K } & T
  >;
}
