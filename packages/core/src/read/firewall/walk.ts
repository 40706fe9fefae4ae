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
  readonly comment?: string;
}

export type Verdict = "accept" | "drop" | "return" | "unknown" | Jump;

export interface Jump {
  readonly kind: "jump" | "goto";
  readonly chain: string;
}

/** Whether the field has one of the values; or just not. */
export interface Test {
  readonly field: Field;
  readonly values: readonly Value[];
  readonly isNot: boolean;
}

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

/** Undefined: perhaps. */
type Answer = boolean | undefined;

/** Of a packet that certainly does not pass: it falls when it may come out at the end. */
interface End {
  readonly falls: boolean;
  readonly drop?: Drop;
}

interface Walk {
  readonly table: Table;
  readonly packet: Packet;
  /** A chain does the same whoever jumps there; undefined where the packet may pass. */
  readonly ends: Map<string, End | undefined>;
}

/** Far more than any kernel's stack of jumps. */
const DEEPEST = 200;

/** Where a base chain drops a packet for certain. */
export function findDrop(table: Table, chain: string, packet: Packet): Drop | undefined {
  const end = walkChain({ table, packet, ends: new Map() }, chain, 0);
  if (end?.falls !== true) return end?.drop;
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

function walkChain(walk: Walk, name: string, depth: number): End | undefined {
  const rules = walk.table.chains.get(name)?.rules;
  if (walk.ends.has(name) || rules === undefined || depth > DEEPEST) return walk.ends.get(name);
  // A loop, which no kernel takes, comes upon this.
  walk.ends.set(name, undefined);
  let falls = false;
  let drop: { drop?: Drop } = {};
  for (const { position, tests, verdict } of rules) {
    const answer = every(tests.map((test) => hold(test, walk.packet)));
    if (answer === false) continue;
    const place = { chain: name, rule: position };
    const end = verdict === "drop" ? { falls: false, drop: place } : endOf(walk, verdict, depth);
    if (end === undefined) return undefined;
    if (end.drop !== undefined) drop = { drop: end.drop };
    const isLeft = verdict === "return" || (typeof verdict === "object" && verdict.kind === "goto");
    falls ||= isLeft && end.falls;
    if (answer === true && (isLeft || !end.falls)) return remember(walk, name, { falls, ...drop });
  }
  return remember(walk, name, { falls: true, ...drop });
}

function remember({ ends }: Walk, name: string, end: End): End {
  ends.set(name, end);
  return end;
}

function endOf(walk: Walk, verdict: Verdict, depth: number): End | undefined {
  if (verdict === "return") return { falls: true };
  return typeof verdict === "object" ? walkChain(walk, verdict.chain, depth + 1) : undefined;
}

function hold({ field, values, isNot }: Test, packet: Packet): Answer {
  const none = every(values.map((value) => opposite(compare(packet[field], value))));
  return isNot ? none : opposite(none);
}

function every(answers: readonly Answer[]): Answer {
  if (answers.includes(false)) return false;
  return answers.includes(undefined) ? undefined : true;
}

function opposite(answer: Answer): Answer {
  return answer === undefined ? undefined : !answer;
}

function compare(known: Known, value: Value): Answer {
  if (known === undefined || value === undefined) return undefined;
  if (value === "*") return true;
  if (typeof known === "object") {
    return typeof value === "string" && known.not.includes(value) ? false : undefined;
  }
  if (typeof value === "string" && typeof known === "string") {
    return value.endsWith("*") ? known.startsWith(value.slice(0, -1)) : known === value;
  }
  if (typeof value === "string" || typeof known === "string") return undefined;
  return value[0] <= known && known <= value[1];
}
