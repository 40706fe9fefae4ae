/**
 * What firewalls of every kind come to: tables of chains of rules. And a packet's way through a chain,
 * as the kernel goes it, where not all is known of the packet: nobody is accused on suspicion.
 */

export interface Table {
  readonly program: "nft" | "iptables" | "ip6tables";
  /** In nft's words: ip, ip6 or inet. */
  readonly family: string;
  readonly name: string;
  readonly chains: ReadonlyMap<string, Chain>;
}

export interface Chain {
  /** Of a chain that packets meet without being sent there. */
  readonly policy?: Policy;
  /** How many rules it has; those that decide nothing are not among `rules`. */
  readonly count: number;
  readonly rules: readonly Rule[];
}

/** A chain while it is read. */
export interface Draft extends Chain {
  count: number;
  readonly rules: Rule[];
}

export interface Policy {
  readonly hook: string;
  readonly isDropping: boolean;
}

export interface Rule {
  /** In its chain, from 1. */
  readonly position: number;
  /** All must hold. */
  readonly tests: readonly Test[];
  readonly verdict: Verdict;
}

export type Verdict = "accept" | "drop" | "return" | "unknown" | Jump;

export interface Jump {
  readonly kind: "jump" | "goto";
  readonly chain: string;
}

/** Whether one of the values, or all tests of one alternative, hold; or just not. */
export type Test =
  | { readonly field: Field; readonly values: readonly Value[]; readonly isNot: boolean }
  | { readonly either: readonly (readonly Test[])[]; readonly isNot: boolean };

/** `other` is whatever nobody can know beforehand: a source address, a mark, a rate. */
export type Field =
  | "incoming"
  | "outgoing"
  | "family"
  | "protocol"
  | "port"
  | "icmp"
  | "state"
  | "translation"
  | "target"
  | "other";

/** A word, of an interface also its beginning (`wg*`); a range of numbers; undefined what is not understood. */
export type Value = string | readonly [number, number] | undefined;

/** What is known of a packet, or just what it is not. */
export type Packet = Readonly<Record<Field, Known>>;
export type Known = string | number | { readonly not: readonly string[] } | undefined;

/** The rule that drops; without one, it is the policy of a chain. */
export interface Drop {
  readonly chain: string;
  readonly rule?: number;
}

type Answer = "yes" | "no" | "perhaps";

/** What may become of a packet in a chain; it falls when it comes out at the end. */
interface End {
  readonly passes: boolean;
  readonly falls: boolean;
  readonly drop?: Drop;
}

interface Walk {
  readonly table: Table;
  readonly packet: Packet;
  /** A chain does the same whoever jumps there. */
  readonly ends: Map<string, End>;
}

/** Far more than any kernel's stack of jumps. */
const DEEPEST = 200;

/** Where a base chain drops a packet for certain. */
export function findDrop(table: Table, chain: string, packet: Packet): Drop | undefined {
  const end = walkChain({ table, packet, ends: new Map() }, chain, 0);
  if (end.passes) return undefined;
  if (!end.falls) return end.drop;
  return table.chains.get(chain)?.policy?.isDropping === true ? { chain } : undefined;
}

/** A rule as it was printed may be several here, which have its position. */
export function addRules(chain: Draft, rules: readonly Omit<Rule, "position">[]): void {
  chain.count += 1;
  chain.rules.push(...rules.map((rule) => ({ ...rule, position: chain.count })));
}

export function unknownTest(): Test {
  return { field: "other", values: [undefined], isNot: false };
}

function walkChain(walk: Walk, name: string, depth: number): End {
  const known = walk.ends.get(name);
  if (known !== undefined) return known;
  const rules = walk.table.chains.get(name)?.rules;
  if (rules === undefined || depth > DEEPEST) return endOfDoubt();
  // A loop, which no kernel takes, comes upon this.
  walk.ends.set(name, endOfDoubt());
  const end = walkRules(walk, { name, rules, depth });
  walk.ends.set(name, end);
  return end;
}

function walkRules(
  walk: Walk,
  { name, rules, depth }: { name: string; rules: readonly Rule[]; depth: number },
): End {
  let falls = false;
  let drop: { drop?: Drop } = {};
  for (const { position, tests, verdict } of rules) {
    const answer = holdAll(tests, walk.packet);
    if (answer === "no") continue;
    const end = endOf(walk, verdict, { drop: { chain: name, rule: position }, depth });
    if (end.passes) return end;
    if (end.drop !== undefined) drop = { drop: end.drop };
    const isLeft = verdict === "return" || (typeof verdict === "object" && verdict.kind === "goto");
    if (isLeft && end.falls) falls = true;
    if (answer === "yes" && (isLeft || !end.falls)) return { passes: false, falls, ...drop };
  }
  return { passes: false, falls: true, ...drop };
}

function endOf(walk: Walk, verdict: Verdict, here: { drop: Drop; depth: number }): End {
  if (verdict === "drop") return { passes: false, falls: false, drop: here.drop };
  if (verdict === "return") return { passes: false, falls: true };
  if (typeof verdict === "object") return walkChain(walk, verdict.chain, here.depth + 1);
  return endOfDoubt();
}

function endOfDoubt(): End {
  return { passes: true, falls: true };
}

function holdAll(tests: readonly Test[], packet: Packet): Answer {
  return every(tests.map((test) => hold(test, packet)));
}

function hold(test: Test, packet: Packet): Answer {
  const answers =
    "either" in test
      ? test.either.map((tests) => holdAll(tests, packet))
      : test.values.map((value) => compare(packet[test.field], value));
  const none = every(answers.map(opposite));
  return test.isNot ? none : opposite(none);
}

function every(answers: readonly Answer[]): Answer {
  if (answers.includes("no")) return "no";
  return answers.includes("perhaps") ? "perhaps" : "yes";
}

function opposite(answer: Answer): Answer {
  if (answer === "perhaps") return answer;
  return answer === "yes" ? "no" : "yes";
}

function compare(known: Known, value: Value): Answer {
  if (known === undefined || value === undefined) return "perhaps";
  if (value === "*") return "yes";
  if (typeof known === "object") {
    return typeof value === "string" && known.not.includes(value) ? "no" : "perhaps";
  }
  if (typeof value === "string" && typeof known === "string") {
    const isEqual = value.endsWith("*") ? known.startsWith(value.slice(0, -1)) : known === value;
    return isEqual ? "yes" : "no";
  }
  if (typeof value === "string" || typeof known === "string") return "perhaps";
  return value[0] <= known && known <= value[1] ? "yes" : "no";
}
